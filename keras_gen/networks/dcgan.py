"""The convolutional generator and discriminator of DCGAN.

Reference: Radford et al., Unsupervised Representation Learning with Deep Convolutional
Generative Adversarial Networks, 2015 (arXiv:1511.06434), section 3.
"""

import math

import keras
from keras import layers

from keras_gen.arguments import check_sizes
from keras_gen.networks.checks import smallest_sides
from keras_gen.networks.labels import with_labels
from keras_gen.networks.normalization import normalized


def dcgan_generator(
    latent_dim,
    filters,
    image_shape,
    kernel_size=5,
    normalization=layers.BatchNormalization,
    num_classes=None,
    name="generator",
) -> keras.Model:
    """A dense layer on the latents, then transposed convolutions that double the image.

    Each layer is followed by a normalization and ReLU, the last one by tanh. Initial
    weights are normal with a standard deviation of 0.02.

    Args:
        latent_dim: Integer, the size of the input vector.
        filters: List of integers, the input channels of each transposed convolution.
            The first are the output of the dense layer.
        image_shape: Tuple `(height, width, channels)` of the outputs. Height and width
            must be divisible by `2 ** len(filters)`.
        kernel_size: Integer, the side of each kernel in pixels.
        normalization: Function without arguments that returns a new layer, such as
            `keras.layers.BatchNormalization`, or `None` for no normalization. Layers
            before a normalization have no bias.
        num_classes: Optional integer of at least 2. If given, the network takes a list
            `[inputs, labels]`, and the one-hot label is concatenated to the inputs.
        name: String, the name of the network.

    Returns:
        A built `keras.Model` from vectors of shape `(latent_dim,)` to images in
        [-1, 1].

    Raises:
        ValueError: If a size is not a positive integer, the image cannot be halved that
            often, or `normalization` does not return a layer.

    Example:
    >>> from keras_gen.networks import dcgan_generator
    >>> dcgan_generator(100, [1024, 512, 256, 128], (64, 64, 3)).output_shape
    (None, 64, 64, 3)
    """
    check_sizes("latent_dim", (latent_dim,))
    check_sizes("kernel_size", (kernel_size,))
    smallest = (*smallest_sides(image_shape, filters), filters[0])
    use_bias = normalization is None
    inputs = keras.Input((latent_dim,), name="latents")
    inputs, x = with_labels(inputs, num_classes)
    x = layers.Dense(
        math.prod(smallest),
        use_bias=use_bias,
        kernel_initializer=_initializer(),
        name="projection",
    )(x)
    x = layers.Reshape(smallest, name="reshape")(x)
    x = layers.ReLU(name="relu_0")(normalized(x, normalization))
    for index, channels in enumerate(filters[1:], start=1):
        x = layers.Conv2DTranspose(
            channels,
            kernel_size,
            2,
            "same",
            use_bias=use_bias,
            kernel_initializer=_initializer(),
            name=f"conv_{index}",
        )(x)
        x = layers.ReLU(name=f"relu_{index}")(normalized(x, normalization))
    x = layers.Conv2DTranspose(
        image_shape[2],
        kernel_size,
        2,
        "same",
        activation="tanh",
        kernel_initializer=_initializer(),
        name="outputs",
    )(x)
    return keras.Model(inputs, x, name=name)


def dcgan_discriminator(
    image_shape,
    filters,
    kernel_size=5,
    normalization=layers.BatchNormalization,
    output_bias=True,
    num_classes=None,
    wrapper=None,
    hidden_units=None,
    name="discriminator",
) -> keras.Model:
    """Convolutions that halve the image, then one logit.

    Each convolution is followed by a normalization, except the first, and by a leaky
    ReLU of slope 0.2. Initial weights are normal with a standard deviation of 0.02.

    NOTE: Without `hidden_units`, as in the paper, the logit is a sum over the patches
    that outputs of the last convolution see. With few convolutions these are much
    smaller than the image, and no part of the network sees which patches go together.

    Args:
        image_shape: Tuple `(height, width, channels)` of the inputs. Height and width
            must be divisible by `2 ** len(filters)`.
        filters: List of integers, the channels of each convolution.
        kernel_size: Integer, the side of each kernel in pixels.
        normalization: Function without arguments that returns a new layer, such as
            `keras.layers.LayerNormalization`, or `None` for no normalization. Layers
            before a normalization have no bias.
        output_bias: Boolean, whether the logit has a bias. The bias of a Wasserstein
            discriminator has no gradient.
        num_classes: Optional integer of at least 2. If given, the network takes a list
            `[inputs, labels]`, and the one-hot label is concatenated to the inputs.
        wrapper: Optional function that takes each layer with a kernel and returns the
            layer to use, such as `keras_gen.layers.SpectralNormalization`.
        hidden_units: Optional integer, the units of a dense layer with a leaky ReLU
            before the logit, which sees the whole image.
        name: String, the name of the network.

    Returns:
        A built `keras.Model` from images to logits of shape `(1,)`.

    Raises:
        ValueError: If a size is not a positive integer, the image cannot be halved that
            often, or `normalization` does not return a layer.

    Example:
    >>> from keras_gen.networks import dcgan_discriminator
    >>> dcgan_discriminator((28, 28, 1), [64, 128], normalization=None).output_shape
    (None, 1)
    """
    check_sizes("kernel_size", (kernel_size,))
    if hidden_units is not None:
        check_sizes("hidden_units", (hidden_units,))
    smallest_sides(image_shape, filters)
    inputs = keras.Input(tuple(image_shape), name="images")
    inputs, x = with_labels(inputs, num_classes)
    for index, channels in enumerate(filters):
        convolution = layers.Conv2D(
            channels,
            kernel_size,
            2,
            "same",
            use_bias=index == 0 or normalization is None,
            kernel_initializer=_initializer(),
            name=f"conv_{index}",
        )
        x = (convolution if wrapper is None else wrapper(convolution))(x)
        if index > 0:
            x = normalized(x, normalization)
        x = layers.LeakyReLU(0.2, name=f"leaky_relu_{index}")(x)
    x = layers.Flatten(name="flatten")(x)
    if hidden_units is not None:
        hidden = layers.Dense(
            hidden_units, kernel_initializer=_initializer(), name="hidden"
        )
        x = (hidden if wrapper is None else wrapper(hidden))(x)
        x = layers.LeakyReLU(0.2, name="leaky_relu_hidden")(x)
    logit = layers.Dense(
        1, use_bias=output_bias, kernel_initializer=_initializer(), name="outputs"
    )
    x = (logit if wrapper is None else wrapper(logit))(x)
    return keras.Model(inputs, x, name=name)


def _initializer():
    # A new one each time: one object gives every weight of a shape the same values.
    return keras.initializers.RandomNormal(stddev=0.02)
