"""Spectral normalization: kernels with a largest singular value of one."""

import keras
from keras import ops

from keras_gen.arguments import shown


@keras.saving.register_keras_serializable(package="keras_gen")
class SpectralNormalization(keras.layers.Wrapper):
    """Divides the kernel of a layer by an estimate of its largest singular value.

    The kernel is taken as a matrix with one column for each output channel. Each call
    in training makes one step of the power iteration; other calls do not change the
    estimate. Gradients flow through the estimate too. Keras' layer of this name assigns
    the normalized kernel instead, so there they do not.

    Args:
        layer: Dense or convolution layer without an activation, or a
            `keras_gen.layers.SymbolEmbedding`, whose table is its kernel.

    Raises:
        ValueError: If `layer` has an activation or no kernel.

    Reference:
        Miyato et al., Spectral Normalization for Generative Adversarial Networks, 2018
        (arXiv:1802.05957), section 2.1 and Algorithm 1.

    Example:
    >>> import keras
    >>> import numpy as np
    >>> from keras_gen.layers import SpectralNormalization
    >>> dense = SpectralNormalization(keras.layers.Dense(1, use_bias=False))
    >>> round(float(abs(dense(np.ones((1, 1)), training=True))[0, 0]), 4)
    1.0
    """

    def __init__(self, layer, **kwargs):
        super().__init__(layer, **kwargs)
        if getattr(layer, "activation", None) not in (None, keras.activations.linear):
            raise ValueError(
                "`layer` must have no activation, which would see the kernel before it "
                f"is divided. Received: {layer.activation}"
            )

    def build(self, input_shape) -> None:
        super().build(input_shape)
        if self._kernel() is None:
            raise ValueError(
                f"`layer` must have a kernel. Received: {shown(self.layer)}"
            )
        self.direction = self.add_weight(
            (self._kernel().shape[-1],),
            initializer="random_normal",
            trainable=False,
            # It depends on the kernel only, so it is the same on all replicas.
            aggregation="only_first_replica",
            name="direction",
        )

    def call(self, inputs, training=False):
        sigma = ops.cast(self.spectral_norm(training), self.compute_dtype)
        outputs = self.layer(inputs)
        if getattr(self.layer, "bias", None) is None:
            return outputs / sigma
        bias = ops.cast(self.layer.bias, outputs.dtype)
        return (outputs - bias) / sigma + bias

    def spectral_norm(self, training=False):
        """The estimate of the largest singular value of the kernel, a scalar.

        Args:
            training: Boolean, whether to make a step of the power iteration.
        """
        kernel = ops.cast(self._kernel(), "float32")
        matrix = ops.reshape(kernel, (-1, kernel.shape[-1]))
        still = ops.stop_gradient(matrix)
        right = ops.convert_to_tensor(self.direction)
        left = _unit(ops.matmul(still, right))
        if training:
            right = _unit(ops.matmul(left, still))
            self.direction.assign(right)
        else:
            # Neither a first direction nor an average of several has length one.
            right = _unit(right)
        return ops.sum(left * ops.matmul(matrix, right))

    def _kernel(self):
        table = getattr(self.layer, "embeddings", None)
        return getattr(self.layer, "kernel", table)

    def compute_output_shape(self, input_shape) -> tuple:
        return self.layer.compute_output_shape(input_shape)


def _unit(vector):
    return vector / ops.maximum(ops.norm(vector), 1e-12)
