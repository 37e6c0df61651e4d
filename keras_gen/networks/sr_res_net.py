"""The generator of SRGAN."""

import keras
from keras import layers

from keras_gen.arguments import check_image_shape, check_sizes, shown
from keras_gen.layers import BicubicResizing, SubPixelConv2D


def sr_res_net(
    image_shape, scale=4, filters=64, num_blocks=16, name="sr_res_net"
) -> keras.Model:
    """Residual blocks in low resolution, then sub-pixel convolutions that double it.

    The network adds to the bicubic interpolation of its input, which it equals
    initially: its last convolution begins with zeros. (The paper has no such sum.)

    Args:
        image_shape: Tuple `(height, width, channels)` of the inputs. The weights do not
            depend on height and width: `network.set_weights()` takes those of a network
            for images of another size.
        scale: Integer, a power of 2 of at least 2, by which height and width grow.
        filters: Integer, the channels of the convolutions.
        num_blocks: Integer, the residual blocks, of two convolutions each.
        name: String, the name of the network.

    Returns:
        A built `keras.Model` from images to larger images.

    Raises:
        ValueError: If a size is not a positive integer, or `scale` is no power of 2.

    Reference:
        [Photo-Realistic Single Image Super-Resolution Using a Generative Adversarial
        Network](https://arxiv.org/abs/1609.04802), 2017, figure 4.

    Example:
    >>> from keras_gen.networks import sr_res_net
    >>> sr_res_net((24, 16, 3), 4, filters=8, num_blocks=2).output_shape
    (None, 96, 64, 3)
    """
    check_image_shape(image_shape)
    check_sizes("filters", (filters,))
    check_sizes("num_blocks", (num_blocks,))
    check_sizes("scale", (scale,))
    if scale < 2 or scale & (scale - 1):
        raise ValueError(f"`scale` must be 2, 4, 8 ... Received: {shown(scale)}")
    inputs = keras.Input(tuple(image_shape), name="images")
    x = layers.Conv2D(filters, 9, padding="same", name="first")(inputs)
    first = x = _prelu("first_prelu")(x)
    for index in range(num_blocks):
        before = x
        x = _normalized(filters, f"block_{index}_0")(x)
        x = _prelu(f"block_{index}_prelu")(x)
        x = _normalized(filters, f"block_{index}_1")(x)
        x = layers.Add(name=f"block_{index}_sum")([before, x])
    x = _normalized(filters, "last_of_trunk")(x)
    x = layers.Add(name="trunk")([first, x])
    for index in range(scale.bit_length() - 1):
        x = SubPixelConv2D(filters, 2, name=f"double_{index}")(x)
        x = _prelu(f"double_{index}_prelu")(x)
    residual = layers.Conv2D(
        image_shape[2], 9, padding="same", kernel_initializer="zeros", name="residual"
    )(x)
    interpolated = BicubicResizing(up=scale, name="bicubic")(inputs)
    outputs = layers.Add(name="outputs")([interpolated, residual])
    return keras.Model(inputs, outputs, name=name)


def _prelu(name):
    return layers.PReLU(shared_axes=[1, 2], name=name)


def _normalized(filters, name):
    """A convolution without a bias, and batch normalization."""
    conv = layers.Conv2D(filters, 3, padding="same", use_bias=False, name=name)
    norm = layers.BatchNormalization(name=f"{name}_norm")
    return lambda x: norm(conv(x))
