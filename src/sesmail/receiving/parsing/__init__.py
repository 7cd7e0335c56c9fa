"""Parsing of SES events into event objects."""
