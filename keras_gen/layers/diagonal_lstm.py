"""A recurrence along the diagonals of an image, from both upper corners."""

import keras
from keras import layers, ops

from keras_gen.arguments import check_count, check_multiple
from keras_gen.layers.lstm_cell import UnitForgetBias, lstm_cell, recur
from keras_gen.layers.masked_conv_2d import MaskedConv2D


@keras.saving.register_keras_serializable(package="keras_gen")
class DiagonalLSTM(keras.layers.Layer):
    """The Diagonal BiLSTM: a pixel sees every earlier pixel, by one of two paths.

    On the path from the left, the state of a pixel depends on the states of its left
    and upper neighbours. The path from the right is its mirror image, moved down by one
    row, so that no pixel sees a pixel to its right. The result is the sum of both. All
    pixels of a diagonal are computed at once: each row is shifted by one pixel more
    than the row above, and then the columns are processed in order.

    `call()` computes whole images. A sampler calls `enter_row()` at the beginning of a
    row and `advance()` for each pixel of the row.

    NOTE: The inputs of the path from the right lie in the rows above, so they need no
    mask. The paper has a mask on both paths.

    Args:
        units: Integer, the features of each state, a multiple of `num_channels`.
        num_channels: Integer, the channels of the image.

    Raises:
        ValueError: If an argument is wrong.

    Reference:
        van den Oord et al., Pixel Recurrent Neural Networks, 2016 (arXiv:1601.06759),
        section 3.2.

    Example:
    >>> import numpy as np
    >>> from keras_gen.layers import DiagonalLSTM
    >>> tuple(DiagonalLSTM(4)(np.zeros((2, 5, 6, 3))).shape)
    (2, 5, 6, 4)
    """

    def __init__(self, units, num_channels=1, **kwargs):
        super().__init__(**kwargs)
        check_count(num_channels, "num_channels", 1)
        check_multiple(units, "units", num_channels)
        self.units = units
        self.num_channels = num_channels
        self.left_inputs = MaskedConv2D(
            4 * units,
            0,
            0,
            num_channels=num_channels,
            bias_initializer=UnitForgetBias(num_channels),
            dtype=self.dtype_policy,
            name="left_inputs",
        )
        self.right_inputs = layers.Dense(
            4 * units,
            bias_initializer=UnitForgetBias(num_channels),
            dtype=self.dtype_policy,
            name="right_inputs",
        )
        self.left_states, self.right_states = (
            layers.Dense(
                4 * units,
                use_bias=False,
                dtype=self.dtype_policy,
                name=f"{side}_states",
            )
            for side in ("left", "right")
        )

    def build(self, input_shape) -> None:
        self.left_inputs.build(input_shape)
        self.right_inputs.build(input_shape)
        for states in (self.left_states, self.right_states):
            states.build((None, None, 2 * self.units))

    def call(self, images):
        left = self._along_diagonals(self.left_inputs(images), self.left_states)
        mirrored = ops.flip(self.right_inputs(images), axis=2)
        right = ops.flip(self._along_diagonals(mirrored, self.right_states), axis=2)
        return left + ops.pad(right, [(0, 0), (1, 0), (0, 0), (0, 0)])[:, :-1]

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
            "features": zeros(width, batch_size, features),
            "hidden": zeros(width, batch_size, self.units),
            "hidden_left": zeros(batch_size, self.units),
            "cell_left": zeros(batch_size, self.units),
            "hidden_above": zeros(width, batch_size, self.units),
            "right_above": zeros(width, batch_size, self.units),
        }

    def enter_row(self, cache, row):
        """The cache at the beginning of a row."""
        inputs, above = self.right_inputs(cache["features"]), cache["right_above"]
        last = inputs.shape[0] - 1

        def next_pixel(index, hidden, cell):
            pixel = ops.take(inputs, last - index, axis=0)
            upper = ops.take(above, last - index, axis=0)
            return self._pixel(self.right_states, pixel, hidden, upper, cell)

        nothing = ops.zeros_like(cache["cell_left"])
        right = ops.flip(recur(next_pixel, last + 1, nothing), axis=0)
        return {
            **cache,
            "hidden_left": nothing,
            "cell_left": nothing,
            "hidden_above": cache["hidden"],
            "right_above": ops.where(row > 0, right, ops.zeros_like(right)),
        }

    def advance(self, cache, column, features):
        """The sum of both hidden states at one pixel, and the cache for the next one.

        Args:
            cache: From `enter_row()`, or from `advance()` at the pixel to the left.
            column: Int32 scalar.
            features: Tensor of shape `(batch, features)`, the inputs at the pixel.

        Returns:
            Tensor of shape `(batch, units)`, and a cache.
        """
        hidden, cell = self._pixel(
            self.left_states,
            self.left_inputs.from_row(features[:, None]),
            cache["hidden_left"],
            cache["hidden_above"][column],
            cache["cell_left"],
        )
        where = ops.reshape(column, (1, 1))
        return hidden + cache["right_above"][column], {
            **cache,
            "features": ops.scatter_update(cache["features"], where, features[None]),
            "hidden": ops.scatter_update(cache["hidden"], where, hidden[None]),
            "hidden_left": hidden,
            "cell_left": cell,
        }

    def _along_diagonals(self, inputs, states):
        """States of all pixels, from the columns of the skewed image."""
        columns = ops.moveaxis(skew(inputs), 2, 0)

        def next_column(column, hidden, cell):
            above = ops.pad(hidden, [(0, 0), (1, 0), (0, 0)])[:, :-1]
            here = ops.take(columns, column, axis=0)
            return self._pixel(states, here, hidden, above, cell)

        nothing = ops.zeros_like(columns[0, ..., : self.units])
        hidden = recur(next_column, columns.shape[0], nothing)
        return unskew(ops.moveaxis(hidden, 0, 2))

    def _pixel(self, states, inputs, beside, above, cell):
        gates = inputs + states(ops.concatenate([above, beside], axis=-1))
        return lstm_cell(gates, cell, self.num_channels)

    def compute_output_shape(self, input_shape) -> tuple:
        return (*input_shape[:-1], self.units)

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "units": self.units,
            "num_channels": self.num_channels,
        }


def skew(images):
    """Shifts each row to the right by one pixel more than the row above it.

    Args:
        images: Tensor of shape `(batch, height, width, features)`.

    Returns:
        Tensor of shape `(batch, height, width + height - 1, features)`, with zeros
        where there is no pixel.
    """
    _, height, width, features = images.shape
    padded = ops.pad(images, [(0, 0), (0, 0), (0, height), (0, 0)])
    flat = ops.reshape(padded, (-1, height * (width + height), features))
    return ops.reshape(flat[:, :-height], (-1, height, width + height - 1, features))


def unskew(images):
    """The inverse of `skew()`."""
    _, height, skewed, features = images.shape
    flat = ops.reshape(images, (-1, height * skewed, features))
    flat = ops.pad(flat, [(0, 0), (0, height), (0, 0)])
    return ops.reshape(flat, (-1, height, skewed + 1, features))[
        :, :, : skewed + 1 - height
    ]
