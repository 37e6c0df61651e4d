"""The residual generator and discriminator of BigGAN, for small images.

Reference: Brock et al., Large Scale GAN Training for High Fidelity Natural Image
Synthesis, 2018 (arXiv:1809.11096), section 3 and appendix B.
"""

import math

import keras
from keras import layers, ops

from keras_gen.arguments import check_count
from keras_gen.layers import (
    ConditionalBatchNormalization,
    SpectralNormalization,
    SymbolEmbedding,
)
from keras_gen.networks.checks import smallest_sides


def big_gan_generator(
    latent_dim,
    filters,
    image_shape,
    num_classes,
    embedding_dim=32,
    name="generator",
) -> keras.Model:
    """A dense layer, then residual blocks that double the image.

    The latents are split into equal parts, the first for the dense layer and one for
    each block. All blocks share one embedding of the class, the layer
    `"class_embedding"`. Of its vector and the block's own latents, linear layers make
    the gains and offsets of the two conditional batch normalizations of a block.
    Kernels are spectrally normalized, and orthogonal at first. The embedding is
    neither.

    NOTE: There is no attention, which the paper has for larger images.

    Args:
        latent_dim: Integer, the size of the latents, a multiple of `len(filters)`.
        filters: List of integers: the channels after the dense layer, then those of
            each block, at least one.
        image_shape: Tuple `(height, width, channels)` of the outputs. Height and width
            must be divisible by `2 ** (len(filters) - 1)`.
        num_classes: Integer of at least 2.
        embedding_dim: Integer, the size of the shared embedding; 128 in the paper.
        name: String, the name of the network.

    Returns:
        A built `keras.Model` from `[latents, labels]` to images in [-1, 1].

    Raises:
        ValueError: If a size is wrong, the image cannot be halved that often, or
            `latent_dim` cannot be split.

    Example:
    >>> from keras_gen.networks import big_gan_generator
    >>> big_gan_generator(60, [64, 32, 16], (28, 28, 1), 10).output_shape
    (None, 28, 28, 1)
    """
    check_count(latent_dim, "latent_dim", 1)
    check_count(num_classes, "num_classes", 2)
    check_count(embedding_dim, "embedding_dim", 1)
    smallest = (*smallest_sides(image_shape, filters, num_whole=1), filters[0])
    _check_blocks(filters)
    if latent_dim % len(filters):
        raise ValueError(
            "`latent_dim` must be a multiple of the number of `filters`, so that each "
            "layer of them gets as many latents. Received: "
            f"{latent_dim} latents and {len(filters)} filters"
        )
    latents = keras.Input((latent_dim,), name="latents")
    labels = keras.Input((), dtype="int32", name="labels")
    embedding = SymbolEmbedding(
        num_classes, embedding_dim, embedding_dim**-0.5, name="class_embedding"
    )
    code = embedding(labels)
    first, *parts = ops.split(latents, len(filters), axis=1)
    x = _dense(math.prod(smallest), "projection")(first)
    x = layers.Reshape(smallest, name="reshape")(x)
    for index, (channels, part) in enumerate(zip(filters[1:], parts, strict=True)):
        condition = layers.Concatenate(name=f"condition_{index}")([code, part])
        x = _generator_block(x, condition, channels, f"block_{index}")
    x = layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name="last_norm")(x)
    x = layers.ReLU(name="last_relu")(x)
    x = _convolution(image_shape[2], 3, "pixels")(x)
    x = layers.Activation("tanh", name="outputs")(x)
    return keras.Model([latents, labels], x, name=name)


