"""Parses received mail: MIME, headers, character sets, attachments."""
