"""Discriminators of bounded slope: all kernels are spectrally normalized."""

from keras_gen.layers import SpectralNormalization
from keras_gen.models.base import layers_of

_KERNELS = ("kernel", "depthwise_kernel", "pointwise_kernel", "embeddings")


def check_normalized_kernels(discriminator) -> None:
    """Raises a ValueError if a kernel is not divided by its largest singular value.

    Args:
        discriminator: Built network.
    """
    layers = layers_of(discriminator)
    inside = [x.layer for x in layers if isinstance(x, SpectralNormalization)]
    for layer in layers:
        bare = any(hasattr(layer, name) for name in _KERNELS)
        if bare and layer not in inside:
            raise ValueError(
                "`discriminator` must have its kernels normalized by "
                f"`SpectralNormalization`. Received the bare layer {layer.name!r}"
            )
