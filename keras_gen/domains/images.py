"""Images, and the bytes of their pixels."""

import keras
import numpy as np

from keras_gen import media
from keras_gen.arguments import check_count, check_sizes, shown
from keras_gen.domains.domain import Levels
from keras_gen.images import grid, save_png, to_uint8


@keras.saving.register_keras_serializable(package="keras_gen")
class Images(Levels):
    """Images, channels last.

    Args:
        shape: Tuple `(height, width, channels)`.
        low: Float, the value of black.
        high: Float above `low`, the value of white.
        levels: Optional integer of at least 2. If given, pixels have this number of
            equally spaced values from `low` to `high`.
        optional: Boolean, whether NaN may stand for an unknown value.

    Raises:
        ValueError: If an argument is wrong.

    Example:
    >>> from keras_gen.domains import Images
    >>> Images((8, 8, 1)).to_bytes([[[[0.0], [0.5], [1.0]]]]).ravel()
    array([  0, 128, 255], dtype=uint8)
    """

    noun = "images"
    suffix = ".png"

    def __init__(self, shape, low=0.0, high=1.0, levels=None, optional=False):
        if not isinstance(shape, (tuple, list)) or len(shape) != 3:
            raise ValueError(
                f"`shape` must be (height, width, channels). Received: {shown(shape)}"
            )
        check_sizes("shape", shape)
        if not low < high:
            raise ValueError(f"`high` must be above `low`. Received: {low} and {high}")
        if levels is not None:
            check_count(levels, "levels", 2)
        self.shape, self.optional = tuple(shape), bool(optional)
        self.low, self.high, self.num_levels = float(low), float(high), levels

    @property
    def sites(self) -> tuple:
        return self.shape

    @property
    def bounds(self) -> tuple:
        return self.low, self.high

    def draw(self, rows):
        uniform = np.asarray(rows.uniform(self.shape, "images"))
        if self.num_levels is not None:
            level = np.floor(uniform * self.num_levels)
            uniform = level / np.float32(self.num_levels - 1)
        return (self.low + (self.high - self.low) * uniform).astype(np.float32)

    def to_levels(self, values):
        share = (values - self.low) / (self.high - self.low)
        return keras.ops.cast(keras.ops.round(share * (self.num_levels - 1)), "int32")

    def from_levels(self, levels):
        share = keras.ops.cast(levels, "float32") / (self.num_levels - 1)
        return self.low + (self.high - self.low) * share

    def to_bytes(self, values):
        return to_uint8(values, (self.low, self.high))

    def bytes_of(self, values):
        levels = keras.ops.round((values - self.low) * (255.0 / (self.high - self.low)))
        return keras.ops.cast(keras.ops.clip(levels, 0.0, 255.0), "uint8")

    def _save(self, path, values):
        save_png(path, grid(self.to_bytes(values)), len(values))

    def load(self, path):
        """Reads images from a `.npy` file, an image file or a folder of image files.

        An image file may be a grid of images, as `save()` writes it. Values of type
        uint8 are scaled from [0, 255] to [low, high].
        """
        values = media.load_images(path, self.shape)
        is_bytes = values.dtype == np.uint8
        values = self.from_bytes(values) if is_bytes else self._on_levels(values)
        return self._as_examples(values, path)

    def from_bytes(self, images) -> np.ndarray:
        """Uint8 images as examples, float32 on the levels of the domain."""
        values = self.low + (self.high - self.low) * (np.asarray(images) / 255.0)
        return self._on_levels(values).astype(np.float32)

    def _on_levels(self, values):
        """Values on the nearest levels, if there are any."""
        if self.num_levels is None:
            return values
        share = (values - self.low) / (self.high - self.low)
        level = np.rint(share * (self.num_levels - 1)) / (self.num_levels - 1)
        return self.low + (self.high - self.low) * level

    def get_config(self):
        return {
            "shape": self.shape,
            "low": self.low,
            "high": self.high,
            "levels": self.num_levels,
            "optional": self.optional,
        }

    def _check_values(self, values, name):
        least, most = values.min(), values.max()
        if least < self.low or most > self.high:
            raise ValueError(
                f"`{name}` must lie in [{self.low}, {self.high}], the range of these "
                f"images. Received values from {least} to {most}"
            )
        if self.num_levels is None:
            return
        steps = self.num_levels - 1
        levels = (values.astype(np.float32) - self.low) / (self.high - self.low) * steps
        wrong = np.abs(levels - np.round(levels)) > 1e-3
        if wrong.any():
            expected = (
                f"{self.low:g} or {self.high:g}"
                if steps == 1
                else f"{self.num_levels} levels from {self.low:g} to {self.high:g}"
            )
            raise ValueError(
                f"`{name}` must hold {expected}. Received: {values[wrong][0]:.6g}"
            )
