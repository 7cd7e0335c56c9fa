"""Sending: compiles typed messages into SES API calls and reads the responses as typed results."""
