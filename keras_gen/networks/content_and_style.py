"""Networks of content and style: an encoder of content, and a decoder of both.

Reference: Huang et al., Multimodal Unsupervised Image-to-Image Translation, 2018
(arXiv:1804.04732), section 5.1 and appendix B.2.
"""

import keras
from keras import layers

from keras_gen.arguments import check_count, check_image_shape, check_sizes
from keras_gen.layers import AdaptiveInstanceNormalization
from keras_gen.networks.checks import smallest_sides
from keras_gen.networks.normalization import instance_normalization, normalized


def content_encoder(
    image_shape, filters, num_blocks, name="content_encoder"
) -> keras.Model:
    """Convolutions and residual blocks whose instance normalizations take style away.

    The first convolution has a kernel of 7 pixels; each further one has 4 and halves
    the image. A block adds to its inputs what two convolutions of 3 pixels make of
    them. All are normalized and followed by ReLU, but for the second of a block.

    Args:
        image_shape: Tuple `(height, width, channels)` of the inputs. Height and width
            must be divisible by `2 ** (len(filters) - 1)`.
        filters: List of integers, the channels at each size.
        num_blocks: Integer of at least 0, the residual blocks; 4 in the paper.
        name: String, the name of the network.

    Returns:
        A built `keras.Model` from images to content of shape `(rows, columns,
        filters[-1])`.

    Raises:
        ValueError: If a size is wrong or the image cannot be halved that often.

    Example:
    >>> from keras_gen.networks import content_encoder
    >>> content_encoder((32, 32, 3), [8, 16, 32], 2).output_shape
    (None, 8, 8, 32)
    """
    smallest_sides(image_shape, filters, num_whole=1)
    check_count(num_blocks, "num_blocks", 0)
    inputs = x = keras.Input(tuple(image_shape), name="images")
    for index, channels in enumerate(filters):
        size, stride = (7, 1) if index == 0 else (4, 2)
        x = _convolved(x, channels, size, stride, f"conv_{index}")
        x = layers.ReLU(name=f"relu_{index}")(normalized(x, instance_normalization))
    for index in range(num_blocks):
        change = _convolved(x, filters[-1], 3, 1, f"block_{index}_a")
        change = layers.ReLU()(normalized(change, instance_normalization))
        change = _convolved(change, filters[-1], 3, 1, f"block_{index}_b")
        change = normalized(change, instance_normalization)
        x = layers.Add(name=f"block_{index}")([x, change])
    return keras.Model(inputs, x, name=name)


def style_decoder(
    content_shape,
    style_dim,
    filters,
    num_blocks,
    image_channels,
    units=256,
    name="style_decoder",
) -> keras.Model:
    """Residual blocks that take means and deviations from a style, then an image.

    A network of two hidden layers of ReLUs makes of the style the mean and deviation of
    each channel after each convolution of the blocks. Then the image is doubled, by
    repeating pixels and a convolution of 5, once for each of `filters`, and a
    convolution of 7 pixels and tanh give the outputs. Doubled images are not
    normalized, where the paper normalizes them as a layer, over all channels at once.

    Args:
        content_shape: Tuple `(rows, columns, channels)` of the content.
        style_dim: Integer, the size of the style.
        filters: List of integers, the channels after each doubling; may be empty.
        num_blocks: Integer of at least 1, the residual blocks; 4 in the paper.
        image_channels: Integer, the channels of the outputs.
        units: Integer, the width of the hidden layers.
        name: String, the name of the network.

    Returns:
        A built `keras.Model` from a list `[content, style]` to images in [-1, 1].

    Raises:
        ValueError: If a size is wrong.

    Example:
    >>> from keras_gen.networks import style_decoder
    >>> style_decoder((8, 8, 32), 8, [16, 8], 2, 3).output_shape
    (None, 32, 32, 3)
    """
    check_image_shape(content_shape, "content_shape")
    sizes = {"style_dim": style_dim, "image_channels": image_channels, "units": units}
    for argument, size in (*sizes.items(), ("num_blocks", num_blocks)):
        check_count(size, argument, 1)
    check_sizes("filters", filters)
    content = x = keras.Input(tuple(content_shape), name="content")
    style = keras.Input((style_dim,), name="style")
    hidden = style
    for index in range(2):
        hidden = layers.Dense(units, "relu", name=f"hidden_{index}")(hidden)
    channels = content_shape[2]

    def told(x, name):
        means = layers.Dense(channels, name=f"{name}_mean")(hidden)
        # Near 1 at first.
        deviations = layers.Dense(
            channels, bias_initializer="ones", name=f"{name}_deviation"
        )(hidden)
        layer = AdaptiveInstanceNormalization(name=f"{name}_style")
        return layer(_convolved(x, channels, 3, 1, name), means, deviations)

    for index in range(num_blocks):
        change = layers.ReLU()(told(x, f"block_{index}_a"))
        x = layers.Add(name=f"block_{index}")([x, told(change, f"block_{index}_b")])
    for index, width in enumerate(filters):
        x = layers.UpSampling2D(name=f"double_{index}")(x)
        x = _convolved(x, width, 5, 1, f"up_{index}", use_bias=True)
        x = layers.ReLU(name=f"relu_{index}")(x)
    x = _convolved(x, image_channels, 7, 1, "outputs", True, "tanh")
    return keras.Model([content, style], x, name=name)


def _convolved(x, channels, size, stride, name, use_bias=False, activation=None):
    return layers.Conv2D(
        channels,
        size,
        stride,
        "same",
        use_bias=use_bias,
        activation=activation,
        kernel_initializer="he_normal",
        name=name,
    )(x)
