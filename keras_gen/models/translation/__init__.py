"""Models that map the images of one domain to another."""
