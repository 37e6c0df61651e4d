"""The data of a training: what it learns from, and what it is measured on."""

import numpy as np

from keras_gen.datasets import MissingSplitError
from keras_gen.zoo.shelf.recipes import first_examples

#: What the trained model can be measured on.
MEASURED = ("validation", "test", "no")


class TrainingData:
    """The splits of a recipe's data, loaded before anything is written.

    Args:
        recipe: A recipe, from `load_recipe()`.
        source: What `set_data()` has set: None for the recipe's own data.
        seed: Integer in [0, 2**31).
        download: Boolean, whether TFDS may download missing data.
        measured: String, one of `MEASURED`.

    Attributes:
        steps: Integer, the steps of an epoch.
        batch_size: Integer.
        validation: String, the split whose loss is reported after each epoch; None if
            the data have none.
        measured: String, the split on which the trained model is measured, which is
            "train" if there are no validation data; None for no measure.
    """

    def __init__(self, recipe, source, seed, download, measured):
        if measured not in MEASURED:
            raise ValueError(
                f"`measure` must be one of {', '.join(MEASURED)}. Received: "
                f"{measured!r}"
            )
        self._recipe, self._seed = recipe, seed
        self._options = {"download": True} if download else {}
        self.batches = recipe.data("train", seed=seed, **self._options)
        self.steps = int(self.batches.cardinality())
        self.validation = self._validation(source)
        held_out = self.validation or "train"
        self.measured = {"validation": held_out, "test": "test", "no": None}[measured]
        if measured == "test":
            # Needed at the end, where its absence would be found too late.
            recipe.data("test", **self._options)
        self._shown = None
        first = next(iter(self.batches))
        images = first[0] if isinstance(first, tuple) else first
        self.batch_size = len(images)
        self._first_means = [round(float(np.mean(image)), 3) for image in images[:4]]

    def _validation(self, source):
        """The split for validation, or None. Other data need not have one."""
        own = getattr(self._recipe, "validation", None)
        if source is None:
            return own
        try:
            split = own or "validation"
            self._recipe.data(split, training=False, **self._options)
        except MissingSplitError:
            return None
        return split

    def shown(self, num):
        """Examples for pictures, which are not from the test split.

        Args:
            num: Integer of at most 100.

        Returns:
            A list of arrays: `x` and what it is paired with.
        """
        if self._shown is None:
            split = self.validation or "train"
            data = self._recipe.data(split, training=False, **self._options)
            self._shown = first_examples(data, 100)
        return [part[:num] for part in self._shown]

    def facts(self):
        """Facts by which a resumed run finds that its data have changed, a dict."""
        return {
            "steps_per_epoch": self.steps,
            "batch_size": self.batch_size,
            "first_images": self._first_means,
        }

    def of_fit(self, start):
        """Arguments of `fit()`, for a training that begins at an epoch and a step."""
        # One stream over all epochs, which never waits for an epoch to begin.
        options = {"start": start, "repeat": True, **self._options}
        arguments = {
            "x": self._recipe.data("train", seed=self._seed, **options),
            "steps_per_epoch": self.steps,
            "initial_epoch": start[0],
        }
        if self.validation is not None:
            arguments["validation_data"] = self._recipe.data(
                self.validation, training=False, **self._options
            )
        return arguments
