"""A monotone map of each value to a nearly normal distribution."""

import math
import statistics

import keras
import numpy as np
from keras import ops

from keras_gen.arguments import check_count
from keras_gen.layers.flow_layer import FlowLayer, sum_of_example

#: The first and the last knot, in standard deviations of the outputs.
_LIMIT = 3.0
#: The least distance of two knots.
_LEAST = 1e-4


@keras.saving.register_keras_serializable(package="keras_gen")
class MarginalNormalization(FlowLayer):
    """Maps each value by a piecewise linear function, so that its outputs are normal.

    `adapt()` sets the knots: it maps quantiles of the values of a batch to those of the
    standard normal distribution. They are not trained. Beyond the outer knots a map is
    linear, with the slope that gives all values variance 1. A new layer is the
    identity.

    It helps where the values of an example are far from normal by themselves, such as
    the logits of a black pixel with uniform noise, which a shift and a scale cannot
    bring into another shape.

    Args:
        num_pieces: Integer of at least 1, the linear pieces between the outer knots.

    Raises:
        ValueError: If `num_pieces` is not a positive integer.

    Reference:
        Chen and Gopinath, "Gaussianization", 2000, section 2 (the marginal step).

    Example:
    >>> import numpy as np
    >>> from keras_gen.layers import MarginalNormalization
    >>> x = -np.log(np.linspace(1.0, 0.0001, 10_000, dtype="float32")[:, None])
    >>> y = np.array(MarginalNormalization().adapt(x))
    >>> round(float(np.mean(y**3)), 1), round(float(np.std(y)), 1)
    (0.0, 1.0)
    """

    def __init__(self, num_pieces=16, **kwargs):
        super().__init__(**kwargs)
        check_count(num_pieces, "num_pieces", 1)
        self.num_pieces = num_pieces
        self._levels = np.linspace(-_LIMIT, _LIMIT, num_pieces + 1, dtype="float32")

    def build(self, input_shape) -> None:
        shape = tuple(input_shape[1:])

        def identity(_, dtype):
            levels = self._levels.reshape(-1, *[1] * len(shape))
            return ops.cast(np.broadcast_to(levels, (len(levels), *shape)), dtype)

        #: The inputs at the knots, of shape `(num_pieces + 1, *shape)`.
        self.knots = self.add_weight(
            (self.num_pieces + 1, *shape),
            initializer=identity,
            trainable=False,
            name="knots",
        )
        self.outer_log_slope = self.add_weight(
            shape, initializer="zeros", trainable=False, name="outer_log_slope"
        )

    def call(self, inputs, training=False):
        knots = self._knots()
        slopes = self._log_slopes(knots)
        outputs = _piecewise(inputs, knots, self._levels, [ops.exp(s) for s in slopes])
        log_det = slopes[0] + ops.zeros_like(inputs)
        for knot, before, after in zip(knots, slopes, slopes[1:], strict=False):
            log_det = log_det + ops.where(inputs >= knot, after - before, 0.0)
        return outputs, sum_of_example(log_det)

    def inverse(self, outputs):
        knots = self._knots()
        slopes = [ops.exp(-slope) for slope in self._log_slopes(knots)]
        return _piecewise(outputs, self._levels, knots, slopes)

    def adapt(self, inputs):
        inputs = ops.convert_to_tensor(inputs)
        if not self.built:
            self.build(inputs.shape)
        values = ops.convert_to_numpy(inputs)
        normal = statistics.NormalDist()
        shares = [normal.cdf(float(level)) for level in self._levels]
        knots = np.quantile(values, shares, axis=0)
        distances = np.maximum(np.diff(knots, axis=0), _LEAST)
        knots[1:] = knots[0] + np.cumsum(distances, axis=0)
        self.knots.assign(knots)
        self.outer_log_slope.assign(-np.log(np.maximum(values.std(axis=0), _LEAST)))
        return self(inputs)[0]

    def _knots(self):
        return ops.unstack(ops.convert_to_tensor(self.knots), axis=0)

    def _log_slopes(self, knots):
        """The log-slope before the first knot, between knots, and behind the last."""
        height = math.log(2 * _LIMIT / self.num_pieces)
        pairs = zip(knots, knots[1:], strict=False)
        inner = [height - ops.log(after - before) for before, after in pairs]
        outer = ops.convert_to_tensor(self.outer_log_slope)
        return [outer, *inner, outer]

    def get_config(self) -> dict:
        return {**super().get_config(), "num_pieces": self.num_pieces}


def _piecewise(values, starts, ends, slopes):
    """The map that takes `starts` to `ends` and is linear between them."""
    result = ends[0] + slopes[0] * ops.minimum(values - starts[0], 0.0)
    for first, last, slope in zip(starts, starts[1:], slopes[1:], strict=False):
        result = result + slope * ops.clip(values - first, 0.0, last - first)
    return result + slopes[-1] * ops.maximum(values - starts[-1], 0.0)
