"""Vectors of real numbers."""

import keras
import numpy as np

from keras_gen.arguments import check_sizes
from keras_gen.domains.domain import Domain


@keras.saving.register_keras_serializable(package="keras_gen")
class Vectors(Domain):
    """Vectors of real numbers, such as latents.

    Args:
        size: Integer of at least 1, or a tuple of them for arrays of several axes.
        optional: Boolean, whether NaN may stand for an unknown value.

    Raises:
        ValueError: If `size` is wrong.
    """

    noun = "vectors"

    def __init__(self, size, optional=False):
        sizes = tuple(size) if isinstance(size, (tuple, list)) else (size,)
        check_sizes("size", sizes)
        self.shape, self.optional = sizes, bool(optional)

    def draw(self, rows):
        return np.array(rows.normal(self.shape, "vectors"))

    def get_config(self):
        return {"size": self.shape, "optional": self.optional}
