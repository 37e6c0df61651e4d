"""Sequences and grids of symbols."""

import keras
import numpy as np

from keras_gen.arguments import check_count, check_sizes, shown
from keras_gen.domains.domain import Levels, check_integers


@keras.saving.register_keras_serializable(package="keras_gen")
class Symbols(Levels):
    """Sequences of symbols, or grids of them, such as codes of images.

    `Text` and `Melodies` are sequences whose symbols have a meaning.

    Args:
        length: Integer of at least 1, or the sides of a grid: a tuple
            `(height, width)`.
        num_symbols: Integer of at least 2; symbols are the integers below it.

    Raises:
        ValueError: If an argument is wrong.
    """

    dtype = "int32"
    noun = "sequences"
    phrase_lengths = (8, 16)

    def __init__(self, length, num_symbols):
        if isinstance(length, (tuple, list)):
            check_sizes("length", length)
            if len(length) != 2:
                raise ValueError(
                    "`length` must be an integer or (height, width). Received: "
                    f"{shown(length)}"
                )
            self.shape, self.noun = tuple(length), "grids of symbols"
            self.phrase_lengths = ()
        else:
            check_count(length, "length", 1)
            self.shape = (length,)
        check_count(num_symbols, "num_symbols", 2)
        self.num_levels = num_symbols
        self.bounds = (0, num_symbols - 1)

    @property
    def sites(self) -> tuple:
        return (*self.shape, 1) if len(self.shape) == 2 else (1, *self.shape, 1)

    def draw(self, rows):
        uniform = np.asarray(rows.uniform(self.shape, "symbols"))
        return np.floor(uniform * self.num_levels).astype(np.int32)

    def to_steps(self, symbols) -> np.ndarray:
        """The integers that make up the phrases of a sequence: here its symbols.

        Args:
            symbols: Integer array of shape `(num_symbols,)`.
        """
        return np.asarray(symbols)

    def get_config(self):
        length = self.shape if len(self.shape) == 2 else self.shape[0]
        return {"length": length, "num_symbols": self.num_levels}

    def _check_values(self, values, name):
        check_integers(values, name, 0, self.num_levels)
