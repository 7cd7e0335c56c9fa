"""Simulation of workers that share the sending rate of an SES account without coordination."""
