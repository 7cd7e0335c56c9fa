"""A seeded simulation of many workers that share one SES account without talking to each other."""
