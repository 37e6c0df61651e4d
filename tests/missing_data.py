"""Tests on data sets that this machine may not have."""

import inspect

import pytest

from keras_gen.datasets.sources import find_set


def skip_without_data(recipe):
    """Skips a test if the data of a recipe are not on this machine."""
    source = inspect.signature(recipe.data).parameters["source"].default
    if find_set(source) is None:
        pytest.skip(f"needs {source} in TFDS_DATA_DIR, which is not in the package")
