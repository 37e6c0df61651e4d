"""WaveNet (van den Oord et al., 2016)."""

import keras
import tensorflow as tf
from keras import layers

from keras_gen.arguments import check_count, check_sizes
from keras_gen.distributions import CategoricalLikelihood
from keras_gen.layers import DilatedCausalBlock, SymbolEmbedding
from keras_gen.models.autoregressive.sequences import (
    check_sequence,
    levels_before,
    with_nan_of,
)
from keras_gen.models.base import AutoregressiveModel

_DILATIONS = tuple(2**power for power in range(10)) * 2


@keras.saving.register_keras_serializable(package="keras_gen")
class WaveNet(AutoregressiveModel):
    """Draws sound sample by sample, from a stack of dilated causal convolutions.

    A sample is one of the levels of the mu-law. It sees `receptive_field` samples
    before it. The cache of the sampler holds what each layer sees.

    NOTE: A level enters through a learned embedding, and the first layer sees one
    sample. A gate has a bias for each class, but local conditions such as a text there
    are not.

    Args:
        x_domain: `keras_gen.domains.Waveforms` with levels, such as
            `Waveforms(8000, 8000, levels=256)`, or another domain of one row of sites
            with levels.
        filters: Integer of at least 1, the features of a sample in the stack.
        skip_filters: Integer of at least 1, the features of the skip connections.
        dilations: Tuple of integers of at least 1, one for each layer.
        kernel_size: Integer of at least 2, how many samples a convolution sees.
        num_classes: Optional integer of at least 2. If given, the model learns from
            labels, such as digits or speakers.
        num_unscored: Integer of at least 0, how many samples at the start are left out
            of the loss and of `bits_per_dimension` in `fit()`, since they see less than
            the samples after them: `receptive_field - 1` of windows from the middle of
            a sound. They count in `log_prob()`, and in validation too.
        **kwargs: Options of every model: `seed`, `name`.

    Raises:
        ValueError: If an argument is wrong.

    Reference:
        [WaveNet: A Generative Model for Raw Audio](https://arxiv.org/abs/1609.03499),
        2016, sections 2.1 to 2.5.

    Example:
    >>> from keras_gen.domains import Waveforms
    >>> from keras_gen.models import WaveNet
    >>> domain = Waveforms(32, sample_rate=8000, levels=16)
    >>> model = WaveNet(domain, filters=4, skip_filters=8, dilations=(1, 2, 4))
    >>> model.receptive_field
    8
    >>> model.sample(2, seed=0).shape
    (2, 32)
    """

    def __init__(
        self,
        x_domain,
        filters=32,
        skip_filters=128,
        dilations=_DILATIONS,
        kernel_size=2,
        num_classes=None,
        num_unscored=0,
        **kwargs,
    ):
        check_sequence(x_domain)
        likelihood = CategoricalLikelihood(x_domain.num_levels)
        super().__init__(x_domain, likelihood, num_classes, **kwargs)
        check_count(filters, "filters", 1)
        check_sizes("dilations", dilations)
        if not dilations:
            raise ValueError("`dilations` must hold a layer at least. Received 0.")
        check_count(num_unscored, "num_unscored", 0)
        if num_unscored >= x_domain.shape[0]:
            raise ValueError(
                "`num_unscored` must leave a sample of `x_domain`, which has "
                f"{x_domain.shape[0]}. Received: {num_unscored}"
            )
        self.num_unscored = num_unscored
        self.filters, self.skip_filters = filters, skip_filters
        self.dilations, self.kernel_size = tuple(dilations), kernel_size
        self.num_classes, self.start = num_classes, x_domain.num_levels
        dtype = {"dtype": self.dtype_policy}
        # The last row of the embedding stands before the first sample.
        self.embedding = SymbolEmbedding(self.start + 1, filters, **dtype)
        self.blocks = [
            DilatedCausalBlock(
                filters,
                skip_filters,
                dilation,
                kernel_size,
                is_last=index == len(self.dilations) - 1,
                name=f"block_{index}",
                **dtype,
            )
            for index, dilation in enumerate(self.dilations)
        ]
        self.biases = None
        if num_classes is not None:
            size = 2 * filters * len(self.dilations)
            self.biases = SymbolEmbedding(num_classes, size, name="biases", **dtype)
        self.hidden = layers.Dense(skip_filters, name="hidden", **dtype)
        self.outputs_of_sites = layers.Dense(
            self.start,
            kernel_initializer=keras.initializers.RandomNormal(stddev=0.02),
            name="outputs",
            **dtype,
        )
        y = None if num_classes is None else tf.zeros(1, tf.int32)
        self.site_parameters(tf.zeros((1, *x_domain.shape), x_domain.dtype), y)

    @property
    def receptive_field(self) -> int:
        """Integer, how many samples before a sample its distribution depends on."""
        return 1 + sum(block.reach for block in self.blocks)

    def site_parameters(self, x, y=None, training=False):
        features = self.embedding(levels_before(self.levels_of(x), self.start))
        total = 0.0
        for block, biases in zip(self.blocks, self._biases(y), strict=True):
            biases = biases[:, None] if y is not None else biases
            features, skip = block(features, gate_biases=biases)
            total += skip
        return with_nan_of(self._outputs(total), x)

    def initial_cache(self, batch_size, y=None):
        rings = [block.initial_cache(batch_size) for block in self.blocks]
        return {"rings": rings, "biases": self._biases(y) if y is not None else []}

    def advance(self, cache, site, level):
        features = self.embedding(tf.where(site.column > 0, level, self.start))
        biases = cache["biases"] or self._biases(None)
        rings, total = [], 0.0
        for block, ring, bias in zip(self.blocks, cache["rings"], biases, strict=True):
            (features, skip), ring = block.advance(ring, site.column, features, bias)
            rings.append(ring)
            total += skip
        return self._outputs(total), {**cache, "rings": rings}

    def _biases(self, y):
        """What the label adds to the gates of each block, a list."""
        if y is None:
            return [0.0] * len(self.blocks)
        return tf.split(self.biases(y), len(self.blocks), axis=-1)

    def _outputs(self, skips):
        hidden = tf.nn.relu(self.hidden(tf.nn.relu(skips)))
        return tf.cast(self.outputs_of_sites(hidden), tf.float32)
