"""Reads received mail: MIME, headers, charsets, attachments."""
