"""PixelCNN (van den Oord, Kalchbrenner and Kavukcuoglu, 2016)."""

import keras
import tensorflow as tf

from keras_gen.arguments import check_count, check_odd
from keras_gen.layers import MaskedConv2D, MaskedResidualBlock, SiteHead
from keras_gen.models.autoregressive.pixel_window import slide_rows, slide_window
from keras_gen.models.base import AutoregressiveModel


@keras.saving.register_keras_serializable(package="keras_gen")
class PixelCNN(AutoregressiveModel):
    """Draws images with masked convolutions.

    The first convolution has mask A, which hides the pixel itself. The convolutions of
    the residual blocks have mask B. Images lie in [0, 1], on the levels of
    `output_distribution`.

    The network has a blind spot: it does not see pixels above and to the right of a
    line that rises by one row for each column, or for as many columns as the kernels
    reach. `GatedPixelCNN` has none.

    A sample costs about one pass of the network: for each row the convolutions over the
    rows above, and for each site the convolutions over its own row at one pixel. The
    cache holds the rows that a layer needs again.

    NOTE: Kernels leave out the rows that a mask would hide. This does not change the
    result. Weights that are hidden in the pixel's own row count as parameters.

    Args:
        image_shape: Tuple `(height, width, channels)`.
        output_distribution: `keras_gen.distributions.BernoulliLikelihood()` for black
            and white, `CategoricalLikelihood(256)` for grey and color levels.
        filters: Integer, the features inside the residual blocks, at least the number
            of channels. Between the blocks there are twice as many.
        num_layers: Integer of at least 1, the number of residual blocks.
        kernel_size: Odd integer of at least 3.
        first_kernel_size: Odd integer of at least 3, the same for the first layer.
        output_filters: Integer, the features of the layer before the outputs.
        **kwargs: Options of every model: `seed`, `name`.

    Raises:
        ValueError: If an argument is wrong.

    Reference:
        [Pixel Recurrent Neural Networks](https://arxiv.org/abs/1601.06759), 2016,
        sections 3.3 to 3.5 and table 1.

    Example:
    >>> import numpy as np
    >>> from keras_gen.distributions import BernoulliLikelihood
    >>> from keras_gen.models import PixelCNN
    >>> model = PixelCNN((8, 8, 1), BernoulliLikelihood(), filters=4, num_layers=2)
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
        output_filters=1024,
        **kwargs,
    ):
        super().__init__(image_shape, output_distribution, **kwargs)
        channels = image_shape[-1]
        self.image_shape = tuple(image_shape)
        check_count(filters, "filters", channels)
        check_count(num_layers, "num_layers", 1)
        check_odd(kernel_size, "kernel_size", 3)
        check_odd(first_kernel_size, "first_kernel_size", 3)
        check_count(output_filters, "output_filters", channels)
        self.filters = filters
        self.num_layers = num_layers
        self.kernel_size = kernel_size
        self.first_kernel_size = first_kernel_size
        self.output_filters = output_filters
        reach = first_kernel_size // 2
        options = {"num_channels": channels, "dtype": self.dtype_policy}
        self.first = MaskedConv2D(
            2 * filters, reach, reach, mask_type="A", name="first", **options
        )
        self.blocks = [
            MaskedResidualBlock(filters, kernel_size, name=f"block_{index}", **options)
            for index in range(num_layers)
        ]
        self.head = SiteHead(
            output_filters,
            parameters_per_site=output_distribution.parameters_per_value,
            name="head",
            **options,
        )
        self.site_parameters(tf.zeros((1, *self.image_shape)))

    def default_optimizer(self):
        return keras.optimizers.RMSprop(1e-3)

    def site_parameters(self, x, y=None, training=False):
        features = self.first(tf.cast(2.0 * x - 1.0, self.compute_dtype))
        for block in self.blocks:
            features = block(features)
        return self.head(features)

    def initial_cache(self, batch_size, y=None):
        _, width, channels = self.image_shape

        def zeros(*shape):
            return tf.zeros(tf.stack(shape), self.compute_dtype)

        above, reach = self.first_kernel_size // 2, self.kernel_size // 2
        outputs = (2 + self.num_layers) * self.filters
        return {
            "window": zeros(batch_size, above + 1, channels),
            "left": [zeros(batch_size, reach, self.filters) for _ in self.blocks],
            # Inputs of the convolutions: rows above, and the present one.
            "image_rows": zeros(batch_size, above, width, channels),
            "rows": [zeros(batch_size, reach, width, self.filters)] * self.num_layers,
            "row": zeros(width, batch_size, self.num_layers * self.filters),
            # What the rows above give to the outputs of the convolutions.
            "above": zeros(batch_size, width, outputs),
        }

    def enter_row(self, cache, row, above):
        above = self.x_domain.from_levels(above)
        image_rows = slide_rows(cache["image_rows"], row, above)
        finished = tf.transpose(cache["row"], (1, 0, 2))[:, None]
        finished = tf.split(finished, self.num_layers, axis=-1)
        rows, parts = [], [self.first.from_above(image_rows)]
        for block, before, new in zip(
            self.blocks, cache["rows"], finished, strict=True
        ):
            rows.append(tf.concat([before[:, 1:], new], axis=1))
            parts.append(block.from_above(rows[-1]))
        return {
            **cache,
            "window": tf.zeros_like(cache["window"]),
            "left": [tf.zeros_like(left) for left in cache["left"]],
            "image_rows": image_rows,
            "rows": rows,
            "above": tf.concat(parts, axis=-1),
        }

    def advance(self, cache, site, level):
        pixel = 2.0 * self.x_domain.from_levels(level) - 1.0
        window = slide_window(cache["window"], site, pixel)
        sizes = [2 * self.filters] + [self.filters] * self.num_layers
        first, *above = tf.split(cache["above"][:, site.column], sizes, axis=-1)
        features = self.first.from_row(window) + first
        windows = []
        for block, left, part in zip(self.blocks, cache["left"], above, strict=True):
            features, seen = block.advance(left, features, part)
            windows.append(seen)
        cache = {**cache, "window": window}
        if site.channel == self.image_shape[-1] - 1:
            narrow = tf.concat([seen[:, -1] for seen in windows], axis=-1)
            cache["left"] = [seen[:, 1:] for seen in windows]
            cache["row"] = tf.tensor_scatter_nd_update(
                cache["row"], [[site.column]], narrow[None]
            )
        return self.head.at_pixel(features)[:, site.channel], cache
