"""PixelCNN++ (Salimans, Karpathy, Chen and Kingma, 2017)."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from keras_gen.arguments import check_image_shape, check_reals, shown
from keras_gen.distributions import LogisticMixtureLikelihood
from keras_gen.layers import MaskedConv2D, ShiftedResidualStack
from keras_gen.models.autoregressive.pixel_window import slide_rows
from keras_gen.models.base import AutoregressiveModel


@keras.saving.register_keras_serializable(package="keras_gen")
class PixelCNNPlusPlus(AutoregressiveModel):
    """Draws images pixel by pixel, each from a mixture of logistics on levels.

    Two stacks of gated residual blocks see the rows above and what is to the left,
    because their inputs are shifted. The blocks of the second half also see the inputs
    of those of the first half: the last block those of the first. The network gives one
    mixture for all channels of a pixel. It sees no channel of the pixel itself; red
    moves the locations of green, and both those of blue. Images lie in [0, 1].

    Each channel is a site, whose distribution given the earlier channels is exact (see
    `keras_gen.distributions.LogisticMixtureLikelihood`). A sample costs one pass of the
    first stack, row by row, one pass of the second, pixel by pixel, and for each site
    the probabilities of all levels.

    NOTE: All blocks work at one resolution, where the paper halves it twice and doubles
    it again: the cache of the sampler keeps rows and pixels of one resolution, and more
    blocks see as far. Weights are neither normalized nor averaged over the training.

    Args:
        image_shape: Tuple `(height, width, channels)`.
        num_components: Integer of at least 1, the logistics of a mixture.
        num_levels: Integer of at least 2, the levels of a value.
        filters: Integer of at least 1, the features of each stack.
        num_layers: Integer of at least 1, the blocks of each half. A pixel depends on
            `4 * num_layers + 3` rows above it.
        dropout: Float in [0, 1), the share of the hidden features of a block that
            training drops.
        num_classes: Optional integer of at least 2. If given, the model learns from
            labels, which are biases of the gates.
        **kwargs: Options of every model: `seed`, `name`.

    Raises:
        ValueError: If an argument is wrong.

    Reference:
        [PixelCNN++](https://arxiv.org/abs/1701.05517), 2017, section 2.

    Example:
    >>> import numpy as np
    >>> from keras_gen.models import PixelCNNPlusPlus
    >>> model = PixelCNNPlusPlus((8, 8, 3), 2, 16, filters=4, num_layers=1)
    >>> model.compile()
    >>> history = model.fit(np.zeros((32, 8, 8, 3)), verbose=0).history
    >>> sorted(history)
    ['bits_per_dimension', 'loss']
    >>> model.sample(2, seed=0).shape
    (2, 8, 8, 3)
    """

    def __init__(
        self,
        image_shape,
        num_components=10,
        num_levels=256,
        filters=160,
        num_layers=8,
        dropout=0.5,
        num_classes=None,
        **kwargs,
    ):
        check_image_shape(image_shape)
        likelihood = LogisticMixtureLikelihood(num_components, num_levels)
        super().__init__(image_shape, likelihood, num_classes, **kwargs)
        check_reals(dropout=dropout)
        if not 0 <= dropout < 1:
            raise ValueError(
                f"`dropout` must lie in [0, 1). Received: {shown(dropout)}"
            )
        self.image_shape = tuple(image_shape)
        self.num_components, self.num_levels = num_components, num_levels
        self.filters, self.num_layers = filters, num_layers
        self.dropout, self.num_classes = dropout, num_classes
        dtype = {"dtype": self.dtype_policy}
        self.stack = ShiftedResidualStack(
            filters, num_layers, num_classes, name="stack", **dtype
        )
        self.first_down = layers.Conv2D(filters, (2, 3), name="first_down", **dtype)
        self.first_right = MaskedConv2D(
            filters, 1, 1, mask_type="A", name="first_right", **dtype
        )
        units = likelihood.outputs_per_pixel(image_shape[-1])
        self.outputs_of_pixel = layers.Dense(units, name="outputs", **dtype)
        labels = None if num_classes is None else tf.zeros((1,), tf.int32)
        self.site_parameters(tf.zeros((1, *self.image_shape)), labels)

    def default_optimizer(self):
        rate = keras.optimizers.schedules.ExponentialDecay(1e-3, 1, 0.999995)
        return keras.optimizers.Adam(rate, beta_1=0.95, beta_2=0.9995)

    def site_parameters(self, x, y=None, training=False):
        return self._parameters(x, y)

    def training_parameters(self, batch):
        kept = None
        if self.dropout:
            kept = [self._kept(batch.rows, i) for i in range(2 * self.num_layers)]
        return self._parameters(batch.x, batch.y, kept)

    def _kept(self, rows, index):
        """What dropout multiplies the hidden features of a block by: a pair."""
        shape = (2, *self.image_shape[:2], 2 * self.filters)
        is_kept = rows.uniform(shape, f"dropout_{index}") >= self.dropout
        factors = tf.cast(is_kept, self.compute_dtype) / (1.0 - self.dropout)
        return tf.unstack(factors, axis=1)

    def _parameters(self, x, y, kept=None):
        pixels = tf.cast(2.0 * x - 1.0, self.compute_dtype)
        above = tf.pad(pixels[:, :-1], [(0, 0), (2, 0), (1, 1), (0, 0)])
        down, right = self.first_down(above), self.first_right(pixels)
        right = self.stack(down, right, labels=y, kept=kept)
        return self.output_distribution.of_channels(self._outputs(right), x)

    def _outputs(self, features):
        return tf.cast(self.outputs_of_pixel(tf.nn.elu(features)), tf.float32)

    def initial_cache(self, batch_size, y=None):
        _, width, channels = self.image_shape
        memory, outputs = self.stack.memory_size, self.outputs_of_pixel.units

        def zeros(*shape, dtype=self.compute_dtype):
            return tf.zeros(tf.stack(shape), dtype)

        cache = {
            "image_rows": zeros(batch_size, 2, width, channels),
            "above": zeros(batch_size, width, memory),
            "left": zeros(batch_size, memory),
            "row": zeros(width, batch_size, memory),
            # What the rows above give to the pixels of this row.
            "first": zeros(batch_size, width, self.filters),
            "crossing": zeros(batch_size, width, 6 * self.num_layers * self.filters),
            # The channels of a pixel that are known, and what was computed for it.
            "known": zeros(batch_size, channels, dtype=tf.float32),
            "outputs": zeros(batch_size, outputs, dtype=tf.float32),
        }
        if y is not None:
            # Looked up before the loops: in a loop, LiteRT's XNNPACK reads them where
            # they were before the batch size changed.
            cache["labels"] = self.stack.row_biases(y)
        return cache

    def enter_row(self, cache, row, above):
        above = self.x_domain.from_levels(above)
        image_rows = slide_rows(cache["image_rows"], row, above)
        sides = [(0, 0), (0, 0), (1, 1), (0, 0)]
        down = self.first_down(tf.pad(image_rows, sides))[:, 0]
        finished = tf.transpose(cache["row"], (1, 0, 2))
        memory, crossing = self.stack.enter_row(
            down, cache["above"], finished, cache.get("labels")
        )
        return {
            **cache,
            "image_rows": image_rows,
            "above": memory,
            "left": tf.zeros_like(cache["left"]),
            "first": self.first_right.from_above(image_rows[:, 1:]),
            "crossing": crossing,
        }

    def advance(self, cache, site, level):
        channels = self.image_shape[-1]
        value = self.x_domain.from_levels(level)[:, None]
        before = np.arange(channels) == (site.channel - 1) % channels
        known = tf.where(before, value, cache["known"])
        cache = {**cache, "known": known}
        if site.channel == 0:
            cache = self._next_pixel(cache, site.column)
        parameters = self.output_distribution.of_channels(
            cache["outputs"], known[:, : site.channel + 1]
        )
        return parameters[:, -1], cache

    def _next_pixel(self, cache, column):
        """The cache with the outputs of a pixel, when that to its left is known."""
        pixel = tf.where(column > 0, 2.0 * cache["known"] - 1.0, 0.0)
        pixel = tf.cast(pixel, self.compute_dtype)
        window = tf.stack([pixel, tf.zeros_like(pixel)], axis=1)
        right = self.first_right.from_row(window) + cache["first"][:, column]
        right, memory = self.stack.advance(
            right, cache["left"], cache["crossing"][:, column]
        )
        row = tf.tensor_scatter_nd_update(cache["row"], [[column]], memory[None])
        return {**cache, "left": memory, "row": row, "outputs": self._outputs(right)}
