"""Discriminators that score patches of an image.

Reference: Isola et al., Image-to-Image Translation with Conditional Adversarial
Networks, 2016 (arXiv:1611.07004), section 6.1.2.
"""

import keras
from keras import layers

from keras_gen.arguments import check_image_shape, check_sizes, shown
from keras_gen.networks.normalization import instance_normalization, normalized


def patch_discriminator(
    image_shape,
    filters,
    kernel_size=4,
    normalization=instance_normalization,
    wrapper=None,
    name="discriminator",
) -> keras.Model:
    """Convolutions whose outputs are the scores of overlapping patches of an image.

    All convolutions have stride 2 but the last of `filters` and that of the scores. So
    with kernels of 4 pixels and `n` filters a score sees a square of `9 * 2**(n - 1) -
    2` pixels: 16 with two filters, 34 with three and 70 with four. Layers are followed
    by a leaky ReLU of slope 0.2, and all but the first are normalized. An instance
    normalization also tells each score the moments of the whole image. Initial weights
    are normal with a standard deviation of 0.02.

    Args:
        image_shape: Tuple `(height, width, channels)` of the inputs.
        filters: List of integers, the channels of each convolution. The paper has 64,
            128, 256 and 512 for patches of 70 pixels, and leaves out the last for
            smaller ones.
        kernel_size: Integer, the side of each kernel in pixels.
        normalization: Function without arguments that returns a new layer, or `None`
            for no normalization. Layers before a normalization have no bias.
        wrapper: Optional function that takes each convolution and returns the layer to
            use, such as `keras_gen.layers.SpectralNormalization`.
        name: String, the name of the network.

    Returns:
        A built `keras.Model` from images to logits of shape `(rows, columns, 1)`, one
        for each patch.

    Raises:
        ValueError: If a size is not a positive integer, or `normalization` does not
            return a layer.

    Example:
    >>> from keras_gen.networks import patch_discriminator
    >>> patch_discriminator((64, 64, 3), [16, 32, 64]).output_shape
    (None, 16, 16, 1)
    """
    check_image_shape(image_shape)
    check_sizes("filters", filters)
    check_sizes("kernel_size", (kernel_size,))
    if not filters:
        raise ValueError(
            f"`filters` must hold at least one integer. Received: {shown(filters)}"
        )
    inputs = x = keras.Input(tuple(image_shape), name="images")
    for index, channels in enumerate([*filters, 1]):
        is_score = index == len(filters)
        norm = None if index == 0 or is_score else normalization
        convolution = layers.Conv2D(
            channels,
            kernel_size,
            2 if index < len(filters) - 1 else 1,
            "same",
            use_bias=norm is None,
            kernel_initializer=keras.initializers.RandomNormal(stddev=0.02),
            name="scores" if is_score else f"conv_{index}",
        )
        x = (convolution if wrapper is None else wrapper(convolution))(x)
        if not is_score:
            x = normalized(x, norm)
            x = layers.LeakyReLU(0.2, name=f"leaky_relu_{index}")(x)
    return keras.Model(inputs, x, name=name)
