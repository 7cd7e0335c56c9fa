"""Compiles messages into SES API calls, v1 and v2."""
