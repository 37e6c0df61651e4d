"""What names and paths of models stand for. Needs no TensorFlow."""

from pathlib import Path

from keras_gen.files import sha256_of
from keras_gen.zoo.shelf.catalog import names
from keras_gen.zoo.shelf.entry import Entry


def weights_sha256(name_or_path) -> str:
    """The sha256 of the weights or of the saved model that a name or path stands for.

    Raises:
        ValueError: If there is no such entry or file.
    """
    path = saved_model_of(name_or_path)
    return Entry(str(name_or_path)).weights_sha256 if path is None else sha256_of(path)


def saved_model_of(name_or_path) -> Path | None:
    """The path of a saved model, or None for the name of an entry.

    Raises:
        ValueError: If a path is given and there is no such file.
    """
    path = Path(name_or_path)
    if str(name_or_path) in names() or not (path.suffix == ".keras" or path.exists()):
        return None
    if path.is_dir():
        path = path / "model.keras"
    if not path.is_file():
        raise ValueError(f"There is no saved model {str(path)!r}.")
    return path
