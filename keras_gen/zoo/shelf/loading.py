"""Pretrained models, runs and saved models, by a name or a path."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from keras_gen.zoo.shelf.catalog import names
from keras_gen.zoo.shelf.entry import Entry
from keras_gen.zoo.shelf.run import Run, SavedModel

if TYPE_CHECKING:
    import keras


def load(name) -> keras.Model:
    """Loads a pretrained model of the zoo.

    Args:
        name: String, one of `keras_gen.zoo.names()`.

    Returns:
        The model, not compiled, with the weights of the entry.

    Raises:
        ValueError: If there is no such entry, or its weights are missing, changed,
            truncated or of another model.

    Example:
    >>> from keras_gen import zoo
    >>> zoo.load("vae_mnist").sample(4, seed=0).shape
    (4, 28, 28, 1)
    """
    return Entry(name).load()


def find(name_or_path) -> Entry | Run | SavedModel:
    """The entry, run or saved model of a name or a path, without TensorFlow.

    Args:
        name_or_path: String, one of `keras_gen.zoo.names()`, or string or path of the
            folder of a run or of a `.keras` file.

    Returns:
        `Entry`, `Run` or `SavedModel`. All have `name`, `folder`, `description`,
        `report`, `recipe`, `weights_sha256` and `load()`.

    Raises:
        ValueError: If there is no such entry or file, the folder is no run, or the file
            is an HDF5 file.
    """
    name, path = str(name_or_path), Path(name_or_path)
    if path.suffix.lower() in (".h5", ".hdf5"):
        raise ValueError(
            f"{name!r} is an HDF5 file, which is not opened: name a zoo entry, the "
            "folder of a run or a .keras file. `model.load_weights()` of Keras reads "
            "weights into a model."
        )
    if name in names() or not (path.suffix == ".keras" or path.exists()):
        return Entry(name)
    if (path / "run.json").exists():
        return Run(path)
    if not path.is_dir():
        return SavedModel(path)
    if not (path / "model.keras").exists():
        raise ValueError(
            f"The folder {name!r} is no run: it holds neither run.json nor model.keras."
        )
    return SavedModel(path / "model.keras")


def open_model(name_or_path) -> keras.Model:
    """The model that a name or a path stands for; see `find()`.

    Opening the folder of a run executes the recipe that it holds.

    Raises:
        ValueError: If there is no such entry or file, or the file cannot be read.
    """
    return find(name_or_path).load()


def label_of(name_or_path) -> str:
    """A name for files: that of an entry, or the last part of a path."""
    return os.path.basename(os.path.abspath(name_or_path)).removesuffix(".keras")


def weights_sha256(name_or_path) -> str:
    """The sha256 of the weights or of the saved model that `open_model()` opens.

    Raises:
        ValueError: If there is no such entry or file.
    """
    return find(name_or_path).weights_sha256
