"""Attachments by reference, which are read from Amazon S3 before their message is sent."""
