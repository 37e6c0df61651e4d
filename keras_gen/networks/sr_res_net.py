"""The generator of SRGAN."""

import keras
from keras import layers

from keras_gen.arguments import check_image_shape, check_sizes, shown
from keras_gen.layers import BicubicResizing, SubPixelConv2D
from keras_gen.networks.normalization import normalized


def sr_res_net(
    image_shape,
    scale=4,
    filters=64,
    num_blocks=16,
    normalization=layers.BatchNormalization,
    name="sr_res_net",
) -> keras.Model:
    """Residual blocks in low resolution, then sub-pixel convolutions that double it.

    The network adds to the bicubic interpolation of its input, which it equals
    initially: its last convolution begins with zeros.

    NOTE: The paper has no such sum. Here the convolutions also get inputs in [-1, 1]
    instead of [0, 1], and their result is multiplied by 0.1.

    Args:
        image_shape: Tuple `(height, width, channels)` of the inputs. The weights do not
            depend on height and width: `network.set_weights()` takes those of a network
            for images of another size.
        scale: Integer, a power of 2 of at least 2, by which height and width grow.
        filters: Integer, the channels of the convolutions.
        num_blocks: Integer, the residual blocks, of two convolutions each.
        normalization: Function without arguments that returns a new layer, or `None`
            for no normalization, with which short trainings go much faster (Lim et al.
            2017, arXiv:1707.02921, leave it out too). Convolutions before a
            normalization have no bias.
        name: String, the name of the network.

    Returns:
        A built `keras.Model` from images to larger images.

    Raises:
        ValueError: If a size is not a positive integer, `scale` is no power of 2, or
            `normalization` does not return a layer.

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
    x = layers.Rescaling(2.0, -1.0, name="centred")(inputs)
    x = layers.Conv2D(filters, 9, padding="same", name="first")(x)
    first = x = _prelu("first_prelu")(x)
    for index in range(num_blocks):
        before = x
        x = _convolved(x, filters, normalization, f"block_{index}_0")
        x = _prelu(f"block_{index}_prelu")(x)
        x = _convolved(x, filters, normalization, f"block_{index}_1")
        x = layers.Add(name=f"block_{index}_sum")([before, x])
    x = _convolved(x, filters, normalization, "last_of_trunk")
    x = layers.Add(name="trunk")([first, x])
    for index in range(scale.bit_length() - 1):
        x = SubPixelConv2D(filters, 2, name=f"double_{index}")(x)
        x = _prelu(f"double_{index}_prelu")(x)
    residual = layers.Conv2D(
        image_shape[2], 9, padding="same", kernel_initializer="zeros", name="residual"
    )(x)
    residual = layers.Rescaling(0.1, name="small_residual")(residual)
    interpolated = BicubicResizing(up=scale, name="bicubic")(inputs)
    outputs = layers.Add(name="outputs")([interpolated, residual])
    return keras.Model(inputs, outputs, name=name)


def _prelu(name):
    return layers.PReLU(shared_axes=[1, 2], name=name)


def _convolved(x, filters, normalization, name):
    """A convolution and its normalization."""
    use_bias = normalization is None
    conv = layers.Conv2D(filters, 3, padding="same", use_bias=use_bias, name=name)
    return normalized(conv(x), normalization)
