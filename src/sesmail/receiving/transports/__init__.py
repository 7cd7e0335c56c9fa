"""Decoding of bodies and unwrapping of events from SNS, SQS, Lambda, EventBridge and Firehose."""
