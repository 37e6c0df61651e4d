"""A recurrence from row to row."""

import keras
from keras import layers, ops

from keras_gen.arguments import check_count, check_multiple, check_odd
from keras_gen.layers.lstm_cell import UnitForgetBias, lstm_cell, recur
from keras_gen.layers.masked_conv_2d import MaskedConv2D


@keras.saving.register_keras_serializable(package="keras_gen")
class RowLSTM(keras.layers.Layer):
    """The Row LSTM: processes an image from top to bottom, a whole row at a time.

    The state of a pixel depends on the states of its neighbours in the row above, by a
    convolution along the row, and on the inputs at the pixel and to its left, by a
    masked convolution. So a pixel sees a triangle above it.

    `call()` computes whole images. A sampler calls `enter_row()` at the beginning of a
    row and `advance()` for each pixel of the row.

    Args:
        units: Integer, the features of the state, a multiple of `num_channels`.
        kernel_size: Odd integer of at least 3, the width of both convolutions.
        num_channels: Integer, the channels of the image.

    Raises:
        ValueError: If an argument is wrong.

    Reference:
        van den Oord et al., Pixel Recurrent Neural Networks, 2016 (arXiv:1601.06759),
        section 3.1.

    Example:
    >>> import numpy as np
    >>> from keras_gen.layers import RowLSTM
    >>> tuple(RowLSTM(4)(np.zeros((2, 5, 6, 3))).shape)
    (2, 5, 6, 4)
    """

    def __init__(self, units, kernel_size=3, num_channels=1, **kwargs):
        super().__init__(**kwargs)
        check_count(num_channels, "num_channels", 1)
        check_multiple(units, "units", num_channels)
        check_odd(kernel_size, "kernel_size", 3)
        self.units = units
        self.kernel_size = kernel_size
        self.num_channels = num_channels
        self.input_to_state = MaskedConv2D(
            4 * units,
            0,
            kernel_size // 2,
            num_channels=num_channels,
            bias_initializer=UnitForgetBias(num_channels),
            dtype=self.dtype_policy,
            name="input_to_state",
        )
        self.state_to_state = layers.Conv1D(
            4 * units,
            kernel_size,
            padding="same",
            use_bias=False,
            dtype=self.dtype_policy,
            name="state_to_state",
        )

    def build(self, input_shape) -> None:
        self.input_to_state.build(input_shape)
        self.state_to_state.build((None, None, self.units))

    def call(self, images):
        inputs = ops.moveaxis(self.input_to_state(images), 1, 0)

        def next_row(row, hidden, cell):
            gates = ops.take(inputs, row, axis=0) + self.state_to_state(hidden)
            return lstm_cell(gates, cell, self.num_channels)

        nothing = ops.zeros_like(inputs[0, ..., : self.units])
        return ops.moveaxis(recur(next_row, images.shape[1], nothing), 0, 1)

    def initial_cache(self, batch_size, width, features) -> dict:
        """The cache before the first row: a dict of tensors.

        Args:
            batch_size: Integer, or int32 scalar.
            width: Integer, the pixels of a row.
            features: Integer, the features of the inputs.
        """

        def zeros(*shape):
            return ops.zeros(shape, self.compute_dtype)

        return {
            "left": zeros(batch_size, self.kernel_size // 2, features),
            "hidden": zeros(width, batch_size, self.units),
            "cell": zeros(width, batch_size, self.units),
            "gates_above": zeros(batch_size, width, 4 * self.units),
            "cell_above": zeros(batch_size, width, self.units),
        }

    def enter_row(self, cache, row):
        """The cache at the beginning of a row."""
        hidden = ops.moveaxis(cache["hidden"], 0, 1)
        return {
            **cache,
            "left": ops.zeros_like(cache["left"]),
            "gates_above": self.state_to_state(hidden),
            "cell_above": ops.moveaxis(cache["cell"], 0, 1),
        }

    def advance(self, cache, column, features):
        """The hidden state at one pixel, and the cache for the next one.

        Args:
            cache: From `enter_row()`, or from `advance()` at the pixel to the left.
            column: Int32 scalar.
            features: Tensor of shape `(batch, features)`, the inputs at the pixel.

        Returns:
            Tensor of shape `(batch, units)`, and a cache.
        """
        window = ops.concatenate([cache["left"], features[:, None]], axis=1)
        gates = self.input_to_state.from_row(window) + cache["gates_above"][:, column]
        hidden, cell = lstm_cell(
            gates, cache["cell_above"][:, column], self.num_channels
        )
        where = ops.reshape(column, (1, 1))
        return hidden, {
            **cache,
            "left": window[:, 1:],
            "hidden": ops.scatter_update(cache["hidden"], where, hidden[None]),
            "cell": ops.scatter_update(cache["cell"], where, cell[None]),
        }

    def compute_output_shape(self, input_shape) -> tuple:
        return (*input_shape[:-1], self.units)

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "units": self.units,
            "kernel_size": self.kernel_size,
            "num_channels": self.num_channels,
        }
