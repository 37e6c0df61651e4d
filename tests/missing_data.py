"""Tests on data sets that this machine may not have."""

import inspect

import pytest

from keras_gen.datasets.sources import find_set


def skip_without_data(recipe, split="train"):
    """Skips a test if a split of the data of a recipe is not on this machine."""
    source = inspect.signature(recipe.data).parameters["source"].default
    comes_with_entry = split == "test" and hasattr(recipe, "folder")
    if find_set(source) is None and not comes_with_entry:
        pytest.skip(f"needs {source} in TFDS_DATA_DIR, which is not in the package")
