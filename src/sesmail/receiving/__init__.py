"""The receiving wing: a body from outside becomes typed events, proven to be ours."""
