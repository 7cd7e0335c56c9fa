"""Servers on loopback that the tests send to."""
