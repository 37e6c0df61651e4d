"""Models that draw an image site by site."""
