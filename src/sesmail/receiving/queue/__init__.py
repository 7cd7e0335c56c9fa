"""Events from a queue of Amazon SQS: polling, leases, heartbeats, deletion, redelivery."""
