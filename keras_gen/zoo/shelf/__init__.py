"""What stands in the zoo: entries, their recipes and their weights."""
