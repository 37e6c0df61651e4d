"""Several generators that share their first layers, as one network."""

import math

import keras
from keras import ops

from keras_gen.arguments import shown
from keras_gen.networks.checks import check_maps, check_network
from keras_gen.networks.renamed import renamed


def with_heads(shared, heads, name="generators") -> keras.Model:
    """Joins generators that differ in their last layers.

    Args:
        shared: Network from latents of shape `(size,)` to features, the first layers.
        heads: List of at least two networks from features to examples, the last layers
            of each generator. The variables are those of these networks, not copies.
        name: String, the name of the network.

    Returns:
        A built `keras.Model` from latents of shape `(size + len(heads),)` to examples.
        The last latents are the weights of the heads: a one-hot code chooses one.

    Raises:
        ValueError: If the networks do not match.

    Example:
    >>> from keras_gen.networks import mlp, with_heads
    >>> heads = [mlp((16,), [], (8, 8, 1)) for _ in range(3)]
    >>> with_heads(mlp((2,), [], (16,)), heads).input_shape
    (None, 5)
    """
    check_network("shared", shared, 1)
    if not isinstance(heads, (tuple, list)) or len(heads) < 2:
        raise ValueError(f"`heads` must hold two networks. Received: {shown(heads)}")
    check_network("heads[0]", heads[0], 1)
    (size,), shape = shared.input_shape[1:], heads[0].output_shape[1:]
    for index, head in enumerate(heads):
        check_maps(f"heads[{index}]", head, shared.output_shape[1:], shape)
    latents = keras.Input((size + len(heads),), name="latents")
    features = shared(latents[:, :size])
    named = [renamed(head, f"head_{index}") for index, head in enumerate(heads)]
    flat = ops.stack(
        [ops.reshape(head(features), (-1, math.prod(shape))) for head in named], axis=1
    )
    chosen = ops.sum(latents[:, size:, None] * flat, axis=1)
    return keras.Model(latents, ops.reshape(chosen, (-1, *shape)), name=name)
