"""One layer of the two stacks of a gated PixelCNN."""

import keras
from keras import layers, ops

from keras_gen.arguments import check_count, check_multiple, check_odd
from keras_gen.layers.gated_activation import GatedActivation
from keras_gen.layers.masked_conv_2d import MaskedConv2D


@keras.saving.register_keras_serializable(package="keras_gen")
class GatedCausalBlock(keras.layers.Layer):
    """A vertical stack that sees the rows above, and a horizontal one to the left.

    The vertical stack at a row must not see the pixels of this row, so its input must
    be shifted down by one row before the first block. `call()` computes whole images,
    `enter_row()` computes the vertical stack for one row, and `advance()` computes the
    horizontal stack for one pixel.

    Args:
        filters: Integer, the features of each stack, a multiple of `num_channels`.
        kernel_size: Odd integer of at least 3, the width of the vertical kernel. Its
            height is half as large, and so is the width of the horizontal kernel.
        skip_filters: Integer, the features of the skip connection.
        num_channels: Integer, the channels of the image.
        num_classes: Optional integer. If given, both gates have biases that depend on
            the label.
        is_first: Boolean, whether the inputs are images. Then the mask is A, there is
            no residual connection, and the vertical kernel has one row less.
        is_last: Boolean, whether only the skip connection is needed. Then the other
            outputs are None.

    Raises:
        ValueError: If an argument is wrong.

    Reference:
        van den Oord et al., Conditional Image Generation with PixelCNN Decoders, 2016
        (arXiv:1606.05328), figure 2.

    Example:
    >>> import numpy as np
    >>> from keras_gen.layers import GatedCausalBlock
    >>> block = GatedCausalBlock(4, kernel_size=3, skip_filters=6)
    >>> images = np.zeros((2, 5, 5, 4))
    >>> [tuple(outputs.shape) for outputs in block(images, images)]
    [(2, 5, 5, 4), (2, 5, 5, 4), (2, 5, 5, 6)]
    """

    def __init__(
        self,
        filters,
        kernel_size,
        skip_filters,
        num_channels=1,
        num_classes=None,
        is_first=False,
        is_last=False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        check_count(num_channels, "num_channels", 1)
        check_multiple(filters, "filters", num_channels)
        check_odd(kernel_size, "kernel_size", 3)
        check_count(skip_filters, "skip_filters", num_channels)
        self.filters = filters
        self.kernel_size = kernel_size
        self.skip_filters = skip_filters
        self.num_channels = num_channels
        self.num_classes = num_classes
        self.is_first = is_first
        self.is_last = is_last
        reach = kernel_size // 2
        #: Rows of its input above the current one that the vertical kernel sees.
        self.rows_above = reach - 1 if is_first else reach
        #: Pixels to the left that the horizontal kernel sees.
        self.columns_left = reach
        grouped = {"num_channels": num_channels, "dtype": self.dtype_policy}
        self.vertical = layers.Conv2D(
            2 * filters,
            (self.rows_above + 1, kernel_size),
            dtype=self.dtype_policy,
            name="vertical",
        )
        self.crossing = layers.Dense(
            2 * filters, use_bias=False, dtype=self.dtype_policy, name="crossing"
        )
        self.horizontal = MaskedConv2D(
            2 * filters,
            0,
            self.columns_left,
            mask_type="A" if is_first else "B",
            name="horizontal",
            **grouped,
        )
        self.skip = MaskedConv2D(skip_filters, 0, 0, name="skip", **grouped)
        if not is_last:
            self.residual = MaskedConv2D(filters, 0, 0, name="residual", **grouped)
            self.vertical_gate = GatedActivation(dtype=self.dtype_policy)
        if num_classes is not None:
            self.label_biases = layers.Embedding(
                num_classes,
                (2 if is_last else 4) * filters,
                dtype=self.dtype_policy,
                name="label_biases",
            )
        self.gate = GatedActivation(num_channels, dtype=self.dtype_policy)

    def build(self, vertical_shape, horizontal_shape) -> None:
        doubled = (*vertical_shape[:-1], 2 * self.filters)
        gated = (*vertical_shape[:-1], self.filters)
        self.vertical.build((None, None, None, vertical_shape[-1]))
        self.crossing.build(doubled)
        self.horizontal.build(horizontal_shape)
        self.skip.build(gated)
        self.gate.build(doubled)
        if not self.is_last:
            self.residual.build(gated)
            self.vertical_gate.build(doubled)
        if self.num_classes is not None:
            self.label_biases.build((None,))

    def call(self, vertical, horizontal, labels=None):
        side = self.kernel_size // 2
        padding = [(0, 0), (self.rows_above, 0), (side, side), (0, 0)]
        above = self.vertical(ops.pad(vertical, padding))
        bias_above, bias = self._label_biases(labels, 2)
        crossing = self.crossing(above) + bias
        gated = self.gate(self.horizontal(horizontal) + crossing)
        skip = self.skip(gated)
        if self.is_last:
            return None, None, skip
        vertical = self.vertical_gate(above + bias_above)
        outputs = self.residual(gated)
        return vertical, outputs if self.is_first else horizontal + outputs, skip

    def row_biases(self, labels):
        """What labels add to each row: a tuple of tensors, for `enter_row()`.

        Args:
            labels: Int32 tensor of shape `(batch,)`.
        """
        biases = self._label_biases(labels, 1)
        return biases[1:] if self.is_last else biases

    def enter_row(self, rows, biases=(0.0, 0.0)):
        """The vertical stack at one row, from this row of its input and those above.

        Args:
            rows: Tensor of shape `(batch, rows_above + 1, width, features)`.
            biases: What `row_biases()` returns, if there are labels.

        Returns:
            The row of the vertical stack, of shape `(batch, width, filters)` (None in
            the last block), and its contribution to the horizontal stack, of shape
            `(batch, width, 2 * filters)`.
        """
        side = self.kernel_size // 2
        above = self.vertical(ops.pad(rows, [(0, 0), (0, 0), (side, side), (0, 0)]))
        crossing = self.crossing(above[:, 0]) + biases[-1]
        if self.is_last:
            return None, crossing
        return self.vertical_gate(above[:, 0] + biases[0]), crossing

    def advance(self, window, crossing):
        """The horizontal stack at one pixel.

        Args:
            window: Tensor of shape `(batch, columns_left + 1, features)`, the input of
                the stack at the pixel and to its left.
            crossing: Tensor of shape `(batch, 2 * filters)` from `enter_row()`.

        Returns:
            The pixel of the horizontal stack, of shape `(batch, filters)` (None in the
            last block), and that of the skip connection, of shape
            `(batch, skip_filters)`.
        """
        gated = self.gate(self.horizontal.from_row(window) + crossing)
        skip = self.skip.from_row(gated)
        if self.is_last:
            return None, skip
        outputs = self.residual.from_row(gated)
        return outputs if self.is_first else window[:, -1] + outputs, skip

    def _label_biases(self, labels, num_axes):
        """Biases of both gates, with additional axes between batch and features."""
        if self.num_classes is None:
            return 0.0, 0.0
        biases = self.label_biases(labels)
        biases = ops.reshape(biases, (-1, *(1,) * num_axes, biases.shape[-1]))
        if self.is_last:
            return None, biases
        return tuple(ops.split(biases, 2, axis=-1))

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "skip_filters": self.skip_filters,
            "num_channels": self.num_channels,
            "num_classes": self.num_classes,
            "is_first": self.is_first,
            "is_last": self.is_last,
        }
