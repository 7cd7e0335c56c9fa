"""Verifies webhook requests: secret, signature, topic, age."""
