"""The product of a tanh and a sigmoid."""

import keras
from keras import ops

from keras_gen.arguments import check_count


@keras.saving.register_keras_serializable(package="keras_gen")
class GatedActivation(keras.layers.Layer):
    """`tanh(a) * sigmoid(b)`, where `a` and `b` are the two halves of the features.

    Args:
        num_groups: Integer of at least 1, the number of groups of neighbouring
            features. Each group is halved by itself, so that the groups of image
            channels are not mixed.

    Raises:
        ValueError: If `num_groups` is not a positive integer, or a group cannot be
            halved.

    Reference:
        van den Oord et al., Conditional Image Generation with PixelCNN Decoders, 2016
        (arXiv:1606.05328), eq. 2.

    Example:
    >>> import numpy as np
    >>> from keras_gen.layers import GatedActivation
    >>> np.array(GatedActivation()(np.array([[9.0, 0.0]], "float32"))).round(3)
    array([[0.5]], dtype=float32)
    """

    def __init__(self, num_groups=1, **kwargs):
        super().__init__(**kwargs)
        check_count(num_groups, "num_groups", 1)
        self.num_groups = num_groups

    def build(self, input_shape) -> None:
        if input_shape[-1] % (2 * self.num_groups):
            raise ValueError(
                f"`num_groups={self.num_groups}` needs a multiple of "
                f"{2 * self.num_groups} features. Received: {input_shape[-1]}"
            )

    def call(self, inputs):
        features = inputs.shape[-1]
        if self.num_groups == 1:
            signal, gate = ops.split(inputs, 2, axis=-1)
            return ops.tanh(signal) * ops.sigmoid(gate)
        *outer, _ = ops.shape(inputs)
        size = features // (2 * self.num_groups)
        halves = ops.reshape(inputs, (*outer, self.num_groups, 2, size))
        gated = ops.tanh(halves[..., 0, :]) * ops.sigmoid(halves[..., 1, :])
        return ops.reshape(gated, (*outer, features // 2))

    def compute_output_shape(self, input_shape) -> tuple:
        return (*input_shape[:-1], input_shape[-1] // 2)

    def get_config(self) -> dict:
        return {**super().get_config(), "num_groups": self.num_groups}
