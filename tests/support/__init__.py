"""Test servers on loopback, test data and checks that several test modules share."""
