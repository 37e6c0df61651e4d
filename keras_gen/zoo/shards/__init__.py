"""Samples in any number: drawn by several processes into a folder of shards."""
