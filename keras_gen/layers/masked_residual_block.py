"""The residual block of a PixelCNN."""

import keras
from keras import ops

from keras_gen.arguments import check_odd
from keras_gen.layers.masked_conv_2d import MaskedConv2D


@keras.saving.register_keras_serializable(package="keras_gen")
class MaskedResidualBlock(keras.layers.Layer):
    """Narrows by 1 x 1, convolves with earlier pixels, widens by 1 x 1, and adds.

    Each convolution follows a ReLU and has mask B. `call()` computes whole images;
    `from_above()` and `advance()` compute one pixel in two parts.

    Args:
        filters: Integer, the narrow features; inputs have twice as many.
        kernel_size: Odd integer of at least 3.
        num_channels: Integer, the channels of the image.

    Raises:
        ValueError: If an argument is wrong.

    Reference:
        van den Oord et al., Pixel Recurrent Neural Networks, 2016 (arXiv:1601.06759),
        figure 5, left.

    Example:
    >>> import numpy as np
    >>> from keras_gen.layers import MaskedResidualBlock
    >>> block = MaskedResidualBlock(4, kernel_size=3)
    >>> tuple(block(np.zeros((2, 5, 5, 8))).shape)
    (2, 5, 5, 8)
    """

    def __init__(self, filters, kernel_size=3, num_channels=1, **kwargs):
        super().__init__(**kwargs)
        check_odd(kernel_size, "kernel_size", 3)
        self.filters = filters
        self.kernel_size = kernel_size
        self.num_channels = num_channels
        reach = kernel_size // 2
        grouped = {"num_channels": num_channels, "dtype": self.dtype_policy}
        self.narrow = MaskedConv2D(filters, 0, 0, name="narrow", **grouped)
        self.masked = MaskedConv2D(filters, reach, reach, name="masked", **grouped)
        self.widen = MaskedConv2D(2 * filters, 0, 0, name="widen", **grouped)

    def build(self, input_shape) -> None:
        narrow = (*input_shape[:-1], self.filters)
        self.narrow.build(input_shape)
        self.masked.build(narrow)
        self.widen.build(narrow)

    def call(self, features):
        narrow = ops.relu(self.narrow(ops.relu(features)))
        return features + self.widen(ops.relu(self.masked(narrow)))

    def from_above(self, rows):
        """The contribution of the rows above to each pixel of a row.

        Args:
            rows: Tensor of shape `(batch, rows_above, width, filters)`.

        Returns:
            Tensor of shape `(batch, width, filters)`.
        """
        return self.masked.from_above(rows)

    def advance(self, left, features, above):
        """The output at one pixel.

        Args:
            left: Tensor of shape `(batch, columns_left, filters)`, narrow features of
                the pixels to the left.
            features: Tensor of shape `(batch, 2 * filters)`, the inputs at the pixel.
            above: Tensor of shape `(batch, filters)` from `from_above()`.

        Returns:
            Outputs of the shape of `features`, and `left` with the narrow features of
            this pixel at its end, of shape `(batch, columns_left + 1, filters)`.
        """
        narrow = ops.relu(self.narrow.from_row(ops.relu(features)))
        window = ops.concatenate([left, narrow[:, None]], axis=1)
        masked = ops.relu(self.masked.from_row(window) + above)
        return features + self.widen.from_row(masked), window

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "num_channels": self.num_channels,
        }
