"""Translators of residual blocks between two convolutions that halve and double.

Reference: Johnson et al., Perceptual Losses for Real-Time Style Transfer, 2016
(arXiv:1603.08155); Zhu et al., Unpaired Image-to-Image Translation using
Cycle-Consistent Adversarial Networks, 2017 (arXiv:1703.10593), section 7.2.
"""

import keras
from keras import layers

from keras_gen.arguments import check_count
from keras_gen.networks.checks import smallest_sides
from keras_gen.networks.normalization import instance_normalization, normalized


def residual_generator(
    image_shape,
    filters,
    num_blocks,
    output_channels=None,
    normalization=instance_normalization,
    output_activation="tanh",
    name="generator",
) -> keras.Model:
    """A translator of images: convolutions, residual blocks, transposed convolutions.

    The first convolution has a kernel of 7 pixels; each further one halves the image. A
    block adds to its inputs what two convolutions of 3 pixels make of them. Then the
    image is doubled as often, and a convolution of 7 pixels gives the outputs. All
    layers but the last are normalized and followed by ReLU, but for the second of a
    block. Initial weights are normal with a standard deviation of 0.02.

    NOTE: Edges are padded with zeros. The paper reflects them.

    Args:
        image_shape: Tuple `(height, width, channels)` of the inputs. Height and width
            must be divisible by `2 ** (len(filters) - 1)`.
        filters: List of integers, the channels at each size. The paper has 64, 128 and
            256.
        num_blocks: Integer of at least 0, the residual blocks; 6 in the paper for
            images of 128 pixels, and 9 for larger ones.
        output_channels: Optional integer, the channels of the outputs. Defaults to
            those of the inputs.
        normalization: Function without arguments that returns a new layer, or `None`
            for no normalization. Layers before a normalization have no bias.
        output_activation: Activation of the outputs.
        name: String, the name of the network.

    Returns:
        A built `keras.Model` from images to images of the same height and width.

    Raises:
        ValueError: If a size is wrong, the image cannot be halved that often, or
            `normalization` does not return a layer.

    Example:
    >>> from keras_gen.networks import residual_generator
    >>> residual_generator((32, 32, 3), [8, 16], 2, output_channels=1).output_shape
    (None, 32, 32, 1)
    """
    smallest_sides(image_shape, filters, num_whole=1)
    check_count(num_blocks, "num_blocks", 0)
    output_channels = image_shape[2] if output_channels is None else output_channels
    check_count(output_channels, "output_channels", 1)
    use_bias = normalization is None

    def conv(x, kind, channels, kernel_size, strides, name, relu=True):
        layer = kind(
            channels,
            kernel_size,
            strides,
            "same",
            use_bias=use_bias,
            kernel_initializer=keras.initializers.RandomNormal(stddev=0.02),
            name=name,
        )
        x = normalized(layer(x), normalization)
        return layers.ReLU(name=f"{name}_relu")(x) if relu else x

    inputs = keras.Input(tuple(image_shape), name="images")
    x = conv(inputs, layers.Conv2D, filters[0], 7, 1, "first")
    for index, channels in enumerate(filters[1:]):
        x = conv(x, layers.Conv2D, channels, 3, 2, f"down_{index}")
    for index in range(num_blocks):
        name = f"block_{index}"
        change = conv(x, layers.Conv2D, filters[-1], 3, 1, f"{name}_a")
        change = conv(change, layers.Conv2D, filters[-1], 3, 1, f"{name}_b", False)
        x = layers.Add(name=f"{name}_sum")([x, change])
    for index, channels in enumerate(filters[-2::-1]):
        x = conv(x, layers.Conv2DTranspose, channels, 3, 2, f"up_{index}")
    x = layers.Conv2D(
        output_channels,
        7,
        1,
        "same",
        activation=output_activation,
        kernel_initializer=keras.initializers.RandomNormal(stddev=0.02),
        name="outputs",
    )(x)
    return keras.Model(inputs, x, name=name)
