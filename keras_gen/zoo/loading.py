"""Pretrained models, from weights whose sha256 is known."""

import hashlib
from pathlib import Path

import keras

from keras_gen.zoo.catalog import folder_of, metrics_of, names
from keras_gen.zoo.recipes import load_recipe


def load(name):
    """A pretrained model of the zoo.

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
    folder = folder_of(name)
    expected = metrics_of(name).get("weights_sha256")
    path = folder / "model.weights.h5"
    if expected is None or not path.exists():
        raise ValueError(
            f"The zoo entry {name!r} has no trained weights yet: train it with "
            f"`keras-gen train {name}`."
        )
    model = load_recipe(name).model()
    load_weights(model, path, expected)
    return model


def load_weights(model, path, expected_sha256):
    """Loads weights into a model, once their checksum has been found right.

    Raises:
        ValueError: If the checksum differs or the weights do not fit the model.
    """
    found = sha256_of(path)
    if found != expected_sha256:
        raise ValueError(
            f"The weights in {str(path)!r} are not those of this entry: expected "
            f"sha256 {expected_sha256}, found {found}. Restore the file."
        )
    try:
        model.load_weights(path)
    except (ValueError, KeyError, OSError) as error:
        raise ValueError(
            f"The weights in {str(path)!r} do not fit {model.name}: {error}"
        ) from error


def open_model(name_or_path):
    """A model of the zoo by its name, else a saved one by its path or its run folder.

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


def weights_sha256(name_or_path):
    """What `open_model()` opens, by the sha256 of the weights or of the saved model.

    Raises:
        ValueError: If there is no such entry or file.
    """
    path = _saved_model(name_or_path)
    if path is None:
        return metrics_of(str(name_or_path)).get("weights_sha256")
    return sha256_of(path)


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


def sha256_of(path):
    """The sha256 of a file, as a string of 64 hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
