"""Recurrences over an image or a sequence, as arguments of a model."""

from typing import Self

import keras
from keras import layers

from keras_gen.arguments import check_odd
from keras_gen.layers.diagonal_lstm import DiagonalLSTM
from keras_gen.layers.row_lstm import RowLSTM


class Recurrence:
    """Abstract: a kind of recurrence, without weights."""

    def get_config(self) -> dict:
        return {}

    @classmethod
    def from_config(cls, config) -> Self:
        return cls(**config)


@keras.saving.register_keras_serializable(package="keras_gen")
class RowRecurrence(Recurrence):
    """Row LSTM: goes from top to bottom; a pixel sees a triangle above it.

    Args:
        kernel_size: Odd integer of at least 3, how many pixels of the row above a pixel
            sees.

    Raises:
        ValueError: If `kernel_size` is not such an integer.
    """

    def __init__(self, kernel_size=3):
        check_odd(kernel_size, "kernel_size", 3)
        self.kernel_size = kernel_size

    def layer(self, units, index, **options) -> keras.layers.Layer:
        """Makes the recurrent layer number `index` of a network."""
        name = f"row_lstm_{index}"
        return RowLSTM(units, self.kernel_size, name=name, **options)

    def get_config(self) -> dict:
        return {"kernel_size": self.kernel_size}


@keras.saving.register_keras_serializable(package="keras_gen")
class DiagonalRecurrence(Recurrence):
    """Diagonal BiLSTM: goes from both upper corners; a pixel sees all earlier ones."""

    def layer(self, units, index, **options) -> keras.layers.Layer:
        """Makes the recurrent layer number `index` of a network."""
        return DiagonalLSTM(units, name=f"diagonal_lstm_{index}", **options)


@keras.saving.register_keras_serializable(package="keras_gen")
class LSTMRecurrence(Recurrence):
    """Long short-term memory over a sequence: a hidden state and a cell."""

    def cell(self, units, **options) -> keras.layers.Layer:
        """Makes the cell of one recurrent layer."""
        return layers.LSTMCell(units, **options)


@keras.saving.register_keras_serializable(package="keras_gen")
class GRURecurrence(Recurrence):
    """Gated recurrent units over a sequence: a hidden state alone."""

    def cell(self, units, **options) -> keras.layers.Layer:
        """Makes the cell of one recurrent layer."""
        return layers.GRUCell(units, **options)
