"""Dense layer whose connections are chosen at call time."""

import keras
from keras import ops

from keras_gen.arguments import check_count


@keras.saving.register_keras_serializable(package="keras_gen")
class MaskedDense(keras.layers.Layer):
    """`inputs @ (kernel * mask) + bias`, with the mask given from outside.

    Args:
        units: Integer of at least 1.
        use_bias: Boolean.

    Raises:
        ValueError: If `units` is not a positive integer.

    Reference:
        Germain et al., MADE: Masked Autoencoder for Distribution Estimation, 2015
        (arXiv:1502.03509), eq. 8.

    Example:
    >>> import numpy as np
    >>> from keras_gen.layers import MaskedDense
    >>> dense = MaskedDense(2)
    >>> np.array(dense(np.ones((1, 3)), np.zeros((3, 2))))
    array([[0., 0.]], dtype=float32)
    """

    def __init__(self, units, use_bias=True, **kwargs):
        super().__init__(**kwargs)
        check_count(units, "units", 1)
        self.units = units
        self.use_bias = use_bias

    def build(self, input_shape):
        self.kernel = self.add_weight(
            (input_shape[-1], self.units), initializer="glorot_uniform", name="kernel"
        )
        if self.use_bias:
            self.bias = self.add_weight((self.units,), initializer="zeros", name="bias")

    def call(self, inputs, connections):
        outputs = ops.matmul(inputs, self.masked_kernel(connections))
        return (
            outputs + ops.cast(self.bias, outputs.dtype) if self.use_bias else outputs
        )

    def masked_kernel(self, connections):
        """The kernel where `connections` is 1, else zero."""
        dtype = self.compute_dtype
        return ops.cast(self.kernel, dtype) * ops.cast(connections, dtype)

    def get_config(self):
        return {
            **super().get_config(),
            "units": self.units,
            "use_bias": self.use_bias,
        }
