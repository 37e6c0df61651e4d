"""Coupling layers (Dinh et al., 2014 and 2017)."""

import keras
from keras import ops

from keras_gen.arguments import shown
from keras_gen.layers.flow_layer import (
    FlowLayer,
    bounded,
    same_for_all,
    sum_of_example,
)

_LARGEST_LOG_SCALE = 2.0


class _Coupling(FlowLayer):
    """Abstract: one half of the last axis changes, as a function of the other half.

    The halves are the channels of images, or the values of vectors. If their number is
    odd, the second half is larger by one.
    """

    def __init__(self, network, swap=False, **kwargs):
        super().__init__(**kwargs)
        self.network = network
        self.swap = swap

    def build(self, input_shape) -> None:
        size = input_shape[-1]
        if size is None or size < 2:
            raise ValueError(
                "`inputs` must have at least two channels or values, of which one half "
                f"conditions the other. Received shape: {shown(tuple(input_shape))}"
            )
        if not self.network.built:
            first = size - size // 2 if self.swap else size // 2
            self.network.build((*input_shape[:-1], first))

    def _halves(self, values):
        """The half that conditions and the half that changes."""
        size = values.shape[-1]
        first, second = values[..., : size // 2], values[..., size // 2 :]
        return (second, first) if self.swap else (first, second)

    def _joined(self, condition, changed):
        halves = [changed, condition] if self.swap else [condition, changed]
        return ops.concatenate(halves, axis=-1)

    def _parameters(self, condition, training=False):
        outputs = self.network(condition, training=training)
        return ops.cast(outputs, "float32")

    def get_config(self) -> dict:
        network = keras.saving.serialize_keras_object(self.network)
        return {**super().get_config(), "network": network, "swap": self.swap}

    @classmethod
    def from_config(cls, config):
        network = keras.saving.deserialize_keras_object(config["network"])
        return cls(**{**config, "network": network})


@keras.saving.register_keras_serializable(package="keras_gen")
class AdditiveCoupling(_Coupling):
    """Adds a function of one half to the other: `y_2 = x_2 + m(x_1)`.

    The volume does not change, so the log-determinant is zero.

    Args:
        network: Keras model or layer from one half to as many values as the other has.
        swap: Boolean. If True, the first half changes instead of the second.

    Reference:
        [NICE: Non-linear Independent Components
        Estimation](https://arxiv.org/abs/1410.8516), 2014, section 3.2.
    """

    def call(self, inputs, training=False):
        condition, changed = self._halves(inputs)
        outputs = self._joined(
            condition, changed + self._parameters(condition, training)
        )
        return outputs, same_for_all(0.0, inputs)

    def inverse(self, outputs):
        condition, changed = self._halves(outputs)
        return self._joined(condition, changed - self._parameters(condition))


@keras.saving.register_keras_serializable(package="keras_gen")
class AffineCoupling(_Coupling):
    """Scales and shifts one half: `y_2 = x_2 exp(s(x_1)) + t(x_1)`.

    The log-determinant is the sum of `s`, which is bounded: `s = 2 tanh(a / 2)`, where
    the network gives `a`. A layer therefore multiplies no value by more than
    `exp(2)`, and a network that gives zeros makes the layer the identity.

    Args:
        network: Keras model or layer from one half to twice as many values as the other
            has: `a`, then `t`.
        swap: Boolean. If True, the first half changes instead of the second.

    Reference:
        [Density estimation using Real NVP](https://arxiv.org/abs/1605.08803), 2017,
        eqs. 4 to 8.
    """

    def call(self, inputs, training=False):
        condition, changed = self._halves(inputs)
        log_scale, shift = self._scale_and_shift(condition, training)
        outputs = self._joined(condition, changed * ops.exp(log_scale) + shift)
        return outputs, sum_of_example(log_scale)

    def inverse(self, outputs):
        condition, changed = self._halves(outputs)
        log_scale, shift = self._scale_and_shift(condition)
        return self._joined(condition, (changed - shift) * ops.exp(-log_scale))

    def _scale_and_shift(self, condition, training=False):
        found = self._parameters(condition, training)
        size = found.shape[-1] // 2
        return bounded(found[..., :size], _LARGEST_LOG_SCALE), found[..., size:]
