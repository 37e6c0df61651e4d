"""The growing generator and discriminator of the progressive GAN.

Reference: Karras et al., Progressive Growing of GANs for Improved Quality, Stability,
and Variation, 2017 (arXiv:1710.10196), table 2.
"""

import keras
from keras import layers

from keras_gen.arguments import check_count, check_image_shape, check_sizes, shown
from keras_gen.layers import (
    EqualizedLearningRate,
    GrowingDecoder,
    GrowingEncoder,
    MinibatchStandardDeviation,
    PixelNormalization,
)
from keras_gen.networks.labels import with_labels

_SMALLEST = 4


def progressive_generator(
    latent_dim,
    filters,
    image_shape,
    output_activation=None,
    num_classes=None,
    name="generator",
) -> keras.Model:
    """Latents to images, through blocks that double the image and can be faded in.

    A dense layer and a convolution make the features of images of 4 x 4 pixels. A block
    repeats pixels and has two convolutions. Kernels have 3 x 3 pixels and an equalized
    learning rate; each layer is followed by a leaky ReLU of slope 0.2 and pixel
    normalization, as the latents are. A convolution of one pixel turns the features of
    each size into an image. The network is fully grown until `ProgressiveGAN` sets its
    growth, so it can be given to any game.

    Args:
        latent_dim: Integer, the size of the input vector.
        filters: List of integers, the channels of features of 4 x 4, 8 x 8, ... pixels.
        image_shape: Tuple `(height, width, channels)` of the outputs. Height and width
            must be `4 * 2 ** (len(filters) - 1)`.
        output_activation: Activation of the images; none in the paper.
        num_classes: Optional integer of at least 2. If given, the network takes a list
            `[inputs, labels]`, and the one-hot label is concatenated to the inputs.
        name: String, the name of the network.

    Returns:
        A built `keras.Model` from vectors of shape `(latent_dim,)` to images.

    Raises:
        ValueError: If a size is wrong, or the image does not halve to 4 x 4 pixels.

    Example:
    >>> from keras_gen.networks import progressive_generator
    >>> progressive_generator(8, [16, 8, 4], (16, 16, 3)).output_shape
    (None, 16, 16, 3)
    """
    check_count(latent_dim, "latent_dim", 1)
    _check_halves(image_shape, filters)
    inputs = keras.Input((latent_dim,), name="latents")
    inputs, x = with_labels(inputs, num_classes)
    x = PixelNormalization(name="pixel_norm")(x)
    x = _dense(_SMALLEST**2 * filters[0], "projection")(x)
    x = layers.Reshape((_SMALLEST, _SMALLEST, filters[0]), name="reshape")(x)
    x = _normalized(_active(x, "projection"), "projection")
    x = _normalized(_active(_conv(filters[0], 3, "first")(x), "first"), "first")
    blocks, heads = [], []
    for stage, channels in enumerate(filters):
        side = _SMALLEST * 2**stage
        features = keras.Input((side, side, channels))
        head = _conv(image_shape[2], 1, "image", 1.0, output_activation)
        heads.append(keras.Model(features, head(features), name=f"head_{stage}"))
        if stage == len(filters) - 1:
            break
        y = layers.UpSampling2D(name="repeat")(features)
        for part in ("a", "b"):
            y = _conv(filters[stage + 1], 3, part)(y)
            y = _normalized(_active(y, part), part)
        blocks.append(keras.Model(features, y, name=f"block_{stage}"))
    images = GrowingDecoder(blocks, heads, name="images")(x)
    return keras.Model(inputs, images, name=name)


def progressive_discriminator(
    image_shape, filters, group_size=4, num_classes=None, name="discriminator"
) -> keras.Model:
    """Images to one score, through blocks that halve the image and can be faded in.

    A convolution of one pixel turns an image of each size into features. A block has
    two convolutions and takes the mean of each square of 2 x 2 pixels. At 4 x 4 pixels
    the standard deviation of the batch is added, before a convolution and two dense
    layers. All layers have an equalized learning rate and all but the last a leaky ReLU
    of slope 0.2. The network is fully grown until `ProgressiveGAN` sets its growth.

    Args:
        image_shape: Tuple `(height, width, channels)` of the inputs. Height and width
            must be `4 * 2 ** (len(filters) - 1)`.
        filters: List of integers, the channels of features of 4 x 4, 8 x 8, ... pixels.
        group_size: Integer of at least 1, how many examples of a batch are compared at
            a time, as for `keras_gen.layers.MinibatchStandardDeviation`; None for all.
        num_classes: Optional integer of at least 2. If given, the network takes a list
            `[inputs, labels]`, and the one-hot label is concatenated to the inputs.
        name: String, the name of the network.

    Returns:
        A built `keras.Model` from images to scores of shape `(1,)`.

    Raises:
        ValueError: If a size is wrong, or the image does not halve to 4 x 4 pixels.

    Example:
    >>> from keras_gen.networks import progressive_discriminator
    >>> progressive_discriminator((16, 16, 3), [16, 8, 4]).output_shape
    (None, 1)
    """
    _check_halves(image_shape, filters)
    inputs = keras.Input(tuple(image_shape), name="images")
    inputs, x = with_labels(inputs, num_classes)
    blocks, heads = [], []
    for stage, channels in enumerate(filters):
        side = _SMALLEST * 2**stage
        images = keras.Input((side, side, x.shape[-1]))
        y = _active(_conv(channels, 1, "features")(images), "features")
        heads.append(keras.Model(images, y, name=f"head_{stage}"))
        if stage == 0:
            continue
        features = keras.Input((side, side, channels))
        y = _active(_conv(channels, 3, "a")(features), "a")
        y = _active(_conv(filters[stage - 1], 3, "b")(y), "b")
        y = layers.AveragePooling2D(2, name="mean")(y)
        blocks.append(keras.Model(features, y, name=f"block_{stage - 1}"))
    x = GrowingEncoder(blocks, heads, name="features")(x)
    x = MinibatchStandardDeviation(group_size, name="deviation")(x)
    x = _active(_conv(filters[0], 3, "last")(x), "last")
    x = layers.Flatten(name="flatten")(x)
    x = _active(_dense(filters[0], "dense")(x), "dense")
    return keras.Model(inputs, _dense(1, "outputs", 1.0)(x), name=name)


def _conv(filters, kernel_size, name, gain=2**0.5, activation=None):
    conv = layers.Conv2D(
        filters, kernel_size, padding="same", activation=activation, name="conv"
    )
    return EqualizedLearningRate(conv, gain, name=name)


def _dense(units, name, gain=2**0.5):
    return EqualizedLearningRate(layers.Dense(units, name="dense"), gain, name=name)


def _active(x, name):
    return layers.LeakyReLU(0.2, name=f"{name}_leaky_relu")(x)


def _normalized(x, name):
    return PixelNormalization(name=f"{name}_pixel_norm")(x)


def _check_halves(image_shape, filters):
    check_image_shape(image_shape)
    check_sizes("filters", filters)
    if not filters:
        raise ValueError(
            f"`filters` must hold at least one integer. Received: {shown(filters)}"
        )
    side = _SMALLEST * 2 ** (len(filters) - 1)
    if tuple(image_shape[:2]) != (side, side):
        raise ValueError(
            "The height and width of `image_shape` must halve to 4 pixels once for "
            f"each of `filters` but one: {len(filters)} `filters` are for {side} x "
            f"{side} pixels. Received: {image_shape} and {shown(filters)}"
        )