def big_gan_discriminator(
    image_shape, filters, num_classes, output_bias=True, name="discriminator"
) -> keras.Model:
    """Residual blocks, then a score of the features and one of their class.

    All blocks but the last halve the image. The features are sums over all positions.
    A projection compares them with the class: to a linear score of the features their
    product with a learned vector of the class is added. All kernels and the table of
    these vectors are spectrally normalized. Initial kernels are orthogonal.

    NOTE: There is no attention, which the paper has for larger images.

    Args:
        image_shape: Tuple `(height, width, channels)` of the inputs. Height and width
            must be divisible by `2 ** (len(filters) - 1)`.
        filters: List of integers, the channels of each block, at least two.
        num_classes: Integer of at least 2.
        output_bias: Boolean, whether the score has a bias.
        name: String, the name of the network.

    Returns:
        A built `keras.Model` from `[images, labels]` to scores of shape `(1,)`.

    Raises:
        ValueError: If a size is wrong or the image cannot be halved that often.

    Reference:
        The projection: Miyato and Koyama, cGANs with Projection Discriminator, 2018
        (arXiv:1802.05637), eq. 3.

    Example:
    >>> from keras_gen.networks import big_gan_discriminator
    >>> big_gan_discriminator((28, 28, 1), [16, 32, 32], 10).output_shape
    (None, 1)
    """
    check_count(num_classes, "num_classes", 2)
    smallest_sides(image_shape, filters, num_whole=1)
    _check_blocks(filters)
    images = x = keras.Input(tuple(image_shape), name="images")
    labels = keras.Input((), dtype="int32", name="labels")
    for index, channels in enumerate(filters):
        halves = index < len(filters) - 1
        x = _discriminator_block(x, channels, index > 0, halves, f"block_{index}")
    x = layers.ReLU(name="last_relu")(x)
    features = ops.sum(x, axis=(1, 2))
    table = SymbolEmbedding(num_classes, filters[-1], name="class_table")
    direction = SpectralNormalization(table, name="class_direction")(labels)
    of_class = layers.Dot(axes=1, name="projection")([direction, features])
    score = _dense(1, "score", use_bias=output_bias)(features)
    outputs = layers.Add(name="outputs")([score, of_class])
    return keras.Model([images, labels], outputs, name=name)


def _generator_block(x, condition, channels, name):
    def normalized(x, place):
        parts = [
            _dense(x.shape[-1], f"{name}_{part}_{place}", use_bias=False)(condition)
            for part in ("gains", "offsets")
        ]
        norm = ConditionalBatchNormalization(name=f"{name}_norm_{place}")(x, *parts)
        return layers.ReLU(name=f"{name}_relu_{place}")(norm)

    # Without biases: each would be taken away by a later normalization.
    change = layers.UpSampling2D(name=f"{name}_up")(normalized(x, 0))
    change = _convolution(channels, 3, f"{name}_conv_0", use_bias=False)(change)
    change = normalized(change, 1)
    change = _convolution(channels, 3, f"{name}_conv_1", use_bias=False)(change)
    shortcut = layers.UpSampling2D(name=f"{name}_shortcut_up")(x)
    shortcut = _convolution(channels, 1, f"{name}_shortcut", use_bias=False)(shortcut)
    return layers.Add(name=f"{name}_sum")([shortcut, change])


def _discriminator_block(x, channels, is_activated, halves, name):
    change = layers.ReLU(name=f"{name}_relu_0")(x) if is_activated else x
    change = _convolution(channels, 3, f"{name}_conv_0")(change)
    change = layers.ReLU(name=f"{name}_relu_1")(change)
    change = _convolution(channels, 3, f"{name}_conv_1")(change)
    shortcut = x
    if halves or x.shape[-1] != channels:
        # The convolution of the sum has a bias already.
        convolution = _convolution(channels, 1, f"{name}_shortcut", use_bias=False)
        shortcut = convolution(x)
    total = layers.Add(name=f"{name}_sum")([shortcut, change])
    return layers.AveragePooling2D(2, name=f"{name}_down")(total) if halves else total


def _dense(units, name, use_bias=True):
    initializer = keras.initializers.Orthogonal()
    dense = layers.Dense(units, use_bias=use_bias, kernel_initializer=initializer)
    return SpectralNormalization(dense, name=name)


def _convolution(channels, kernel_size, name, use_bias=True):
    convolution = layers.Conv2D(
        channels,
        kernel_size,
        padding="same",
        use_bias=use_bias,
        kernel_initializer=keras.initializers.Orthogonal(),
    )
    return SpectralNormalization(convolution, name=name)


def _check_blocks(filters):
    if len(filters) < 2:
        raise ValueError(
            f"`filters` must hold at least two integers. Received: {filters}"
        )
