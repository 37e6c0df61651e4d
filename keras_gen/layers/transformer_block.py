"""One layer of a Transformer that sees what came before."""

import keras
import numpy as np
from keras import layers, ops

from keras_gen.arguments import check_count


@keras.saving.register_keras_serializable(package="keras_gen")
class TransformerBlock(keras.layers.Layer):
    """Causal self-attention and a feed-forward network, each a residual branch.

    Both branches begin with a normalization. `call()` computes whole sequences, and
    `advance()` one place with the keys and values of the earlier places.

    Args:
        units: Integer, the features of a place, a multiple of `num_heads`.
        num_heads: Integer of at least 1.
        rotary: Boolean, whether queries and keys are rotated by angles that grow with
            their places. Heads must then have an even number of features.
        output_scale: Positive float, the standard deviation of the first weights at the
            ends of both branches.

    Raises:
        ValueError: If an argument is wrong.

    Reference:
        Vaswani et al., Attention Is All You Need, 2017 (arXiv:1706.03762), section 3;
        Su et al., RoFormer, 2021 (arXiv:2104.09864), eq. 34.

    Example:
    >>> import numpy as np
    >>> from keras_gen.layers import TransformerBlock
    >>> tuple(TransformerBlock(8, num_heads=2)(np.zeros((2, 5, 8))).shape)
    (2, 5, 8)
    """

    def __init__(self, units, num_heads, rotary=False, output_scale=0.02, **kwargs):
        super().__init__(**kwargs)
        check_count(num_heads, "num_heads", 1)
        check_count(units, "units", 1)
        if units % (num_heads * (2 if rotary else 1)):
            raise ValueError(
                f"`units` must be a multiple of `num_heads`={num_heads}"
                + (", and even in each head if `rotary`" if rotary else "")
                + f". Received: {units}"
            )
        self.units, self.num_heads, self.rotary = units, num_heads, bool(rotary)
        self.output_scale = output_scale

        def dense(size, name, scale=0.02, **options):
            weights = keras.initializers.RandomNormal(stddev=scale)
            options |= {"kernel_initializer": weights, "dtype": self.dtype_policy}
            return layers.Dense(size, name=name, **options)

        def normalization(name):
            options = {"epsilon": 1e-5, "dtype": self.dtype_policy, "name": name}
            return layers.LayerNormalization(**options)

        # Without biases: one of the keys would change no attention.
        self.attention_norm = normalization("attention_norm")
        self.heads = dense(3 * units, "heads", use_bias=False)
        self.mix = dense(units, "mix", output_scale, use_bias=False)
        self.feed_norm = normalization("feed_norm")
        self.widen = dense(4 * units, "widen")
        self.narrow = dense(units, "narrow", output_scale)

    def build(self, input_shape) -> None:
        for layer in (self.attention_norm, self.heads, self.mix, self.feed_norm):
            layer.build(input_shape)
        self.widen.build(input_shape)
        self.narrow.build((*input_shape[:-1], 4 * self.units))

    def call(self, features, kept=(1.0, 1.0)):
        """The features after the block.

        Args:
            features: Tensor of shape `(batch, length, units)`.
            kept: Pair of tensors of this shape, with which the outputs of the branches
                are multiplied: zeros drop them out.
        """
        places = np.arange(features.shape[1])
        heads = self._heads(features, places)
        query, key, value = (ops.swapaxes(part, 1, 2) for part in heads)
        scores = self._scaled(ops.matmul(query, ops.swapaxes(key, 2, 3)))
        is_seen = places[:, None] >= places[None, :]
        weights = ops.softmax(ops.where(is_seen, scores, -1e9))
        mixed = ops.matmul(ops.cast(weights, value.dtype), value)
        mixed = ops.reshape(ops.swapaxes(mixed, 1, 2), (-1, len(places), self.units))
        features += self.mix(mixed) * kept[0]
        return features + self._feed(features) * kept[1]

    def initial_cache(self, batch_size, length) -> dict:
        """The keys and values before the first place, a dict of tensors."""
        shape = (length, batch_size, self.num_heads, self.units // self.num_heads)
        nothing = ops.zeros(shape, self.compute_dtype)
        return {"keys": nothing, "values": nothing}

    def advance(self, cache, place, features):
        """The features of one place after the block, and the cache for the next one.

        Args:
            cache: From `initial_cache()`, or from `advance()` at the place before.
            place: Int32 scalar.
            features: Tensor of shape `(batch, units)`.
        """
        query, key, value = self._heads(features, place)
        where = ops.reshape(place, (1, 1))
        keys = ops.scatter_update(cache["keys"], where, key[None])
        values = ops.scatter_update(cache["values"], where, value[None])
        scores = self._scaled(ops.sum(query[None] * keys, axis=-1))
        is_seen = ops.reshape(ops.arange(keys.shape[0]) <= place, (-1, 1, 1))
        weights = ops.softmax(ops.where(is_seen, scores, -1e9), axis=0)
        mixed = ops.sum(ops.cast(weights, values.dtype)[..., None] * values, axis=0)
        features += self.mix(ops.reshape(mixed, (-1, self.units)))
        return features + self._feed(features), {"keys": keys, "values": values}

    def compute_output_shape(self, input_shape) -> tuple:
        return tuple(input_shape)

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "units": self.units,
            "num_heads": self.num_heads,
            "rotary": self.rotary,
            "output_scale": self.output_scale,
        }

    def _heads(self, features, places):
        """Queries, keys and values, each of shape `(..., num_heads, size)`."""
        parts = ops.split(self.heads(self.attention_norm(features)), 3, axis=-1)
        outer = (-1, *features.shape[1:-1])
        shape = (*outer, self.num_heads, self.units // self.num_heads)
        query, key, value = (ops.reshape(part, shape) for part in parts)
        if self.rotary:
            query, key = (rotated(part, places) for part in (query, key))
        return query, key, value

    def _scaled(self, scores):
        scale = (self.units // self.num_heads) ** -0.5
        return ops.cast(scores, "float32") * scale

    def _feed(self, features):
        hidden = self.widen(self.feed_norm(features))
        return self.narrow(ops.gelu(hidden, approximate=True))


def rotated(features, places):
    """Turns pairs of features by angles that are proportional to the place.

    Args:
        features: Tensor of shape `(batch, length, num_heads, size)` with places of
            shape `(length,)`, or `(batch, num_heads, size)` with one place.
        places: Integer array, or int32 scalar.
    """
    half = features.shape[-1] // 2
    speeds = 10_000.0 ** (-np.arange(half, dtype="float32") / half)
    angles = ops.cast(places, "float32")[..., None, None] * speeds.astype("float32")
    cos, sin = (
        ops.cast(part, features.dtype) for part in (ops.cos(angles), ops.sin(angles))
    )
    first, second = features[..., :half], features[..., half:]
    return ops.concatenate(
        [first * cos - second * sin, second * cos + first * sin], axis=-1
    )
