"""Sub-pixel convolution (Shi et al., 2016)."""

import keras
from keras import layers, ops

from keras_gen.arguments import check_sizes


def pixel_shuffle(images, scale):
    """Moves channels to pixels: each pixel becomes a square of `scale` by `scale`.

    Channel `(i * scale + j) * n + k` of a pixel becomes channel `k` of the pixel in row
    `i` and column `j` of its square, where `n` is the number of channels that are left.

    Args:
        images: Tensor of shape `(batch, height, width, scale**2 * n)`.
        scale: Integer.

    Returns:
        Tensor of shape `(batch, scale * height, scale * width, n)`.
    """
    _, height, width, channels = images.shape
    left = channels // scale**2
    # Only axes in their place: TensorFlow Lite transposes no six of them.
    lines = [
        ops.reshape(part, (-1, height, scale * width, left))
        for part in ops.split(images, scale, axis=-1)
    ]
    shape = (-1, scale * height, scale * width, left)
    return ops.reshape(ops.stack(lines, axis=2), shape)


@keras.saving.register_keras_serializable(package="keras_gen")
class SubPixelConv2D(layers.Layer):
    """A convolution in low resolution, whose channels become pixels.

    Initially all pixels of a square are equal, so that the layer is a convolution and
    the repetition of its pixels, without a checkerboard (Aitken et al. 2017,
    arXiv:1707.02937). The padding is `"same"`.

    Args:
        filters: Integer, the channels of the outputs.
        scale: Integer, by which height and width grow.
        kernel_size: Integer, the side of each kernel in pixels.

    Raises:
        ValueError: If an argument is not a positive integer.

    Reference:
        [Real-Time Single Image and Video Super-Resolution Using an Efficient Sub-Pixel
        Convolutional Neural Network](https://arxiv.org/abs/1609.05158), 2016, eq. 4.

    Example:
    >>> import numpy as np
    >>> from keras_gen.layers import SubPixelConv2D
    >>> SubPixelConv2D(5, 2)(np.ones((3, 8, 6, 4), "float32")).shape
    TensorShape([3, 16, 12, 5])
    """

    def __init__(self, filters, scale, kernel_size=3, **kwargs):
        super().__init__(**kwargs)
        check_sizes("filters", (filters,))
        check_sizes("scale", (scale,))
        check_sizes("kernel_size", (kernel_size,))
        self.filters, self.scale, self.kernel_size = filters, scale, kernel_size

    def build(self, input_shape) -> None:
        def equal_in_a_square(shape, dtype=None):
            first = keras.initializers.GlorotUniform()((*shape[:3], self.filters))
            return ops.cast(ops.tile(first, (1, 1, 1, self.scale**2)), dtype)

        size = (self.kernel_size, self.kernel_size)
        channels = self.filters * self.scale**2
        self.kernel = self.add_weight(
            shape=(*size, input_shape[-1], channels),
            initializer=equal_in_a_square,
            name="kernel",
        )
        self.bias = self.add_weight(shape=(channels,), initializer="zeros", name="bias")

    def call(self, images):
        outputs = ops.conv(images, self.kernel, padding="same") + self.bias
        return pixel_shuffle(outputs, self.scale)

    def compute_output_shape(self, input_shape) -> tuple:
        batch, height, width, _ = input_shape
        return (batch, self.scale * height, self.scale * width, self.filters)

    def get_config(self) -> dict:
        names = ("filters", "scale", "kernel_size")
        return {**super().get_config(), **{n: getattr(self, n) for n in names}}
