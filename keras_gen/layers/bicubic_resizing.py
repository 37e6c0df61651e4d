"""Bicubic interpolation by a factor, as products with two matrices."""

import functools

import keras
import numpy as np
from keras import ops

from keras_gen.arguments import check_count, shown


@keras.saving.register_keras_serializable(package="keras_gen")
class BicubicResizing(keras.layers.Layer):
    """Makes images larger or smaller by bicubic interpolation.

    The kernel is that of Keys with `a = -0.5`. If images become smaller it is stretched
    by the factor, against aliasing. Beyond its edges an image is mirrored. So it is
    what `imresize` of MATLAB does, by which most numbers of super-resolution were
    measured. Other programs use other kernels, so numbers that were measured with them
    cannot be compared.

    Args:
        up: Integer of at least 1, by which the sides are multiplied.
        down: Integer of at least 1, by which the sides are divided. They must be
            divisible.

    Raises:
        ValueError: If an argument is wrong, or the sides of images are unknown or
            cannot be divided.

    Reference:
        Keys, "Cubic convolution interpolation for digital image processing", 1981,
        doi:10.1109/TASSP.1981.1163711.

    Example:
    >>> import numpy as np
    >>> from keras_gen.layers import BicubicResizing
    >>> BicubicResizing(down=4)(np.ones((2, 8, 12, 3), "float32")).shape
    TensorShape([2, 2, 3, 3])
    """

    def __init__(self, up=1, down=1, **kwargs):
        super().__init__(**kwargs)
        check_count(up, "up", 1)
        check_count(down, "down", 1)
        self.up, self.down = up, down
        self.built = True

    def call(self, images):
        _, new_height, new_width, channels = self.compute_output_shape(images.shape)
        height, width = images.shape[1:3]
        down = ops.convert_to_tensor(weights(height, new_height), images.dtype)
        along = ops.convert_to_tensor(weights(width, new_width), images.dtype)
        # Products of the last two axes alone: all backends and TFLite have them.
        lines = ops.reshape(images, (-1, height, width * channels))
        lines = ops.reshape(ops.matmul(down, lines), (-1, width, channels))
        shape = (-1, new_height, new_width, channels)
        return ops.reshape(ops.matmul(along, lines), shape)

    def compute_output_shape(self, input_shape) -> tuple:
        sides = tuple(input_shape[1:3])
        is_known = len(input_shape) == 4 and None not in input_shape[1:]
        if not is_known or any(side * self.up % self.down for side in sides):
            raise ValueError(
                "`images` must have shape (batch, height, width, channels), with sides "
                f"that can be divided by {self.down}. Received: "
                f"{shown(tuple(input_shape))}"
            )
        new = (side * self.up // self.down for side in sides)
        return (input_shape[0], *new, input_shape[3])

    def get_config(self) -> dict:
        return {**super().get_config(), "up": self.up, "down": self.down}


@functools.lru_cache(maxsize=32)
def weights(size, new_size):
    """The matrix from the values of a line to those of the resized line.

    Args:
        size: Integer, the values of a line.
        new_size: Integer.

    Returns:
        Float32 array of shape `(new_size, size)`, whose rows sum to 1.
    """
    scale = size / new_size
    stretch = max(scale, 1.0)
    centres = (np.arange(new_size) + 0.5) * scale - 0.5
    reach = int(np.ceil(2 * stretch)) + 1
    taps = np.floor(centres)[:, None].astype(int) + np.arange(-reach, reach + 1)
    values = _cubic((centres[:, None] - taps) / stretch)
    values /= values.sum(axis=1, keepdims=True)
    # The mirrored line has period 2 * size: 0 1 2 2 1 0 0 1 ...
    taps = taps % (2 * size)
    taps = np.minimum(taps, 2 * size - 1 - taps)
    matrix = np.zeros((new_size, size))
    np.add.at(matrix, (np.arange(new_size)[:, None], taps), values)
    return matrix.astype(np.float32)


def _cubic(distance):
    size = np.abs(distance)
    near = 1.5 * size**3 - 2.5 * size**2 + 1
    far = -0.5 * size**3 + 2.5 * size**2 - 4 * size + 2
    return np.where(size <= 1, near, np.where(size < 2, far, 0.0))
