"""What a training has left: the folder of a run, and a saved model."""

import functools
import os
import textwrap
from pathlib import Path

from keras_gen.files import read_json, sha256_of
from keras_gen.zoo.shelf.entry import description_of, report_in
from keras_gen.zoo.shelf.recipes import defined_in, rebuilt, run_recipe, set_data
from keras_gen.zoo.shelf.run_folder import RunFolder


class SavedModel:
    """A model in a `.keras` file, without the recipe that made it.

    Args:
        path: Path of the file.

    Raises:
        ValueError: If there is no such file.
    """

    description = ""

    def __init__(self, path):
        self.name = os.path.normpath(path)
        self.path = Path(path)
        self.folder = self.path.parent
        if not self.path.is_file():
            raise ValueError(f"There is no saved model {self.name!r}.")

    @property
    def recipe(self):
        """Raises a ValueError: a saved model knows no data."""
        raise ValueError(
            f"{self.name!r} is a saved model, which does not know its data: name a zoo "
            "entry or the folder of a run."
        )

    @property
    def report(self):
        """What is known of the model, a dict."""
        return {"weights_sha256": self.weights_sha256}

    @property
    def weights_sha256(self):
        """The sha256 of the file."""
        return sha256_of(self.path)

    def load(self, custom_objects=None):
        """The model as it was saved.

        Args:
            custom_objects: Optional dict of classes and functions by their names, which
                Keras would not find by itself.

        Raises:
            ValueError: If the file cannot be read.
        """
        import keras

        import keras_gen.models  # noqa: F401  (makes the classes known to Keras)

        try:
            return keras.saving.load_model(self.path, custom_objects)
        except Exception as error:
            # Keras raises many kinds of errors at damaged files.
            text = textwrap.shorten(str(error), 500)
            raise ValueError(f"{self.name!r} cannot be loaded: {text}") from error


class Run:
    """The folder of a run, with what an `Entry` has.

    Its recipe is run when the model or the data are needed. Its sha256 must be the one
    in `run.json`, so the recipe must not have changed since the run was started.

    Args:
        path: Path of the folder, in which there is a `run.json`.

    Raises:
        OSError: If `run.json` is no regular file.
        ValueError: If it is not what a training writes.
    """

    def __init__(self, path):
        self.name = os.path.normpath(path)
        self.folder = Path(path)
        self._files = RunFolder(path)
        self._saved = SavedModel(self._files.model)
        self._arguments = read_json(self._files.arguments)

    @functools.cached_property
    def report(self):
        """The contents of `metrics.json`, a dict; empty until the run is complete."""
        return report_in(self._files.report)

    @functools.cached_property
    def recipe(self):
        """The recipe as a module, with the data of the run.

        Raises:
            ValueError: If the run has no recipe, or the recipe was changed.
        """
        path = self._files.recipe
        if not path.exists():
            raise ValueError(f"The run {self.name!r} holds no recipe.py.")
        expected, found = self._arguments.get("recipe_sha256"), sha256_of(path)
        if found != expected:
            raise ValueError(
                f"The recipe {str(path)!r} is not the one of the run: expected sha256 "
                f"{expected}, found {found}. Opening a run executes its recipe, so it "
                "must be unchanged."
            )
        recipe = run_recipe(path, self._arguments.get("recipe"))
        set_data(recipe, self._arguments.get("data"))
        return recipe

    @property
    def description(self):
        """The docstring of the recipe, read without running the recipe."""
        path = self._files.recipe
        return description_of(path) if path.exists() else ""

    @property
    def weights_sha256(self):
        """The sha256 of the saved model."""
        return self._saved.weights_sha256

    def load(self):
        """The newest model of the run, in the dtype of an entry.

        Raises:
            ValueError: If the model cannot be read or the recipe was changed.
        """
        if not self._files.recipe.exists():
            return self._saved.load()
        recipe = self.recipe
        model = self._saved.load(defined_in(recipe))
        return rebuilt(recipe, model) if hasattr(recipe, "training_dtype") else model
