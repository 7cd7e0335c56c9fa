"""Verification of webhook requests: secret, topic, age, signature."""
