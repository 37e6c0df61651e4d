"""The numbers of a model, each with its protocol."""
