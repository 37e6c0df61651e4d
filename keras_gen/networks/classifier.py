"""Convolutional classifiers."""

import keras
from keras import layers

from keras_gen.arguments import check_sizes
from keras_gen.networks.checks import smallest_sides


def conv_classifier(
    image_shape, filters, num_classes, name="conv_classifier"
) -> keras.Model:
    """A classifier of stages of two convolutions each.

    Every stage except the last halves the image. Every convolution is 3 x 3, has no
    bias, and is followed by batch normalization and ReLU. The last stage ends in the
    mean over positions.

    Args:
        image_shape: Tuple `(height, width, channels)`. Height and width must be
            divisible by `2 ** (num_stages - 1)`.
        filters: List of integers, the channels of each stage.
        num_classes: Integer, the number of outputs.
        name: String, the name of the network.

    Returns:
        A built `keras.Model` from images to logits of shape `(num_classes,)`. The
        logits are linear in the output of its layer `"features"`, which has shape
        `(filters[-1],)`.

    Raises:
        ValueError: If a size is not a positive integer or the image cannot be halved
            that often.
    """
    check_sizes("num_classes", (num_classes,))
    smallest_sides(image_shape, filters, num_whole=1)
    inputs = x = keras.Input(tuple(image_shape), name="images")
    for stage, channels in enumerate(filters):
        if stage:
            x = layers.MaxPooling2D(name=f"pool_{stage}")(x)
        for index in range(2):
            place = f"{stage}_{index}"
            x = layers.Conv2D(
                channels, 3, padding="same", use_bias=False, name=f"conv_{place}"
            )(x)
            x = layers.BatchNormalization(name=f"norm_{place}")(x)
            x = layers.ReLU(name=f"relu_{place}")(x)
    x = layers.GlobalAveragePooling2D(name="features")(x)
    return keras.Model(inputs, layers.Dense(num_classes, name="logits")(x), name=name)
