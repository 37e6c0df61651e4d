"""ActNorm (Kingma and Dhariwal, 2018)."""

import keras
from keras import ops

from keras_gen.layers.flow_layer import FlowLayer, same_for_all


@keras.saving.register_keras_serializable(package="keras_gen")
class ActNorm(FlowLayer):
    """Scales and shifts each channel: `y = (x + bias) exp(log_scale)`.

    It is the identity until `adapt()` gives it the moments of a batch: its outputs then
    have mean 0 and variance 1 in each channel. A channel that is constant in the batch
    keeps its scale. Scale and bias are trained, and do not depend on later batches.

    Args:
        center: Boolean, whether there is a bias.
        least: Float, the deviation up to which a channel counts as constant, beside
            deviations that are mere rounding of its mean.

    Reference:
        [Glow: Generative Flow with Invertible 1x1
        Convolutions](https://arxiv.org/abs/1807.03039), 2018, section 3.1.

    Example:
    >>> import numpy as np
    >>> from keras_gen.layers import ActNorm
    >>> layer, x = ActNorm(), np.array([[1.0, 5.0], [3.0, 5.0]], "float32")
    >>> np.array(layer.adapt(x)).tolist()
    [[-1.0, 0.0], [1.0, 0.0]]
    """

    #: A channel is constant up to this deviation, relative to its mean.
    epsilon = 1e-5

    def __init__(self, center=True, least=1e-5, **kwargs):
        super().__init__(**kwargs)
        self.center = center
        self.least = least

    def build(self, input_shape) -> None:
        size = (input_shape[-1],)
        self.log_scale = self.add_weight(size, initializer="zeros", name="log_scale")
        self.bias = None
        if self.center:
            self.bias = self.add_weight(size, initializer="zeros", name="bias")

    def call(self, inputs, training=False):
        positions = 1
        for size in inputs.shape[1:-1]:
            positions *= size
        shifted = inputs if self.bias is None else inputs + self.bias
        log_det = positions * ops.sum(self.log_scale)
        return shifted * ops.exp(self.log_scale), same_for_all(log_det, inputs)

    def inverse(self, outputs):
        shifted = outputs * ops.exp(-ops.convert_to_tensor(self.log_scale))
        return shifted if self.bias is None else shifted - self.bias

    def adapt(self, inputs):
        inputs = ops.convert_to_tensor(inputs)
        if not self.built:
            self.build(inputs.shape)
        axes = tuple(range(len(inputs.shape) - 1))
        mean, variance = ops.moments(inputs, axes)
        if self.bias is not None:
            self.bias.assign(-mean)
        rounding = self.epsilon**2 * mean**2
        is_constant = variance <= ops.maximum(self.least**2, rounding)
        log_scale = -0.5 * ops.log(ops.where(is_constant, 1.0, variance))
        self.log_scale.assign(log_scale)
        return self(inputs)[0]

    def get_config(self) -> dict:
        return {**super().get_config(), "center": self.center, "least": self.least}
