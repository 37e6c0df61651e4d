"""Training by a recipe, into the folder of a run."""
