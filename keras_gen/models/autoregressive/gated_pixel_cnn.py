"""Gated PixelCNN (van den Oord, Kalchbrenner, Vinyals et al., 2016)."""

import keras
import tensorflow as tf

from keras_gen.arguments import (
    check_count,
    check_image_shape,
    check_multiple,
    check_odd,
)
from keras_gen.domains import Symbols
from keras_gen.layers import GatedCausalBlock, SiteHead, SymbolEmbedding
from keras_gen.models.autoregressive.pixel_window import slide_window
from keras_gen.models.base import AutoregressiveModel


@keras.saving.register_keras_serializable(package="keras_gen")
class GatedPixelCNN(AutoregressiveModel):
    """Draws images with two stacks of gated convolutions, without a blind spot.

    The vertical stack sees all rows above. The horizontal stack sees the pixels to the
    left and, in each layer, the vertical stack. Labels are biases of every gate. Images
    lie in [0, 1], on the levels of `output_distribution`. With classes, `fit` takes
    images and labels.

    Kernels have only the causal half of a square. A kernel of size 3 is 2 x 3 in the
    vertical stack, whose input is shifted down by one row, and 1 x 2 in the horizontal
    stack. A sample costs one pass of the vertical stack, row by row, and for each site
    one pass of the horizontal stack at one pixel. The cache holds the rows and pixels
    that a layer needs again.

    NOTE: The default optimizer is Adam with a rate of 1e-3; the paper names none.

    Args:
        image_shape: Tuple `(height, width, channels)`; or `keras_gen.domains.Symbols`,
            such as the codes of a `VQVAE`. The network sees a symbol as `filters`
            numbers, which it learns.
        output_distribution: `keras_gen.distributions.BernoulliLikelihood()` for black
            and white, `CategoricalLikelihood(256)` for levels of grey and color, and
            for symbols.
        filters: Integer, the features of each stack; a multiple of the channels.
        num_layers: Integer of at least 1.
        kernel_size: Odd integer of at least 3, the width of the vertical kernels.
        first_kernel_size: Odd integer of at least 3, the same for the first layer.
        output_filters: Integer, the features of the skip connections and of the layer
            before the outputs; at least the number of channels.
        num_classes: Optional integer of at least 2. If given, the model learns from
            labels.
        **kwargs: Options of every model: `seed`, `name`.

    Raises:
        ValueError: If an argument is wrong.

    Reference:
        [Conditional Image Generation with PixelCNN
        Decoders](https://arxiv.org/abs/1606.05328), 2016, section 2 and figure 2.

    Example:
    >>> import numpy as np
    >>> from keras_gen.distributions import BernoulliLikelihood
    >>> from keras_gen.models import GatedPixelCNN
    >>> model = GatedPixelCNN((8, 8, 1), BernoulliLikelihood(), filters=4, num_layers=2)
    >>> model.compile()
    >>> history = model.fit(np.zeros((32, 8, 8, 1)), verbose=0).history
    >>> sorted(history)
    ['bits_per_dimension', 'loss']
    >>> model.sample(2, seed=0).shape
    (2, 8, 8, 1)
    """

    def __init__(
        self,
        image_shape,
        output_distribution,
        filters=128,
        num_layers=15,
        kernel_size=3,
        first_kernel_size=7,
        output_filters=128,
        num_classes=None,
        **kwargs,
    ):
        super().__init__(image_shape, output_distribution, num_classes, **kwargs)
        check_count(num_layers, "num_layers", 1)
        check_odd(kernel_size, "kernel_size", 3)
        check_odd(first_kernel_size, "first_kernel_size", 3)
        channels = self.x_domain.sites[-1]
        check_multiple(filters, "filters", channels)
        check_count(output_filters, "output_filters", channels)
        self.image_shape, self.symbols = image_shape, None
        if isinstance(image_shape, Symbols):
            num, dtype = self.x_domain.num_levels, self.dtype_policy
            self.symbols = SymbolEmbedding(num, filters, dtype=dtype, name="symbols")
        else:
            check_image_shape(image_shape)
            self.image_shape = tuple(image_shape)
        self.num_classes = num_classes
        self.filters = filters
        self.num_layers = num_layers
        self.kernel_size = kernel_size
        self.first_kernel_size = first_kernel_size
        self.output_filters = output_filters
        self.blocks = [
            GatedCausalBlock(
                filters,
                kernel_size if index else first_kernel_size,
                output_filters,
                channels,
                num_classes,
                is_first=index == 0,
                is_last=index == num_layers - 1,
                dtype=self.dtype_policy,
                name=f"block_{index}",
            )
            for index in range(num_layers)
        ]
        parameters = output_distribution.parameters_per_value
        self.head = SiteHead(
            output_filters, channels, parameters, dtype=self.dtype_policy, name="head"
        )
        labels = None if num_classes is None else tf.zeros((1,), tf.int32)
        nothing = tf.zeros((1, *self.x_domain.shape), self.x_domain.dtype)
        self.site_parameters(nothing, labels)

    def site_parameters(self, x, y=None, training=False):
        is_image = self.symbols is None
        horizontal = 2.0 * x - 1.0 if is_image else self._seen(self.levels_of(x))
        horizontal = tf.cast(horizontal, self.compute_dtype)
        vertical = tf.pad(horizontal, [(0, 0), (1, 0), (0, 0), (0, 0)])[:, :-1]
        skips = 0.0
        for block in self.blocks:
            vertical, horizontal, skip = block(vertical, horizontal, y)
            skips += skip
        return self.head(skips)

    def _seen(self, levels):
        """What the network sees of the levels of sites, with their channels last."""
        if self.symbols is None:
            return 2.0 * self.x_domain.from_levels(levels) - 1.0
        return self.symbols(levels[..., 0])

    def initial_cache(self, batch_size, y=None):
        _, width, channels = self.x_domain.sites
        channels = channels if self.symbols is None else self.filters

        def zeros(*shape):
            return tf.zeros(tf.stack([batch_size, *shape]), self.compute_dtype)

        features = [channels] + [self.filters] * (self.num_layers - 1)
        blocks = list(zip(self.blocks, features, strict=True))
        cache = {
            "rows": [zeros(block.rows_above, width, size) for block, size in blocks],
            "window": zeros(self.blocks[0].columns_left + 1, channels),
            "left": [zeros(block.columns_left, size) for block, size in blocks[1:]],
            "crossing": zeros(width, self.num_layers, 2 * self.filters),
        }
        if y is not None:
            # Looked up before the loops: in a loop, LiteRT's XNNPACK reads them where
            # they were before the batch size changed.
            cache["labels"] = [block.row_biases(y) for block in self.blocks]
        return cache

    def enter_row(self, cache, row, above):
        labels = cache.get("labels", [(0.0, 0.0)] * len(self.blocks))
        vertical = tf.cast(self._seen(above), self.compute_dtype)
        vertical = tf.where(row > 0, vertical, tf.zeros_like(vertical))
        rows, crossings = [], []
        for block, before, biases in zip(
            self.blocks, cache["rows"], labels, strict=True
        ):
            window = tf.concat([before, vertical[:, None]], axis=1)
            vertical, crossing = block.enter_row(window, biases)
            rows.append(window[:, 1:])
            crossings.append(crossing)
        return {
            **cache,
            "rows": rows,
            "window": tf.zeros_like(cache["window"]),
            "left": [tf.zeros_like(left) for left in cache["left"]],
            "crossing": tf.stack(crossings, axis=2),
        }

    def advance(self, cache, site, level):
        pixel = self._seen(level if self.symbols is None else level[:, None])
        cache = {**cache, "window": slide_window(cache["window"], site, pixel)}
        crossings = tf.unstack(cache["crossing"][:, site.column], axis=1)
        features, skips = self.blocks[0].advance(cache["window"], crossings[0])
        finished = []
        for block, left, crossing in zip(
            self.blocks[1:], cache["left"], crossings[1:], strict=True
        ):
            window = tf.concat([left, features[:, None]], axis=1)
            finished.append(window[:, 1:])
            features, skip = block.advance(window, crossing)
            skips += skip
        if site.channel == self.x_domain.sites[-1] - 1:
            cache["left"] = finished
        return self.head.at_pixel(skips)[:, site.channel], cache
