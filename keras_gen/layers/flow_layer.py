"""The base of the layers of a normalizing flow, and their composition."""

import keras
from keras import ops

from keras_gen.arguments import shown


class FlowLayer(keras.layers.Layer):
    """Abstract: an invertible map with the log-determinant of its Jacobian.

    `call()` maps examples towards latents. A flow computes in float32, since rounding
    is not invertible. A subclass implements `call()` and `inverse()`. It also
    implements `compute_output_shape()` if it changes the shape, and `adapt()` if its
    initial weights depend on data.
    """

    def __init__(self, **kwargs):
        super().__init__(**{"dtype": "float32", **kwargs})

    def call(self, inputs, training=False) -> tuple:
        """Maps examples towards latents.

        Args:
            inputs: Float32 tensor whose first axis is the batch.
            training: Boolean, whether networks behave as in training.

        Returns:
            The outputs, and the log of the absolute determinant of the Jacobian of each
            example, float32 of shape `(batch,)`.
        """
        raise NotImplementedError

    def inverse(self, outputs):
        """The inputs that `call()` maps to `outputs`."""
        raise NotImplementedError

    def adapt(self, inputs):
        """Sets the initial weights that depend on data; by default there are none.

        Args:
            inputs: Float32 tensor, a batch of what the layer will take.

        Returns:
            The outputs of the adapted layer.
        """
        return self(inputs)[0]

    def compute_output_shape(self, input_shape) -> tuple:
        return tuple(input_shape)


def sum_of_example(values):
    """Sums over all axes but the first."""
    return ops.sum(values, axis=tuple(range(1, len(values.shape))))


def same_for_all(value, inputs):
    """A scalar as a tensor of shape `(batch,)`."""
    return value + ops.zeros_like(ops.reshape(inputs, (ops.shape(inputs)[0], -1))[:, 0])


def bounded(values, most):
    """Values in (-most, most), the nearer to `values` the smaller these are."""
    return most * ops.tanh(values / most)


@keras.saving.register_keras_serializable(package="keras_gen")
class FlowChain(FlowLayer):
    """The composition of layers of a flow, the first one next to the examples.

    Args:
        layers: List of `FlowLayer`.

    Raises:
        ValueError: If `layers` holds something else.

    Example:
    >>> import numpy as np
    >>> from keras_gen.layers import ActNorm, FlowChain, Permutation
    >>> flow = FlowChain([ActNorm(), Permutation([2, 0, 1])])
    >>> outputs, log_det = flow(np.ones((4, 3), "float32"))
    >>> tuple(outputs.shape), tuple(log_det.shape)
    ((4, 3), (4,))
    """

    def __init__(self, layers, **kwargs):
        super().__init__(**kwargs)
        for layer in layers:
            if not isinstance(layer, FlowLayer):
                raise ValueError(
                    f"`layers` must hold layers of a flow. Received: {shown(layer)}"
                )
        self.layers = list(layers)

    def build(self, input_shape) -> None:
        for layer in self.layers:
            if not layer.built:
                layer.build(input_shape)
            input_shape = layer.compute_output_shape(input_shape)

    def call(self, inputs, training=False):
        total = same_for_all(0.0, inputs)
        for layer in self.layers:
            inputs, log_det = layer(inputs, training=training)
            total = total + log_det
        return inputs, total

    def inverse(self, outputs):
        for layer in reversed(self.layers):
            outputs = layer.inverse(outputs)
        return outputs

    def adapt(self, inputs):
        for layer in self.layers:
            inputs = layer.adapt(inputs)
        return inputs

    def compute_output_shape(self, input_shape) -> tuple:
        for layer in self.layers:
            input_shape = layer.compute_output_shape(input_shape)
        return tuple(input_shape)

    def get_config(self) -> dict:
        layers = [keras.saving.serialize_keras_object(layer) for layer in self.layers]
        return {**super().get_config(), "layers": layers}

    @classmethod
    def from_config(cls, config):
        layers = [
            keras.saving.deserialize_keras_object(layer) for layer in config["layers"]
        ]
        return cls(**{**config, "layers": layers})
