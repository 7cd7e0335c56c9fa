"""Rate limiting in recipients per second."""
