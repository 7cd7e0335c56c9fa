"""Parses SES events into event objects."""
