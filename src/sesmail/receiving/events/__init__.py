"""Event classes, frozen and comparable."""
