"""Penalties on the slope of each example: what a discriminator must not do."""

import keras

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
