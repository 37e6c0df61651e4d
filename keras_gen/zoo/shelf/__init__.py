"""The entries of the zoo, their recipes and their weights."""
