"""What every domain does."""

import math
from pathlib import Path
from typing import Self

import keras
import numpy as np

from keras_gen import media
from keras_gen.arguments import shown


class Domain:
    """Abstract: what one example is.

    Attributes:
        shape: Tuple of integers, the shape of one example.
        dtype: String, "float32", "int32" or "uint8".
        num_levels: Integer, the levels of an element that can be drawn site by site;
            None if there are none.
        bounds: Pair of numbers, the least and the greatest value, or None.
        noun: String, the word for several examples.
        suffix: String, the default ending of the name of a file of examples.
        optional: Boolean, whether a value may be unknown: NaN stands for it, or -1 for
            a label.
        is_text: Boolean, whether examples are text, which can be typed and shown.
        prompt: String, what can begin an example, such as "a .mid file"; None if
            nothing can. A domain with a prompt has `from_prompt()`, and `write()` for
            examples of any length.
        phrase_lengths: Tuple of integers, how many steps the phrases have whose repeats
            are counted; empty unless examples are sequences of symbols. A domain with
            such lengths has `to_steps()`.
    """

    shape = ()
    dtype = "float32"
    num_levels = None
    bounds = None
    noun = "values"
    suffix = ".csv"
    optional = False
    is_text = False
    prompt = None
    phrase_lengths = ()

    @property
    def sites(self) -> tuple:
        """The grid of values: a tuple `(height, width, channels)`."""
        return (1, math.prod(self.shape), 1)

    def check(self, values, name="x") -> None:
        """Raises a ValueError unless `values` is a batch of examples of this domain.

        Args:
            values: Array or tensor of shape `(batch, *shape)`.
            name: String, the name of the caller's argument.
        """
        values = self.check_numbers(values, name)
        if self.optional and values.dtype.kind == "f":
            values = values[~np.isnan(values)]
        if values.size:
            self._check_values(values, name)

    def check_numbers(self, values, name="x") -> np.ndarray:
        """Raises a ValueError unless `values` is a batch of finite numbers.

        NaN is allowed too in an `optional` domain.

        Args:
            values: Array or tensor of shape `(batch, *shape)`, in any range.
            name: String, the name of the caller's argument.

        Returns:
            `values` as an array.
        """
        self.check_shape(values, name)
        values = np.asarray(values)
        if values.dtype.kind not in "fiub":
            raise ValueError(
                f"`{name}` must hold numbers. Received dtype: {values.dtype}"
            )
        if values.dtype.kind != "f":
            return values
        refused = {"NaN": np.isnan, "infinity": np.isinf}
        if self.optional:
            del refused["NaN"]
        for kind, is_wrong in refused.items():
            wrong = np.count_nonzero(is_wrong(values))
            if wrong:
                raise ValueError(
                    f"`{name}` holds {kind}: {wrong} of {values.size} values."
                )
        return values

    def check_shape(self, values, name="x") -> None:
        """Raises a ValueError unless `values` has the shape of a batch.

        Args:
            values: Array or tensor, also a tensor of a graph.
            name: String, the name of the caller's argument.
        """
        if not hasattr(values, "shape"):
            raise ValueError(
                f"`{name}` must be an array of {self.noun}. Received: {shown(values)}"
            )
        shape = tuple(values.shape)
        if shape[:1] == (0,) or not shape:
            raise ValueError(f"`{name}` holds no {self.noun}. Received shape: {shape}")
        if shape[1:] != self.shape:
            sizes = "".join(f", {size}" for size in self.shape)
            raise ValueError(
                f"`{name}` must have shape (batch{sizes or ','}). Received shape: "
                f"{shape}"
            )

    def cast(self, values):
        """`values` as a tensor of the domain's dtype."""
        return keras.ops.cast(values, self.dtype)

    def draw(self, rows) -> np.ndarray:
        """An array of random examples, one for each of `keras_gen.random.Rows`."""
        raise NotImplementedError

    def to_bytes(self, values) -> np.ndarray:
        """Examples as an array to store; integers for images and sound."""
        return np.asarray(values)

    def bytes_of(self, values):
        """The same as `to_bytes()`, for tensors of a graph."""
        return values

    def save(self, path, values) -> None:
        """Writes a batch of examples to one file, whole or not at all.

        Args:
            path: String or path that ends in `suffix`, or in `.npy` for an array.
            values: Array of shape `(batch, *shape)`.

        Raises:
            ValueError: If the path ends otherwise.
        """
        values = np.asarray(values)
        if Path(path).suffix == ".npy":
            media.save_array(path, values)
        else:
            media.check_suffix(path, self.suffix, ".npy")
            self._save(path, values)

    def _save(self, path, values):
        media.save_table(path, values.reshape(len(values), -1))

    def load(self, path) -> np.ndarray:
        """Reads a batch of examples from a file or folder.

        Args:
            path: String or path: a `.npy` file of any domain, or a `.csv` file with one
                example a line.

        Returns:
            Array of shape `(batch, *shape)`.

        Raises:
            ValueError: If the file does not exist or holds something else.
        """
        values = media.load_array(path)
        return self._as_examples(values, path)

    def get_config(self) -> dict:
        raise NotImplementedError

    @classmethod
    def from_config(cls, config) -> Self:
        return cls(**config)

    def __eq__(self, other):
        return type(self) is type(other) and self.get_config() == other.get_config()

    def __hash__(self):
        return hash((type(self), repr(self.get_config())))

    def __repr__(self):
        config = ", ".join(f"{key}={value}" for key, value in self.get_config().items())
        return f"{type(self).__name__}({config})"

    def _check_values(self, values, name):
        """Raises a ValueError unless finite numbers are values of this domain."""

    def _as_examples(self, values, path):
        size = math.prod(self.shape)
        is_one = _wide_axes(values.shape) == _wide_axes(self.shape)
        is_table = values.ndim == 2 and values.shape[1] == size
        fits = values.shape[1:] == self.shape and values.ndim == 1 + len(self.shape)
        if not values.size or not (is_one or is_table or fits):
            raise ValueError(
                f"{str(path)!r} must hold {self.noun} of shape {self.shape}. Received "
                f"shape: {values.shape}"
            )
        examples = values.reshape(-1, *self.shape).astype(self.dtype)
        changed = examples != values.reshape(-1, *self.shape)
        if examples.dtype.kind != "f" and changed.any():
            raise ValueError(f"{str(path)!r} must hold whole numbers for {self.noun}.")
        return examples


class Levels(Domain):
    """A domain whose elements are sites with `num_levels` levels."""

    def to_levels(self, values):
        """Values as levels, int32 from 0 to `num_levels - 1`."""
        return keras.ops.cast(values, "int32")

    def from_levels(self, levels):
        """Levels as values."""
        return keras.ops.cast(levels, self.dtype)


def _wide_axes(shape):
    """The axes of a shape that have more than one element."""
    return [size for size in shape if size > 1]


def check_integers(values, name, low, end):
    if values.dtype.kind not in "iu":
        raise ValueError(f"`{name}` must be integers. Received dtype: {values.dtype}")
    if values.min() < low or values.max() >= end:
        raise ValueError(
            f"`{name}` must lie in [{low}, {end}). Received values from {values.min()} "
            f"to {values.max()}"
        )


def check_range(values, name, low, high):
    if values.min() < low or values.max() > high:
        raise ValueError(
            f"`{name}` must lie in [{low}, {high}]. Received values from "
            f"{values.min()} to {values.max()}"
        )
