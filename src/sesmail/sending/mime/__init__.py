"""Writes messages as 7-bit MIME."""
