"""Pretrained models, and saved ones."""

import keras

from keras_gen.zoo.shelf.entry import Entry
from keras_gen.zoo.shelf.sources import saved_model_of


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
    path = saved_model_of(name_or_path)
    if path is None:
        return load(str(name_or_path))
    import keras_gen.models  # noqa: F401  (makes the classes known to Keras)

    try:
        return keras.saving.load_model(path)
    except (ValueError, KeyError, OSError, TypeError) as error:
        raise ValueError(f"{str(path)!r} cannot be loaded: {error}") from error
