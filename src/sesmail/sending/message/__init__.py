"""Message models: typed, validated, frozen."""
