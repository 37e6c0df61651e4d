"""Models that classify examples of another domain than they have labels of."""
