"""PixelRNN (van den Oord, Kalchbrenner and Kavukcuoglu, 2016)."""

import keras
import tensorflow as tf

from keras_gen.arguments import check_count, check_multiple, check_odd
from keras_gen.layers import DiagonalLSTM, MaskedConv2D, RowLSTM, SiteHead
from keras_gen.models.base import AutoregressiveModel, slide_rows, slide_window

_RECURRENCES = ("row", "diagonal")


@keras.saving.register_keras_serializable(package="keras_gen")
class PixelRNN(AutoregressiveModel):
    """Draws pixels with long short-term memories that run over the image.

    A convolution with mask A, then recurrent layers with residual connections. Those of
    the Row LSTM run from top to bottom and know of a triangle above each pixel, those
    of the Diagonal BiLSTM from both upper corners and know of all earlier pixels, but
    for one: the path from the right enters a row with features that mask A has kept
    from its last pixel, so only the first convolution brings that to the row below, as
    far as it reaches. Images lie in [0, 1], on the levels of `site_distribution`.

    A sample costs about one pass of the network: the state of a pixel is computed once,
    from those that the cache holds of the row above and of its own row.

    Args:
        image_shape: Tuple `(height, width, channels)`.
        site_distribution: `keras_gen.distributions.BernoulliSites()` for black and
            white, `CategoricalSites(256)` for grey and color levels.
        recurrence: "row" or "diagonal".
        units: Integer, features of a state, a multiple of the channels; there are twice
            as many features between the layers.
        num_layers: Integer of at least 1, the recurrent layers.
        kernel_size: Odd integer of at least 3, pixels of a row that a Row LSTM spans.
        first_kernel_size: The same for the first layer, which is a convolution.
        output_filters: Integer, features of the layer before the outputs.
        seed: Integer, seed of the randomness of training.

    Raises:
        ValueError: If an argument is not as stated.

    Reference:
        [Pixel Recurrent Neural Networks](https://arxiv.org/abs/1601.06759), 2016,
        sections 3.1 to 3.4 and table 1.

    Example:
    >>> import numpy as np
    >>> from keras_gen.distributions import BernoulliSites
    >>> from keras_gen.models import PixelRNN
    >>> model = PixelRNN((8, 8, 1), BernoulliSites(), "diagonal", 4, num_layers=2)
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
        site_distribution,
        recurrence="diagonal",
        units=16,
        num_layers=7,
        kernel_size=3,
        first_kernel_size=7,
        output_filters=32,
        seed=0,
        **kwargs,
    ):
        super().__init__(image_shape, site_distribution, seed=seed, **kwargs)
        channels = self.image_shape[-1]
        if recurrence not in _RECURRENCES:
            raise ValueError(
                f"`recurrence` must be one of {_RECURRENCES}. Received: {recurrence!r}"
            )
        check_multiple(units, "units", channels)
        check_count(num_layers, "num_layers", 1)
        check_odd(kernel_size, "kernel_size", 3)
        check_odd(first_kernel_size, "first_kernel_size", 3)
        check_count(output_filters, "output_filters", channels)
        self.recurrence = recurrence
        self.units = units
        self.num_layers = num_layers
        self.kernel_size = kernel_size
        self.first_kernel_size = first_kernel_size
        self.output_filters = output_filters
        reach = first_kernel_size // 2
        options = {"num_channels": channels, "dtype": self.dtype_policy}
        self.first = MaskedConv2D(
            2 * units, reach, reach, mask_type="A", name="first", **options
        )
        self.recurrent = [
            RowLSTM(units, kernel_size, name=f"row_lstm_{index}", **options)
            if recurrence == "row"
            else DiagonalLSTM(units, name=f"diagonal_lstm_{index}", **options)
            for index in range(num_layers)
        ]
        self.widen = [
            MaskedConv2D(2 * units, 0, 0, name=f"widen_{index}", **options)
            for index in range(num_layers)
        ]
        self.head = SiteHead(
            output_filters,
            parameters_per_site=site_distribution.parameters_per_site,
            name="head",
            **options,
        )
        self.site_parameters(tf.zeros((1, *self.image_shape)))

    def default_optimizer(self):
        return keras.optimizers.RMSprop(1e-3)

    def site_parameters(self, images, labels=None, training=False):
        features = self.first(tf.cast(2.0 * images - 1.0, self.compute_dtype))
        for lstm, widen in zip(self.recurrent, self.widen, strict=True):
            features += widen(lstm(features))
        return self.head(features)

    def initial_cache(self, batch_size, labels=None):
        _, width, channels = self.image_shape

        def zeros(*shape):
            return tf.zeros(tf.stack([batch_size, *shape]), self.compute_dtype)

        above = self.first_kernel_size // 2
        return {
            "window": zeros(above + 1, channels),
            "image_rows": zeros(above, width, channels),
            "above": zeros(width, 2 * self.units),
            "layers": [
                lstm.initial_cache(batch_size, width, 2 * self.units)
                for lstm in self.recurrent
            ],
        }

    def enter_row(self, cache, row, above):
        image_rows = slide_rows(cache["image_rows"], row, above)
        return {
            "window": tf.zeros_like(cache["window"]),
            "image_rows": image_rows,
            "above": self.first.from_above(image_rows),
            "layers": [
                lstm.enter_row(seen, row)
                for lstm, seen in zip(self.recurrent, cache["layers"], strict=True)
            ],
        }

    def advance(self, cache, site, value):
        cache = {**cache, "window": slide_window(cache["window"], site, 2 * value - 1)}
        features = self.first.from_row(cache["window"]) + cache["above"][:, site.column]
        after = []
        for lstm, widen, seen in zip(
            self.recurrent, self.widen, cache["layers"], strict=True
        ):
            hidden, seen = lstm.advance(seen, site.column, features)
            features += widen.from_row(hidden)
            after.append(seen)
        if site.channel == self.image_shape[-1] - 1:
            cache["layers"] = after
        return self.head.at_pixel(features)[:, site.channel], cache
