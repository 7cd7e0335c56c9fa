"""Runs API calls: rate limit, send log, retries, listener, responses."""
