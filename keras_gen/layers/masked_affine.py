"""Masked autoregressive layer of a flow (Papamakarios et al., 2017)."""

import keras
from keras import ops

from keras_gen.arguments import check_count, check_sizes, shown
from keras_gen.layers.flow_layer import FlowLayer, bounded, sum_of_example
from keras_gen.layers.masked_autoencoder import MaskedAutoencoder

_LARGEST_LOG_SCALE = 5.0


@keras.saving.register_keras_serializable(package="keras_gen")
class MaskedAffine(FlowLayer):
    """Scales and shifts each value by the earlier ones: `y_i = (x_i - m_i) exp(-s_i)`.

    A masked autoencoder computes all `m_i` and `s_i` in one pass, so `call()` is one
    pass. `inverse()` finds one value after the other, and computes each hidden unit
    once, when its last input is known: it takes about the multiplications of one pass.

    The log-scales are bounded: `s = 5 tanh(a / 5)`, where the network gives `a`. A new
    layer is the identity. `adapt()` sets the biases of the outputs so that the values
    of a batch come out with mean 0 and variance 1.

    Args:
        hidden_units: Tuple of integers, the width of each hidden layer. Without any,
            `m` and `a` are linear in the earlier values.
        window: Optional integer, a divisor of the number of values, such as the width
            of an image. If given, values are dealt into blocks of that many, and a
            second masked autoencoder adds to `m` and `a`. It knows of a value's block
            and the block before only, by direct connections and by one hidden unit for
            each value. It is a cheap way to know the neighbours of a pixel.
        reverse: Boolean, whether the last value comes first in the order.
        context_size: Integer of at least 0. If positive, `m` and `a` also depend on a
            context of that many values.

    Raises:
        ValueError: If an argument is wrong.

    Reference:
        [Masked Autoregressive Flow for Density Estimation](
        https://arxiv.org/abs/1705.07057), 2017, eqs. 3 and 4.

    Example:
    >>> import numpy as np
    >>> from keras_gen.layers import MaskedAffine
    >>> outputs, log_det = MaskedAffine((16,))(np.ones((4, 3), "float32"))
    >>> tuple(outputs.shape), tuple(log_det.shape)
    ((4, 3), (4,))
    """

    def __init__(
        self, hidden_units=(64,), window=None, reverse=False, context_size=0, **kwargs
    ):
        super().__init__(**kwargs)
        check_sizes("hidden_units", hidden_units)
        if window is not None:
            check_count(window, "window", 1)
        check_count(context_size, "context_size", 0)
        self.hidden_units = tuple(hidden_units)
        self.window = window
        self.reverse = reverse
        self.context_size = context_size

    def build(self, input_shape) -> None:
        size = input_shape[-1]
        if len(input_shape) != 2 or size is None or size < 2:
            raise ValueError(
                "`inputs` must be vectors of at least two values. Received shape: "
                f"{shown(tuple(input_shape))}"
            )
        if self.window is not None and size % self.window:
            raise ValueError(
                f"`window` must divide the {size} values. Received: {self.window}"
            )
        options = {"dtype": self.dtype_policy}
        #: List of `MaskedAutoencoder`, whose outputs add up.
        self.networks = [
            MaskedAutoencoder(
                self.hidden_units,
                context_size=self.context_size,
                name="network",
                **options,
            )
        ]
        if self.window is not None:
            self.networks.append(
                MaskedAutoencoder(
                    (size,),
                    num_blocks=size // self.window,
                    direct=True,
                    name="window",
                    **options,
                )
            )
        for network in self.networks:
            network.build((None, size))

    def call(self, inputs, context=None, training=False):
        ordered = self._in_order(inputs)
        first, *others = self.networks
        found = sum((other(ordered) for other in others), first(ordered, context))
        shift, log_scale = found[..., 0], bounded(found[..., 1], _LARGEST_LOG_SCALE)
        outputs = (ordered - shift) * ops.exp(-log_scale)
        return self._in_order(outputs), -sum_of_example(log_scale)

    def inverse(self, outputs, context=None):
        # Values come before the batch, so that those of a unit are together.
        wanted = ops.transpose(self._in_order(outputs))
        first, *others = self.networks
        prepared = [first.prepared(context), *(other.prepared() for other in others)]
        batch_size = ops.shape(wanted)[1]
        states = [network.initial_state(batch_size) for network in self.networks]

        def advance(place, states):
            found, advanced = [], []
            for network, weights, state in zip(
                self.networks, prepared, states, strict=True
            ):
                outputs, state = network.advance(weights, state, place)
                found.append(outputs)
                advanced.append(state)
            shift, log_scale = ops.unstack(sum(found), axis=0)
            value = ops.take(wanted, place, axis=0)
            log_scale = bounded(log_scale, _LARGEST_LOG_SCALE)
            value = value * ops.exp(log_scale) + shift
            return place + 1, [
                network.with_value(state, place, value[None])
                for network, state in zip(self.networks, advanced, strict=True)
            ]

        size = outputs.shape[-1]
        _, states = ops.while_loop(
            lambda place, states: place < size, advance, (0, states)
        )
        return self._in_order(ops.transpose(states[0][0]))

    def adapt(self, inputs):
        inputs = ops.convert_to_tensor(inputs)
        if not self.built:
            self.build(inputs.shape)
        mean, variance = ops.moments(self._in_order(inputs), axes=0)
        log_scale = 0.5 * ops.log(ops.where(variance > 1e-12, variance, 1.0))
        share = ops.clip(log_scale / _LARGEST_LOG_SCALE, -0.99, 0.99)
        biases = ops.stack([mean, _LARGEST_LOG_SCALE * ops.arctanh(share)], axis=-1)
        self.networks[0].steps[-1].bias.assign(ops.reshape(biases, (-1,)))
        return self(inputs)[0]

    def _in_order(self, values):
        return ops.flip(values, axis=-1) if self.reverse else values

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "hidden_units": self.hidden_units,
            "window": self.window,
            "reverse": self.reverse,
            "context_size": self.context_size,
        }
