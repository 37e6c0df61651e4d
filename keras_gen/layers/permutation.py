"""A fixed permutation of channels or values."""

import keras
import numpy as np
from keras import ops

from keras_gen.arguments import shown
from keras_gen.layers.flow_layer import FlowLayer, same_for_all


@keras.saving.register_keras_serializable(package="keras_gen")
class Permutation(FlowLayer):
    """Permutes the last axis: `y_i = x_{order[i]}`. The log-determinant is zero.

    Args:
        order: Sequence of the integers from 0 to the size of the axis less one.

    Raises:
        ValueError: If `order` is no permutation.

    Example:
    >>> import numpy as np
    >>> from keras_gen.layers import Permutation
    >>> values = np.array([[10.0, 11.0, 12.0]])
    >>> outputs, log_det = Permutation([2, 0, 1])(values)
    >>> [float(value) for value in outputs[0]]
    [12.0, 10.0, 11.0]
    """

    def __init__(self, order, **kwargs):
        super().__init__(**kwargs)
        self.order = [int(index) for index in order]
        if sorted(self.order) != list(range(len(self.order))):
            raise ValueError(
                "`order` must hold each integer below its length once. Received: "
                f"{shown(self.order)}"
            )
        self._reverse = np.argsort(self.order).astype("int32")

    def build(self, input_shape) -> None:
        if input_shape[-1] != len(self.order):
            raise ValueError(
                f"`inputs` must have {len(self.order)} channels or values, as many as "
                f"`order`. Received shape: {shown(tuple(input_shape))}"
            )

    def call(self, inputs, training=False):
        outputs = ops.take(inputs, np.array(self.order, "int32"), axis=-1)
        return outputs, same_for_all(0.0, inputs)

    def inverse(self, outputs):
        return ops.take(outputs, self._reverse, axis=-1)

    def get_config(self) -> dict:
        return {**super().get_config(), "order": self.order}
