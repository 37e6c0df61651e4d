"""An entry of the zoo, whose files are read once."""

import ast
import functools
import reprlib

from keras_gen.files import read_bytes, read_json, sha256_of
from keras_gen.zoo.shelf.catalog import folder_of
from keras_gen.zoo.shelf.recipes import run_recipe


class Entry:
    """An entry of the zoo: a folder with a recipe, weights and results.

    Each file is read when it is first needed, and only once; so the recipe runs at most
    once. Only the recipe imports TensorFlow.

    Args:
        name: String, one of `keras_gen.zoo.names()`.

    Raises:
        ValueError: If there is no such entry; similar names are listed.
    """

    def __init__(self, name):
        self.name = name
        self.folder = folder_of(name)

    @functools.cached_property
    def report(self):
        """The contents of `metrics.json`, a dict; empty if the entry has none yet."""
        return report_in(self.folder / "metrics.json")

    @functools.cached_property
    def recipe(self):
        """The recipe as a module."""
        return run_recipe(self.folder / "recipe.py", self.name)

    @functools.cached_property
    def description(self):
        """The docstring of the recipe, read without running the recipe."""
        return description_of(self.folder / "recipe.py")

    @property
    def weights(self):
        """The path of the weights."""
        return self.folder / "model.weights.h5"

    @property
    def weights_sha256(self):
        """The sha256 that the weights must have; None if the entry has none yet."""
        return self.report.get("weights_sha256")

    def load(self):
        """The model, not compiled, with the weights of the entry.

        Raises:
            ValueError: If the weights are missing, changed, truncated or of another
                model.
        """
        if self.weights_sha256 is None or not self.weights.exists():
            raise ValueError(
                f"The zoo entry {self.name!r} has no trained weights yet: train it "
                f"with `keras-gen train {self.name}`."
            )
        found = sha256_of(self.weights)
        if found != self.weights_sha256:
            raise ValueError(
                f"The weights in {str(self.weights)!r} are not those of this entry: "
                f"expected sha256 {self.weights_sha256}, found {found}. Restore the "
                "file."
            )
        model = self.recipe.model()
        try:
            model.load_weights(self.weights)
        except (ValueError, KeyError, OSError) as error:
            raise ValueError(
                f"The weights in {str(self.weights)!r} do not fit {model.name}: {error}"
            ) from error
        return model


def description_of(path) -> str:
    """The docstring of a recipe, read without running the recipe."""
    return ast.get_docstring(ast.parse(read_bytes(path))) or ""


def report_in(path) -> dict:
    """The contents of `metrics.json`, a dict; empty if there is no such file.

    Raises:
        OSError: If the path is no regular file.
        ValueError: If the file is no report.
    """
    if not path.exists():
        return {}
    report = read_json(path)
    for key in ("results", "quick", "training"):
        if not isinstance(report.get(key, {}), dict):
            raise ValueError(
                f"`{key}` in {str(path)!r} must be an object. Received: "
                f"{reprlib.repr(report[key])}"
            )
    return report


def info(name) -> dict:
    """The facts of an entry.

    Args:
        name: String, one of `names()`.

    Returns:
        Dict with `name`, `description` (the recipe's docstring), `folder`, and all of
        `metrics.json`: model, parameters, training, results with their protocols and
        the sha256 of the weights.

    Raises:
        ValueError: If there is no such entry.
    """
    entry = Entry(name)
    return {
        "name": name,
        "description": entry.description,
        "folder": str(entry.folder),
        **entry.report,
    }
