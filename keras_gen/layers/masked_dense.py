"""Dense layer whose mask is an input."""

import keras
import numpy as np
from keras import ops

from keras_gen.arguments import check_count


@keras.saving.register_keras_serializable(package="keras_gen")
class MaskedDense(keras.layers.Layer):
    """`inputs @ (kernel * mask) + bias`, with the mask as an input.

    Args:
        units: Integer of at least 1.
        use_bias: Boolean.
        connectable: Optional boolean array of shape `(inputs, units)`: the connections
            that a mask may have. Other connections have no weights. Defaults to all.

    Raises:
        ValueError: If `units` is not a positive integer, or `connectable` has another
            shape.

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

    def __init__(self, units, use_bias=True, connectable=None, **kwargs):
        super().__init__(**kwargs)
        check_count(units, "units", 1)
        self.units = units
        self.use_bias = use_bias
        self.connectable = None if connectable is None else np.array(connectable, bool)

    def build(self, input_shape) -> None:
        shape = (input_shape[-1], self.units)
        connectable = self.connectable
        if connectable is None:
            connectable = np.ones(shape, bool)
        if connectable.shape != shape:
            raise ValueError(
                f"`connectable` must have the shape {shape}. Received: an array of "
                f"shape {connectable.shape}"
            )
        positions = np.flatnonzero(connectable)
        #: Of each connection the place of its weight, or of the zero behind them all.
        self.places = np.full(shape, len(positions), np.int32)
        self.places.flat[positions] = np.arange(len(positions))

        def initial(_, dtype):
            kernel = keras.initializers.GlorotUniform()(shape, dtype)
            return ops.take(kernel, positions)

        self.kernel = self.add_weight(
            positions.shape, initializer=initial, name="kernel"
        )
        if self.use_bias:
            self.bias = self.add_weight((self.units,), initializer="zeros", name="bias")

    def call(self, inputs, connections):
        outputs = ops.matmul(inputs, self.masked_kernel(connections))
        return (
            outputs + ops.cast(self.bias, outputs.dtype) if self.use_bias else outputs
        )

    def masked_kernel(self, connections):
        """The kernel of shape `(inputs, units)`, zero where `connections` is 0."""
        dtype = self.compute_dtype
        weights = ops.append(ops.cast(self.kernel, dtype), ops.zeros(1, dtype))
        return ops.take(weights, self.places) * ops.cast(connections, dtype)

    def get_config(self) -> dict:
        connectable = self.connectable
        return {
            **super().get_config(),
            "units": self.units,
            "use_bias": self.use_bias,
            "connectable": None if connectable is None else connectable.tolist(),
        }
