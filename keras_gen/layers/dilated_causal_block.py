"""One layer of a WaveNet."""

import keras
from keras import layers, ops

from keras_gen.arguments import check_count


@keras.saving.register_keras_serializable(package="keras_gen")
class DilatedCausalBlock(keras.layers.Layer):
    """A dilated causal convolution with a gate, a residual and a skip connection.

    A place sees itself and the places that are multiples of `dilation` before it.
    `call()` computes whole sequences, and `advance()` one place with the inputs that it
    sees.

    Args:
        filters: Integer of at least 1, the features of a place.
        skip_filters: Integer of at least 1, the features of the skip connection.
        dilation: Integer of at least 1.
        kernel_size: Integer of at least 2, how many places one place sees.
        is_last: Boolean, whether only the skip connection is needed. Then there are no
            features after the block: they are None.

    Raises:
        ValueError: If an argument is wrong.

    Reference:
        van den Oord et al., WaveNet: A Generative Model for Raw Audio, 2016
        (arXiv:1609.03499), eq. 2 and figure 4.

    Example:
    >>> import numpy as np
    >>> from keras_gen.layers import DilatedCausalBlock
    >>> block = DilatedCausalBlock(4, skip_filters=6, dilation=2)
    >>> [tuple(outputs.shape) for outputs in block(np.zeros((2, 9, 4)))]
    [(2, 9, 4), (2, 9, 6)]
    """

    def __init__(
        self,
        filters,
        skip_filters,
        dilation=1,
        kernel_size=2,
        is_last=False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        for name, size, least in (
            ("filters", filters, 1),
            ("skip_filters", skip_filters, 1),
            ("dilation", dilation, 1),
            ("kernel_size", kernel_size, 2),
        ):
            check_count(size, name, least)
            setattr(self, name, size)
        self.is_last = is_last
        dtype = {"dtype": self.dtype_policy}
        # A convolution is a dense layer of the places that one place sees.
        self.gates = layers.Dense(2 * filters, name="gates", **dtype)
        self.residual = None
        if not is_last:
            self.residual = layers.Dense(filters, name="residual", **dtype)
        self.skip = layers.Dense(skip_filters, name="skip", **dtype)

    def build(self, input_shape) -> None:
        outer = input_shape[:-1]
        self.gates.build((*outer, self.kernel_size * self.filters))
        if self.residual is not None:
            self.residual.build((*outer, self.filters))
        self.skip.build((*outer, self.filters))

    @property
    def reach(self):
        """Integer, how far back a place sees."""
        return (self.kernel_size - 1) * self.dilation

    def call(self, features, gate_biases=0.0):
        """The features after the block, and the skip connection.

        Args:
            features: Tensor of shape `(batch, length, filters)`.
            gate_biases: Tensor that broadcasts to `(batch, length, 2 * filters)`, what
                a condition adds to the inputs of the gates.
        """
        length = features.shape[1]
        seen = [
            ops.pad(features, [(0, 0), (delay, 0), (0, 0)])[:, :length]
            for delay in range(self.reach, 0, -self.dilation)
        ]
        return self._outputs(seen, features, gate_biases)

    def initial_cache(self, batch_size):
        """The last inputs before the first place: zeros `(reach, batch, filters)`."""
        return ops.zeros((self.reach, batch_size, self.filters), self.compute_dtype)

    def advance(self, cache, place, features, gate_biases=0.0):
        """The outputs at one place, and the cache for the next one.

        Args:
            cache: From `initial_cache()`, or from `advance()` at the place before.
            place: Int32 scalar.
            features: Tensor of shape `(batch, filters)`.
            gate_biases: Tensor that broadcasts to `(batch, 2 * filters)`.
        """
        # The cache is a ring: what is `delay` places back stands at their difference.
        seen = [
            cache[(place + self.reach - delay) % self.reach]
            for delay in range(self.reach, 0, -self.dilation)
        ]
        outputs = self._outputs(seen, features, gate_biases)
        where = ops.reshape(place % self.reach, (1, 1))
        return outputs, ops.scatter_update(cache, where, features[None])

    def compute_output_shape(self, input_shape) -> tuple:
        features = None if self.is_last else tuple(input_shape)
        return features, (*input_shape[:-1], self.skip_filters)

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "filters": self.filters,
            "skip_filters": self.skip_filters,
            "dilation": self.dilation,
            "kernel_size": self.kernel_size,
            "is_last": self.is_last,
        }

    def _outputs(self, seen, features, gate_biases):
        gates = self.gates(ops.concatenate([*seen, features], axis=-1)) + gate_biases
        content, gate = ops.split(gates, 2, axis=-1)
        hidden = ops.tanh(content) * ops.sigmoid(gate)
        skip = self.skip(hidden)
        return (None if self.is_last else features + self.residual(hidden)), skip
