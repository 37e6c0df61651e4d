"""Models that make images larger and sharper."""
