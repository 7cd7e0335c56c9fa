"""Stored mail: fetched from S3 and decrypted, or enclosed in the notification."""
