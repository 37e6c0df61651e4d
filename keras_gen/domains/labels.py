"""Classes, known or not."""

import keras
import numpy as np

from keras_gen.arguments import check_count
from keras_gen.domains.domain import Domain, check_integers


@keras.saving.register_keras_serializable(package="keras_gen")
class Labels(Domain):
    """Classes, one for each example.

    Args:
        num_classes: Integer of at least 2; labels are the integers below it.
        optional: Boolean, whether -1 may stand for an unknown class.

    Raises:
        ValueError: If an argument is wrong.
    """

    dtype = "int32"
    noun = "labels"

    def __init__(self, num_classes, optional=False):
        check_count(num_classes, "num_classes", 2)
        self.num_classes, self.optional = num_classes, optional
        self.bounds = (-1 if optional else 0, num_classes - 1)

    def check_shape(self, values, name="y"):
        is_list = isinstance(values, (list, tuple))
        super().check_shape(np.asarray(values) if is_list else values, name)

    def draw(self, rows):
        low, high = self.bounds
        uniform = np.asarray(rows.uniform((), "labels"))
        return (low + np.floor(uniform * (high + 1 - low))).astype(np.int32)

    def in_turn(self, num, first_row=0) -> np.ndarray:
        """The classes in turn, int32; row 0 has the first class."""
        return ((first_row + np.arange(num)) % self.num_classes).astype(np.int32)

    def get_config(self):
        return {"num_classes": self.num_classes, "optional": self.optional}

    def _check_values(self, values, name):
        low, high = self.bounds
        check_integers(values, name, low, high + 1)
