"""Encoding of requests and responses by the service models of botocore."""
