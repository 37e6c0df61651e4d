"""U-Net: an encoder and a decoder with a connection at each size.

Reference: Isola et al., Image-to-Image Translation with Conditional Adversarial
Networks, 2016 (arXiv:1611.07004), section 6.1; Ronneberger et al., U-Net, 2015
(arXiv:1505.04597).
"""

import math

import keras
from keras import layers

from keras_gen.arguments import check_count, check_sizes, shown
from keras_gen.layers import NoiseDropout
from keras_gen.networks.checks import smallest_sides
from keras_gen.networks.normalization import instance_normalization, normalized


def unet(
    image_shape,
    filters,
    output_channels=None,
    kernel_size=4,
    normalization=instance_normalization,
    num_dropouts=0,
    dropout_rate=0.5,
    output_activation="tanh",
    name="unet",
) -> keras.Model:
    """Convolutions that halve the image, and transposed ones that double it again.

    What a convolution gives is concatenated to what the decoder has at this size. The
    encoder has leaky ReLUs of slope 0.2, the decoder ReLUs. All layers are normalized
    but the first, the innermost and the last. Initial weights are normal with a
    standard deviation of 0.02.

    Args:
        image_shape: Tuple `(height, width, channels)` of the inputs. Height and width
            must be divisible by `2 ** len(filters)`.
        filters: List of integers, the channels of each convolution of the encoder; the
            decoder has the same.
        output_channels: Optional integer, the channels of the outputs. Defaults to
            those of the inputs.
        kernel_size: Integer, the side of each kernel in pixels.
        normalization: Function without arguments that returns a new layer, or `None`
            for no normalization. Layers before a normalization have no bias.
        num_dropouts: Integer of at least 0, the layers of the decoder with dropout, the
            innermost first. If above 0, the network takes a list `[images, noise]`,
            where the noise is uniform in [0, 1).
        dropout_rate: Float in [0, 1), the fraction of values that are dropped.
        output_activation: Activation of the outputs.
        name: String, the name of the network.

    Returns:
        A built `keras.Model` from images to images of the same height and width.

    Raises:
        ValueError: If a size is wrong, the image cannot be halved that often, there are
            fewer layers than dropouts, or `normalization` does not return a layer.

    Example:
    >>> from keras_gen.networks import unet
    >>> unet((64, 64, 1), [8, 16, 32, 32], output_channels=3).output_shape
    (None, 64, 64, 3)
    """
    check_sizes("kernel_size", (kernel_size,))
    smallest_sides(image_shape, filters)
    output_channels = image_shape[2] if output_channels is None else output_channels
    check_count(output_channels, "output_channels", 1)
    check_count(num_dropouts, "num_dropouts", 0)
    if num_dropouts >= len(filters):
        raise ValueError(
            f"`num_dropouts` must be below {len(filters)}, the number of `filters`. "
            f"Received: {shown(num_dropouts)}"
        )
    images = x = keras.Input(tuple(image_shape), name="images")
    skips = []
    for index, channels in enumerate(filters):
        is_bare = index == 0 or index == len(filters) - 1
        norm = None if is_bare else normalization
        down = _options(channels, kernel_size, norm, f"down_{index}")
        x = normalized(layers.Conv2D(**down)(x), norm)
        x = layers.LeakyReLU(0.2, name=f"leaky_relu_{index}")(x)
        skips.append(x)
    # A layer of the decoder has the shape of what it is concatenated to.
    dropped = [tuple(skip.shape[1:]) for skip in skips[-2::-1]][:num_dropouts]
    noises = iter(())
    inputs = images
    if num_dropouts:
        noise = keras.Input((sum(map(math.prod, dropped)),), name="noise")
        inputs, noises = [images, noise], _parts(noise, dropped)
    for index, channels in enumerate(filters[-2::-1]):
        up = _options(channels, kernel_size, normalization, f"up_{index}")
        x = normalized(layers.Conv2DTranspose(**up)(x), normalization)
        if index < num_dropouts:
            x = NoiseDropout(dropout_rate, name=f"dropout_{index}")(x, next(noises))
        x = layers.ReLU(name=f"relu_{index}")(x)
        x = layers.Concatenate(name=f"skip_{index}")([x, skips[-2 - index]])
    last = _options(output_channels, kernel_size, None, "outputs")
    x = layers.Conv2DTranspose(activation=output_activation, **last)(x)
    return keras.Model(inputs, x, name=name)


def _options(channels, kernel_size, normalization, name):
    return {
        "filters": channels,
        "kernel_size": kernel_size,
        "strides": 2,
        "padding": "same",
        "use_bias": normalization is None,
        # A new one each time: one object gives every weight of a shape equal values.
        "kernel_initializer": keras.initializers.RandomNormal(stddev=0.02),
        "name": name,
    }


def _parts(noise, shapes):
    """The noise of each dropout, in the shape of its values."""
    first = 0
    for index, shape in enumerate(shapes):
        size = math.prod(shape)
        part = noise[:, first : first + size]
        yield layers.Reshape(shape, name=f"noise_{index}")(part)
        first += size
