"""A window of an image that attention places: a grid of Gaussian filters."""

import math

import keras
from keras import ops

from keras_gen.arguments import check_count, check_sizes, shown
from keras_gen.layers.flow_layer import bounded

# Of the logarithms of variance, distance and gain.
_LARGEST_LOG = 10.0


@keras.saving.register_keras_serializable(package="keras_gen")
class AttentionWindow(keras.layers.Layer):
    """A grid of `size x size` filters on an image, placed by a state.

    A dense layer on the state gives the centre of the grid, the distance between two
    filters, their variance and a gain. `call()` returns the window, `read()` the patch
    of an image that the filters see, and `write()` an image with a patch at their
    place. The filters of an axis are normalized, so each is a mean over pixels.

    A state of zeros places the grid over the whole image. If it is as large as the
    image and the variance is near 0, it reads and writes pixel by pixel.

    Args:
        image_size: Tuple `(height, width)`.
        size: Integer of at least 1, the filters of an axis, at most the shorter side of
            the image.

    Raises:
        ValueError: If a size is wrong, or the window larger than the image.

    Reference:
        Gregor et al., DRAW: A Recurrent Neural Network For Image Generation, 2015
        (arXiv:1502.04623), section 3.2.

    Example:
    >>> import numpy as np
    >>> from keras_gen.layers import AttentionWindow
    >>> attention = AttentionWindow((28, 28), size=5)
    >>> window = attention(np.zeros((2, 16)))
    >>> patches = attention.read(np.ones((2, 28, 28, 1)), window)
    >>> tuple(patches.shape), tuple(attention.write(patches, window).shape)
    ((2, 5, 5, 1), (2, 28, 28, 1))
    """

    def __init__(self, image_size, size, **kwargs):
        # Filters of half precision would not sum to 1.
        super().__init__(autocast=False, **kwargs)
        check_sizes("image_size", image_size)
        check_count(size, "size", 1)
        if len(image_size) != 2 or size > min(image_size):
            raise ValueError(
                "`size` must be at most the height and width of `image_size`. "
                f"Received: size={size} and image_size={shown(tuple(image_size))}"
            )
        self.image_size = tuple(image_size)
        self.size = size
        self.dense = keras.layers.Dense(5, dtype="float32", name="placement")

    def build(self, state_shape) -> None:
        self.dense.build(state_shape)

    def call(self, state):
        y, x, distance, variance, gain = self.placement(state)
        height, width = self.image_size
        rows = self._filters(y, distance, variance, height)
        columns = self._filters(x, distance, variance, width)
        return rows, columns, gain

    def placement(self, state):
        """Where a state places the window, in pixels.

        Args:
            state: Tensor of shape `(batch, units)`.

        Returns:
            Tuple of float32 tensors of shape `(batch,)`: the row and column of the
            centre, counted from 1, the distance between filters, their variance, and
            the gain.
        """
        found = ops.unstack(self.dense(ops.cast(state, "float32")), axis=-1)
        x, y, *logs = found
        variance, distance, gain = (ops.exp(bounded(v, _LARGEST_LOG)) for v in logs)
        height, width = self.image_size
        y, x = 0.5 * (height + 1) * (y + 1.0), 0.5 * (width + 1) * (x + 1.0)
        whole = (max(height, width) - 1) / max(self.size - 1, 1)
        return y, x, whole * distance, variance, gain

    def read(self, images, window):
        """The patch of images that the filters see, times the gain.

        Args:
            images: Tensor of shape `(batch, height, width, channels)`.
            window: What `call()` returned.

        Returns:
            Float32 tensor of shape `(batch, size, size, channels)`.
        """
        rows, columns, gain = window
        patches = _through(images, rows, columns)
        return ops.reshape(gain, (-1, 1, 1, 1)) * patches

    def write(self, patches, window):
        """Images with a patch at the place of the filters, divided by the gain.

        Args:
            patches: Tensor of shape `(batch, size, size, channels)`.
            window: What `call()` returned.

        Returns:
            Float32 tensor of shape `(batch, height, width, channels)`.
        """
        rows, columns, gain = window
        rows, columns = (ops.transpose(part, (0, 2, 1)) for part in (rows, columns))
        images = _through(patches, rows, columns)
        return images / ops.reshape(gain, (-1, 1, 1, 1))

    def compute_output_shape(self, state_shape) -> tuple:
        height, width = self.image_size
        batch = state_shape[0]
        return (batch, self.size, height), (batch, self.size, width), (batch,)

    def _filters(self, centre, distance, variance, length):
        """The filters of an axis, of shape `(batch, size, length)`."""
        places = ops.arange(self.size, dtype="float32") - 0.5 * (self.size - 1)
        means = centre[:, None] + places * distance[:, None]
        pixels = ops.arange(1, length + 1, dtype="float32")
        squares = ops.square(pixels - means[..., None])
        # As a softmax the filters sum to 1 wherever they are, also beyond the image.
        return ops.softmax(-0.5 * squares / variance[:, None, None], axis=-1)

    def get_config(self) -> dict:
        config = {"image_size": self.image_size, "size": self.size}
        return {**super().get_config(), **config}


def _through(images, rows, columns):
    """Matrices applied to both axes of images.

    Args:
        images: Tensor of shape `(batch, height, width, channels)`.
        rows: Tensor of shape `(batch, n, height)`.
        columns: Tensor of shape `(batch, m, width)`.

    Returns:
        Tensor of shape `(batch, n, m, channels)`.
    """
    once = _along(ops.transpose(ops.cast(images, "float32"), (0, 2, 1, 3)), columns)
    return _along(ops.transpose(once, (0, 2, 1, 3)), rows)


def _along(images, matrices):
    """Matrices applied to the first axis of images, which the batch comes before."""
    _, length, *others = images.shape
    flat = ops.reshape(images, (-1, length, math.prod(others)))
    return ops.reshape(ops.matmul(matrices, flat), (-1, matrices.shape[1], *others))
