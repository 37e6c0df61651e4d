"""Normalizations as arguments of networks."""

from keras import layers

from keras_gen.arguments import shown


def instance_normalization() -> layers.Layer:
    """A new layer that normalizes each channel of each example over its pixels.

    It has a learned scale and offset. Examples do not depend on the rest of their
    batch, in training as in use. A channel of one pixel becomes its offset.

    Reference:
        Ulyanov et al., Instance Normalization: The Missing Ingredient for Fast
        Stylization, 2016 (arXiv:1607.08022).
    """
    return layers.GroupNormalization(groups=-1, epsilon=1e-5)


def normalized(x, normalization):
    """What a new normalization makes of a tensor.

    Args:
        x: Keras tensor.
        normalization: Function without arguments that returns a new layer, or None.

    Returns:
        Keras tensor; `x` without a normalization.

    Raises:
        ValueError: If `normalization` does not return a layer.
    """
    if normalization is None:
        return x
    # A layer is callable too, but takes tensors.
    is_function = callable(normalization) and not isinstance(
        normalization, layers.Layer
    )
    layer = normalization() if is_function else None
    if not isinstance(layer, layers.Layer):
        raise ValueError(
            "`normalization` must be a function without arguments that returns a new "
            f"layer, or None. Received: {shown(normalization)}"
        )
    return layer(x)
