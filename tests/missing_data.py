"""Tests on data sets that this machine may not have."""

import inspect
import os
from pathlib import Path

import pytest

from keras_gen.datasets.melodies import holds_melodies
from keras_gen.datasets.sources import find_folder, find_set


def skip_without_data(recipe, split="train"):
    """Skips a test if a split of the data of a recipe is not on this machine."""
    source = inspect.signature(recipe.data).parameters["source"].default
    comes_with_entry = split == "test" and (
        hasattr(recipe, "folder") or hasattr(recipe, "photographs")
    )
    # Sprites are drawn.
    is_here = source == "sprites" or find_set(source)
    is_here = is_here or find_folder(source, holds_melodies)
    if not is_here and not comes_with_entry:
        pytest.skip(f"needs {source} in TFDS_DATA_DIR, which is not in the package")


def set_or_skip(name):
    """Skips a test if a set of TFDS is not on this machine."""
    if find_set(name) is None:
        pytest.skip(f"needs {name} in TFDS_DATA_DIR, which is not in the package")


def nottingham_or_skip():
    """The folder of the Nottingham tunes; skips a test that has none."""
    beside = Path(os.environ.get("TFDS_DATA_DIR", ".")).parent / "raw" / "nottingham"
    folder = beside if holds_melodies(beside) else None
    folder = folder or find_folder("nottingham", holds_melodies)
    if folder is None:
        pytest.skip(
            "needs nottingham/melodies.npz in TFDS_DATA_DIR or in raw beside it"
        )
    return folder
