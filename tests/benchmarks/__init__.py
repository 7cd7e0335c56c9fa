"""What sesmail does, measured side by side with what its users would pick instead: `nox -s bench`."""
