"""From an interval to all real numbers."""

import math

import keras
from keras import ops

from keras_gen.arguments import shown
from keras_gen.layers.flow_layer import FlowLayer, sum_of_example


@keras.saving.register_keras_serializable(package="keras_gen")
class Logit(FlowLayer):
    """Maps values in [0, 1] to `logit(margin + (1 - 2 margin) x)`.

    Args:
        margin: Float in (0, 0.5), which keeps 0 and 1 at finite numbers.

    Raises:
        ValueError: If `margin` is not such a number.

    Reference:
        [Masked Autoregressive Flow for Density
        Estimation](https://arxiv.org/abs/1705.07057), 2017, where `margin` is lambda.

    Example:
    >>> import numpy as np
    >>> from keras_gen.layers import Logit
    >>> outputs, log_det = Logit(0.1)(np.array([[0.0, 0.5]]))
    >>> [round(float(value), 2) for value in outputs[0]]
    [-2.2, 0.0]
    """

    def __init__(self, margin, **kwargs):
        super().__init__(**kwargs)
        is_number = isinstance(margin, float)
        if not (is_number and 0.0 < margin < 0.5):
            raise ValueError(
                f"`margin` must be a number in (0, 0.5). Received: {shown(margin)}"
            )
        self.margin = margin

    def build(self, input_shape) -> None:
        """Nothing to build."""

    def call(self, inputs, training=False):
        width = 1.0 - 2.0 * self.margin
        # From each end by itself: near 1, float32 does not tell what is left to 1.
        below = ops.log(self.margin + width * inputs)
        above = ops.log(self.margin + width * (1.0 - inputs))
        return below - above, sum_of_example(math.log(width) - below - above)

    def inverse(self, outputs):
        return (ops.sigmoid(outputs) - self.margin) / (1.0 - 2.0 * self.margin)

    def get_config(self) -> dict:
        return {**super().get_config(), "margin": self.margin}
