"""Decodes request bodies and unwraps what SNS, SQS, Lambda, EventBridge and Firehose put around events."""
