"""Convolutional encoders and decoders."""

import math

import keras
from keras import layers

from keras_gen.arguments import check_sizes
from keras_gen.networks.checks import smallest_sides


def conv_encoder(
    image_shape, filters, units, kernel_size=4, activation="relu", name="conv_encoder"
) -> keras.Model:
    """An encoder of convolutions that halve the image, and a dense layer.

    Args:
        image_shape: Tuple `(height, width, channels)`. Height and width must be
            divisible by `2 ** len(filters)`.
        filters: List of integers, the channels of each convolution.
        units: Integer, the number of outputs.
        kernel_size: Integer, the side of each kernel in pixels.
        activation: Activation of the convolutions. The outputs are linear.
        name: String, the name of the network.

    Returns:
        A built `keras.Model` from images to vectors of shape `(units,)`.

    Raises:
        ValueError: If a size is not a positive integer or the image cannot be halved
            that often.
    """
    check_sizes("units", (units,))
    smallest_sides(image_shape, filters)
    inputs = x = keras.Input(tuple(image_shape), name="images")
    for index, channels in enumerate(filters):
        x = layers.Conv2D(
            channels,
            kernel_size,
            2,
            "same",
            activation=activation,
            name=f"conv_{index}",
        )(x)
    x = layers.Flatten(name="flatten")(x)
    return keras.Model(inputs, layers.Dense(units, name="outputs")(x), name=name)


def conv_decoder(
    latent_dim,
    filters,
    image_shape,
    kernel_size=4,
    activation="relu",
    name="conv_decoder",
) -> keras.Model:
    """A decoder of a dense layer, and transposed convolutions that double the image.

    Args:
        latent_dim: Integer, the size of the input vector.
        filters: List of integers, the input channels of each transposed convolution.
            The first are the output of the dense layer.
        image_shape: Tuple `(height, width, channels)` of the outputs. Height and width
            must be divisible by `2 ** len(filters)`.
        kernel_size: Integer, the side of each kernel in pixels.
        activation: Activation of all layers but the last, which is linear.
        name: String, the name of the network.

    Returns:
        A built `keras.Model` from vectors of shape `(latent_dim,)` to images.

    Raises:
        ValueError: If a size is not a positive integer or the image cannot be doubled
            to that often.
    """
    check_sizes("latent_dim", (latent_dim,))
    smallest = (*smallest_sides(image_shape, filters), filters[0])
    channels = image_shape[-1]
    inputs = keras.Input((latent_dim,), name="latents")
    x = layers.Dense(math.prod(smallest), activation, name="dense")(inputs)
    x = layers.Reshape(smallest, name="reshape")(x)
    for index, depth in enumerate(filters[1:]):
        x = layers.Conv2DTranspose(
            depth, kernel_size, 2, "same", activation=activation, name=f"conv_{index}"
        )(x)
    x = layers.Conv2DTranspose(channels, kernel_size, 2, "same", name="outputs")(x)
    return keras.Model(inputs, x, name=name)
