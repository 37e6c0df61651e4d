"""The decoder of a Transformer as a model of sequences (Vaswani et al., 2017)."""

import keras
import tensorflow as tf
from keras import layers

from keras_gen.arguments import check_count, check_reals, shown
from keras_gen.distributions import CategoricalLikelihood
from keras_gen.layers import SymbolEmbedding, TransformerBlock
from keras_gen.models.autoregressive.sequences import (
    check_sequence,
    levels_before,
    with_nan_of,
)
from keras_gen.models.base import AutoregressiveModel


@keras.saving.register_keras_serializable(package="keras_gen")
class TransformerModel(AutoregressiveModel):
    """Continues text symbol by symbol, by attention to all earlier symbols.

    The cache of the sampler holds the keys and values of the earlier symbols. The
    weights of the outputs are those of the embedding.

    NOTE: There is a decoder alone, without an encoder. Normalization stands before each
    branch instead of after it, and the activation is GELU, as in GPT-2. Dropout is at
    the ends of the branches alone.

    Args:
        x_domain: `keras_gen.domains.Symbols`, or another domain of one row of sites
            with levels. Its length is the context.
        num_layers: Integer of at least 1.
        num_heads: Integer of at least 1.
        units: Integer, the features of a symbol, a multiple of `num_heads`.
        rotary: Boolean, whether places are rotations of queries and keys, instead of
            learned vectors that are added to the embeddings.
        dropout: Float in [0, 1), the share of the outputs of a branch that training
            drops.
        **kwargs: Options of every model: `seed`, `name`.

    Raises:
        ValueError: If an argument is wrong.

    Reference:
        [Attention Is All You Need](https://arxiv.org/abs/1706.03762), 2017, section 3.

    Example:
    >>> import numpy as np
    >>> from keras_gen.domains import Symbols
    >>> from keras_gen.models import TransformerModel
    >>> model = TransformerModel(Symbols(8, 5), num_layers=1, num_heads=2, units=4)
    >>> model.compile()
    >>> history = model.fit(np.zeros((32, 8), "int32"), verbose=0).history
    >>> model.sample(2, seed=0, top_p=0.9).shape
    (2, 8)
    """

    def __init__(
        self,
        x_domain,
        num_layers=4,
        num_heads=4,
        units=128,
        rotary=False,
        dropout=0.0,
        **kwargs,
    ):
        check_sequence(x_domain)
        likelihood = CategoricalLikelihood(x_domain.num_levels)
        super().__init__(x_domain, likelihood, **kwargs)
        check_count(num_layers, "num_layers", 1)
        check_reals(dropout=dropout)
        if not 0 <= dropout < 1:
            raise ValueError(
                f"`dropout` must lie in [0, 1). Received: {shown(dropout)}"
            )
        self.num_layers, self.num_heads, self.units = num_layers, num_heads, units
        self.rotary, self.dropout = bool(rotary), dropout
        dtype = {"dtype": self.dtype_policy}
        self.blocks = [
            TransformerBlock(
                units,
                num_heads,
                self.rotary,
                output_scale=0.02 * (2 * num_layers) ** -0.5,
                name=f"block_{index}",
                **dtype,
            )
            for index in range(num_layers)
        ]
        self.length, self.start = x_domain.sites[1], x_domain.num_levels
        # The last row of the embedding stands before the first symbol.
        self.embedding = SymbolEmbedding(self.start + 1, units, scale=0.02, **dtype)
        self.places = None
        if not self.rotary:
            self.places = self.add_weight(
                shape=(self.length, units),
                initializer=keras.initializers.RandomNormal(stddev=0.02),
                name="places",
            )
        self.norm = layers.LayerNormalization(epsilon=1e-5, name="norm", **dtype)
        self.site_parameters(tf.zeros((1, *x_domain.shape), x_domain.dtype))

    def site_parameters(self, x, y=None, training=False):
        return self._parameters(x, [(1.0, 1.0)] * self.num_layers)

    def training_parameters(self, batch):
        if not self.dropout:
            return self.site_parameters(batch.x, training=True)
        kept = []
        for index in range(self.num_layers):
            shape = (2, self.length, self.units)
            uniform = batch.rows.uniform(shape, f"dropout_{index}")
            factors = tf.where(uniform < self.dropout, 0.0, 1 / (1 - self.dropout))
            kept.append(tf.unstack(tf.cast(factors, self.compute_dtype), axis=1))
        return self._parameters(batch.x, kept)

    def initial_cache(self, batch_size, y=None):
        return [block.initial_cache(batch_size, self.length) for block in self.blocks]

    def advance(self, cache, site, level):
        features = self.embedding(tf.where(site.column > 0, level, self.start))
        if self.places is not None:
            features += tf.cast(self.places[site.column], features.dtype)
        after = []
        for block, seen in zip(self.blocks, cache, strict=True):
            features, seen = block.advance(seen, site.column, features)
            after.append(seen)
        return self._outputs(features), after

    def _parameters(self, x, kept):
        features = self.embedding(levels_before(self.levels_of(x), self.start))
        if self.places is not None:
            features += tf.cast(self.places, features.dtype)
        for block, factors in zip(self.blocks, kept, strict=True):
            features = block(features, kept=factors)
        return with_nan_of(self._outputs(features), x)

    def _outputs(self, features):
        """Logits by the embedding of each symbol, float32."""
        weights = tf.cast(self.embedding.embeddings[: self.start], features.dtype)
        logits = tf.matmul(self.norm(features), weights, transpose_b=True)
        return tf.cast(logits, tf.float32)
