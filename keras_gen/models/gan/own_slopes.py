"""Penalties on the slope of each example: what a discriminator must not do."""

import keras
import tensorflow as tf

from keras_gen.losses import gradient_penalty
from keras_gen.models.base import layers_of


def check_own_slopes(discriminator) -> None:
    """Raises a ValueError if a score depends on the other examples of a batch.

    Args:
        discriminator: Built network.
    """
    for layer in layers_of(discriminator):
        if isinstance(layer, keras.layers.BatchNormalization):
            raise ValueError(
                "`discriminator` must not use batch normalization: its penalty is that "
                "of each example's own slope, and batch normalization makes scores "
                "depend on the other examples. Take LayerNormalization or "
                f"GroupNormalization. Received the layer {layer.name!r}"
            )


def slope_penalty(model, x, fakes, batch, training) -> tf.Tensor:
    """The gradient penalty of a model's scores at random points between both sets.

    Args:
        model: `AdversarialModel`.
        x: Float32 tensor of examples.
        fakes: Float32 tensor of as many samples.
        batch: `Batch`.
        training: Boolean.

    Returns:
        Float32 scalar.
    """
    points = between(x, fakes, batch.rows)
    return gradient_penalty(model.slope(points, batch.y, training))


def between(x, fakes, rows) -> tf.Tensor:
    """Random points, uniform on the segments between examples and fakes.

    Args:
        x: Float32 tensor of examples.
        fakes: Float32 tensor of as many samples.
        rows: `keras_gen.random.Rows`.
    """
    ones = (1,) * (len(x.shape) - 1)
    return x + rows.uniform(ones, "between") * (fakes - x)
