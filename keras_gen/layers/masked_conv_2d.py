"""Convolution that sees earlier pixels only, in raster order."""

import keras
import numpy as np
from keras import ops

from keras_gen.arguments import check_count, shown


@keras.saving.register_keras_serializable(package="keras_gen")
class MaskedConv2D(keras.layers.Layer):
    """Convolution whose output at a pixel depends on no later pixel.

    The kernel covers some rows above the pixel, and in the pixel's row the pixel and
    some columns to its left. Outside the image values are zero. Pixels to the right in
    the same row are masked. So are features of the pixel itself that belong to later
    channels: features are divided into `num_channels` groups in the order R, G, B. Mask
    A hides a group from itself and from earlier groups, mask B only from earlier ones.
    The kernel is multiplied by the mask in each call.

    A square kernel with a masked lower half would multiply whole rows by zeros; this
    one does not. `from_above()` and `from_row()` compute the output in two parts, so
    that a sampler can compute one pixel at a time.

    Args:
        filters: Integer of at least 1, the features of the output.
        rows_above: Integer of at least 0.
        columns_left: Integer of at least 0.
        columns_right: Integer of at least 0; 0 if there are no rows above.
        mask_type: "A" or "B".
        num_channels: Integer of at least 1, the channels of the image.
        bias_initializer: Keras initializer of the bias.

    Raises:
        ValueError: If an argument is wrong, or inputs or outputs have fewer features
            than there are channels.

    Reference:
        van den Oord et al., Pixel Recurrent Neural Networks, 2016 (arXiv:1601.06759),
        section 3.4.

    Example:
    >>> import numpy as np
    >>> from keras_gen.layers import MaskedConv2D
    >>> conv = MaskedConv2D(4, rows_above=1, columns_left=1, columns_right=1)
    >>> tuple(conv(np.zeros((2, 5, 5, 3))).shape), tuple(conv.kernel.shape)
    ((2, 5, 5, 4), (2, 3, 3, 4))
    """

    def __init__(
        self,
        filters,
        rows_above,
        columns_left,
        columns_right=None,
        mask_type="B",
        num_channels=1,
        bias_initializer="zeros",
        **kwargs,
    ):
        super().__init__(**kwargs)
        if columns_right is None:
            columns_right = columns_left if rows_above else 0
        check_count(filters, "filters", 1)
        check_count(rows_above, "rows_above", 0)
        check_count(columns_left, "columns_left", 0)
        check_count(columns_right, "columns_right", 0)
        check_count(num_channels, "num_channels", 1)
        if columns_right and not rows_above:
            raise ValueError(
                "`columns_right` must be 0 without `rows_above`, where all of them "
                f"would be masked. Received: {columns_right}"
            )
        if mask_type not in ("A", "B"):
            raise ValueError(
                f"`mask_type` must be 'A' or 'B'. Received: {shown(mask_type)}"
            )
        self.filters = filters
        self.rows_above = rows_above
        self.columns_left = columns_left
        self.columns_right = columns_right
        self.mask_type = mask_type
        self.num_channels = num_channels
        self.bias_initializer = keras.initializers.get(bias_initializer)

    def build(self, input_shape) -> None:
        features = input_shape[-1]
        if min(features, self.filters) < self.num_channels:
            raise ValueError(
                f"`num_channels={self.num_channels}` needs at least as many features. "
                f"Received {features} in the inputs and `filters={self.filters}`"
            )
        columns = self.columns_left + 1 + self.columns_right
        shape = (self.rows_above + 1, columns, features, self.filters)
        self.kernel = self.add_weight(
            shape, initializer="glorot_uniform", name="kernel"
        )
        self.bias = self.add_weight(
            (self.filters,), initializer=self.bias_initializer, name="bias"
        )
        mask = np.ones(shape, np.float32)
        mask[-1, self.columns_left + 1 :] = 0
        mask[-1, self.columns_left] = self._channel_mask(features)
        self.mask = None if mask.all() else mask

    def call(self, images):
        rows, left, right = self.rows_above, self.columns_left, self.columns_right
        if rows or left or right:
            images = ops.pad(images, [(0, 0), (rows, 0), (left, right), (0, 0)])
        images = ops.conv(images, self._kernel(), padding="valid")
        return images + ops.cast(self.bias, images.dtype)

    def from_above(self, rows):
        """The contribution of the rows above to each pixel of a row, without bias.

        Args:
            rows: Tensor of shape `(batch, rows_above, width, features)`.

        Returns:
            Tensor of shape `(batch, width, filters)`.
        """
        sides = (self.columns_left, self.columns_right)
        rows = ops.pad(rows, [(0, 0), (0, 0), sides, (0, 0)])
        return ops.conv(rows, self._kernel()[:-1], padding="valid")[:, 0]

    def from_row(self, window):
        """The contribution of a pixel and of those to its left, with the bias.

        Args:
            window: Tensor of shape `(batch, columns_left + 1, features)`, the pixel
                last.

        Returns:
            Tensor of shape `(batch, filters)`.
        """
        kernel = self._kernel()[-1, : self.columns_left + 1]
        size = kernel.shape[0] * kernel.shape[1]
        window = ops.reshape(window, (-1, size))
        kernel = ops.reshape(kernel, (size, self.filters))
        return ops.matmul(window, kernel) + ops.cast(self.bias, window.dtype)

    def compute_output_shape(self, input_shape) -> tuple:
        return (*input_shape[:-1], self.filters)

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "filters": self.filters,
            "rows_above": self.rows_above,
            "columns_left": self.columns_left,
            "columns_right": self.columns_right,
            "mask_type": self.mask_type,
            "num_channels": self.num_channels,
            "bias_initializer": keras.initializers.serialize(self.bias_initializer),
        }

    def _kernel(self):
        kernel = ops.cast(self.kernel, self.compute_dtype)
        return (
            kernel if self.mask is None else kernel * ops.cast(self.mask, kernel.dtype)
        )

    def _channel_mask(self, features):
        source = np.arange(features) * self.num_channels // features
        target = np.arange(self.filters) * self.num_channels // self.filters
        if self.mask_type == "A":
            return source[:, None] < target
        return source[:, None] <= target
