"""Entries and runs, their recipes and their weights."""
