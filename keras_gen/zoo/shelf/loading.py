"""Pretrained models, and saved ones."""

from pathlib import Path

import keras

from keras_gen.files import sha256_of
from keras_gen.zoo.shelf.catalog import names
from keras_gen.zoo.shelf.entry import Entry


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


def open_model(name_or_path) -> keras.Model:
    """Loads a model of the zoo by its name, or a saved model from a file or run folder.

    Raises:
        ValueError: If there is no such entry or file, or the file cannot be read.
    """
    path = _saved_model(name_or_path)
    if path is None:
        return load(str(name_or_path))
    import keras_gen.models  # noqa: F401  (makes the classes known to Keras)

    try:
        return keras.saving.load_model(path)
    except (ValueError, KeyError, OSError, TypeError) as error:
        raise ValueError(f"{str(path)!r} cannot be loaded: {error}") from error


def weights_sha256(name_or_path) -> str:
    """The sha256 of the weights or of the saved model that `open_model()` opens.

    Raises:
        ValueError: If there is no such entry or file.
    """
    path = _saved_model(name_or_path)
    return Entry(str(name_or_path)).weights_sha256 if path is None else sha256_of(path)


def _saved_model(name_or_path):
    """The path of a saved model, or None for the name of an entry."""
    path = Path(name_or_path)
    if str(name_or_path) in names() or not (path.suffix == ".keras" or path.exists()):
        return None
    if path.is_dir():
        path = path / "model.keras"
    if not path.is_file():
        raise ValueError(f"There is no saved model {str(path)!r}.")
    return path
