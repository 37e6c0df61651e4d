"""Convolutional encoders to vectors on a grid, and decoders from them."""

import keras
from keras import layers

from keras_gen.arguments import check_count, check_sizes
from keras_gen.networks.checks import smallest_sides


def grid_encoder(
    image_shape, filters, size, num_blocks=2, kernel_size=4, name="grid_encoder"
) -> keras.Model:
    """An encoder of convolutions that halve the image, and residual blocks.

    A residual block adds to its input a ReLU, a 3 x 3 convolution, a ReLU and a 1 x 1
    convolution of it.

    Args:
        image_shape: Tuple `(height, width, channels)`. Height and width must be
            divisible by `2 ** len(filters)`.
        filters: List of integers, the channels of each convolution.
        size: Integer, the size of the vectors.
        num_blocks: Integer of at least 0, the residual blocks after the convolutions.
        kernel_size: Integer, the side in pixels of the kernels that halve.
        name: String, the name of the network.

    Returns:
        A built `keras.Model` from images to vectors on a grid, of shape
        `(height, width, size)` with the sides of the image over `2 ** len(filters)`.

    Raises:
        ValueError: If a size is not a positive integer or the image cannot be halved
            that often.

    Reference:
        van den Oord, Vinyals and Kavukcuoglu, Neural Discrete Representation Learning,
        2017 (arXiv:1711.00937), section 4.1.
    """
    check_sizes("size", (size,))
    smallest_sides(image_shape, filters)
    inputs = x = keras.Input(tuple(image_shape), name="images")
    for index, channels in enumerate(filters):
        if index > 0:
            x = layers.ReLU(name=f"relu_{index}")(x)
        x = layers.Conv2D(channels, kernel_size, 2, "same", name=f"conv_{index}")(x)
    x = _blocks(x, num_blocks)
    return keras.Model(inputs, layers.Conv2D(size, 1, name="outputs")(x), name=name)


def grid_decoder(
    size, filters, image_shape, num_blocks=2, kernel_size=4, name="grid_decoder"
) -> keras.Model:
    """A decoder of residual blocks, and transposed convolutions that double the grid.

    Args:
        size: Integer, the size of the vectors.
        filters: List of integers, the input channels of each transposed convolution.
        image_shape: Tuple `(height, width, channels)` of the outputs. Height and width
            must be divisible by `2 ** len(filters)`.
        num_blocks: Integer of at least 0, the residual blocks before them; see
            `grid_encoder()`.
        kernel_size: Integer, the side in pixels of the kernels that double.
        name: String, the name of the network.

    Returns:
        A built `keras.Model` from vectors on a grid to images.

    Raises:
        ValueError: If a size is not a positive integer or the grid cannot be doubled to
            that image.
    """
    check_sizes("size", (size,))
    height, width = smallest_sides(image_shape, filters)
    inputs = keras.Input((height, width, size), name="vectors")
    x = layers.Conv2D(filters[0], 3, padding="same", name="conv_in")(inputs)
    x = _blocks(x, num_blocks)
    for index, channels in enumerate(filters[1:]):
        x = layers.Conv2DTranspose(
            channels,
            kernel_size,
            2,
            "same",
            activation="relu",
            name=f"conv_{index}",
        )(x)
    channels = image_shape[-1]
    x = layers.Conv2DTranspose(channels, kernel_size, 2, "same", name="outputs")(x)
    return keras.Model(inputs, x, name=name)


def _blocks(x, num_blocks):
    """Residual blocks, and a ReLU after the last."""
    check_count(num_blocks, "num_blocks", 0)
    channels = x.shape[-1]
    for index in range(num_blocks):
        name = f"block_{index}"
        new = layers.ReLU(name=f"{name}_relu_0")(x)
        new = layers.Conv2D(channels, 3, padding="same", name=f"{name}_conv_0")(new)
        new = layers.ReLU(name=f"{name}_relu_1")(new)
        new = layers.Conv2D(channels, 1, name=f"{name}_conv_1")(new)
        x = layers.Add(name=f"{name}_add")([x, new])
    return layers.ReLU(name="relu_of_blocks")(x)
