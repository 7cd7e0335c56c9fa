"""Fetches stored mail from S3 and decrypts it."""
