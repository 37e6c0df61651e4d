"""PixelRNN (van den Oord, Kalchbrenner and Kavukcuoglu, 2016)."""

import keras
import tensorflow as tf

from keras_gen.arguments import check_count, check_multiple, check_odd, shown
from keras_gen.layers import (
    DiagonalRecurrence,
    MaskedConv2D,
    RowRecurrence,
    SiteHead,
)
from keras_gen.models.autoregressive.pixel_window import slide_rows, slide_window
from keras_gen.models.base import AutoregressiveModel

_DIAGONAL = DiagonalRecurrence()


@keras.saving.register_keras_serializable(package="keras_gen")
class PixelRNN(AutoregressiveModel):
    """Draws images with recurrent layers that run over the image.

    The first layer is a convolution with mask A. Recurrent layers with residual
    connections follow. The Row LSTM runs from top to bottom and sees a triangle above
    each pixel. The Diagonal BiLSTM runs from both upper corners and sees all earlier
    pixels but one: on its path from the right, the last pixel of a row is hidden by
    mask A, so the row below sees it only as far as the first convolution reaches.
    Images lie in [0, 1], on the levels of `output_distribution`.

    A sample costs about one pass of the network. The state of a pixel is computed once,
    from the states of the row above and of its own row, which the cache holds.

    Args:
        image_shape: Tuple `(height, width, channels)`.
        output_distribution: `keras_gen.distributions.BernoulliLikelihood()` for black
            and white, `CategoricalLikelihood(256)` for grey and color levels.
        recurrence: `keras_gen.layers.DiagonalRecurrence()` or `RowRecurrence()`.
        units: Integer, the features of a state, a multiple of the channels. Between the
            layers there are twice as many.
        num_layers: Integer of at least 1, the number of recurrent layers.
        first_kernel_size: Odd integer of at least 3, the size of the first convolution.
        output_filters: Integer, the features of the layer before the outputs.
        **kwargs: Options of every model: `seed`, `name`.

    Raises:
        ValueError: If an argument is wrong.

    Reference:
        [Pixel Recurrent Neural Networks](https://arxiv.org/abs/1601.06759), 2016,
        sections 3.1 to 3.4 and table 1.

    Example:
    >>> import numpy as np
    >>> from keras_gen.distributions import BernoulliLikelihood
    >>> from keras_gen.models import PixelRNN
    >>> model = PixelRNN((8, 8, 1), BernoulliLikelihood(), units=4, num_layers=2)
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
        recurrence=_DIAGONAL,
        units=16,
        num_layers=7,
        first_kernel_size=7,
        output_filters=32,
        **kwargs,
    ):
        super().__init__(image_shape, output_distribution, **kwargs)
        channels = image_shape[-1]
        self.image_shape = tuple(image_shape)
        if not isinstance(recurrence, (RowRecurrence, DiagonalRecurrence)):
            raise ValueError(
                "`recurrence` must be `RowRecurrence()` or `DiagonalRecurrence()` of "
                f"`keras_gen.layers`. Received: {shown(recurrence)}"
            )
        check_multiple(units, "units", channels)
        check_count(num_layers, "num_layers", 1)
        check_odd(first_kernel_size, "first_kernel_size", 3)
        check_count(output_filters, "output_filters", channels)
        self.recurrence = recurrence
        self.units = units
        self.num_layers = num_layers
        self.first_kernel_size = first_kernel_size
        self.output_filters = output_filters
        reach = first_kernel_size // 2
        options = {"num_channels": channels, "dtype": self.dtype_policy}
        self.first = MaskedConv2D(
            2 * units, reach, reach, mask_type="A", name="first", **options
        )
        self.recurrent = [
            recurrence.layer(units, index, **options) for index in range(num_layers)
        ]
        self.widen = [
            MaskedConv2D(2 * units, 0, 0, name=f"widen_{index}", **options)
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
        for lstm, widen in zip(self.recurrent, self.widen, strict=True):
            features += widen(lstm(features))
        return self.head(features)

    def initial_cache(self, batch_size, y=None):
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
        above = self.x_domain.from_levels(above)
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

    def advance(self, cache, site, level):
        pixel = 2.0 * self.x_domain.from_levels(level) - 1.0
        cache = {**cache, "window": slide_window(cache["window"], site, pixel)}
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
