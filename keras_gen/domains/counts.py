"""How often each word occurs."""

import keras
import numpy as np

from keras_gen.arguments import check_count
from keras_gen.domains.domain import Domain, check_integers


@keras.saving.register_keras_serializable(package="keras_gen")
class Counts(Domain):
    """How often each of some things occurs, such as the words of a document.

    At least one of them occurs.

    Args:
        size: Integer of at least 1, the number of things.

    Raises:
        ValueError: If `size` is wrong.
    """

    dtype = "int32"
    noun = "documents"

    def __init__(self, size):
        check_count(size, "size", 1)
        self.shape = (size,)

    def draw(self, rows):
        uniform = np.array(rows.uniform(self.shape, "counts"))
        uniform[:, 0] = np.maximum(uniform[:, 0], 0.5)
        return np.floor(5.0 * uniform**2).astype(np.int32)

    def get_config(self):
        return {"size": self.shape[0]}

    def _check_values(self, values, name):
        check_integers(values, name, 0, np.iinfo(np.int32).max)
        empty = np.flatnonzero(values.sum(axis=1) == 0)
        if empty.size:
            raise ValueError(
                f"`{name}` must hold no empty document. Received: {empty.size} of "
                f"{len(values)}, the first in row {empty[0]}"
            )
