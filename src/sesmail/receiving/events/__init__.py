"""Event classes: frozen, comparable, and serialised as JSON."""
