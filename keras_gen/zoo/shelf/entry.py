"""An entry of the zoo, whose files are read once."""

import ast
import functools

from keras_gen.files import read_json, sha256_of
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
        path = self.folder / "metrics.json"
        return read_json(path) if path.exists() else {}

    @functools.cached_property
    def recipe(self):
        """The recipe as a module."""
        return run_recipe(self.folder / "recipe.py", self.name)

    @functools.cached_property
    def description(self):
        """The docstring of the recipe, read without running the recipe."""
        source = (self.folder / "recipe.py").read_text(encoding="utf-8")
        return ast.get_docstring(ast.parse(source)) or ""

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
