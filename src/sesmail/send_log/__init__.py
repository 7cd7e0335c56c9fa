"""Send logs: a record of each send, stored before it leaves."""
