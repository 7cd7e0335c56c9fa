"""Receiving: verification of webhook requests, parsing of events, stored mail."""
