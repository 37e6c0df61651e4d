"""Invertible 1x1 convolution (Kingma and Dhariwal, 2018)."""

import keras
import numpy as np
from keras import ops

from keras_gen.layers.flow_layer import FlowLayer, same_for_all


@keras.saving.register_keras_serializable(package="keras_gen")
class InvertibleConvolution(FlowLayer):
    """A 1x1 convolution with as many outputs as inputs: a learned permutation.

    Each pixel is multiplied by one matrix `W = P L (U + diag(s))`. `P` is a fixed
    permutation, `L` has ones on its diagonal, `U` is zero there. At first `W` is a
    random rotation. The log-determinant is the sum of `log |s|` times the number of
    pixels. The signs of `s` are fixed, so that `W` stays invertible.

    The inverse needs matrix products only, which TensorFlow Lite has.

    Reference:
        [Glow: Generative Flow with Invertible 1x1
        Convolutions](https://arxiv.org/abs/1807.03039), 2018, section 3.2.

    Example:
    >>> import numpy as np
    >>> from keras_gen.layers import InvertibleConvolution
    >>> outputs, log_det = InvertibleConvolution()(np.ones((3, 2, 2, 4), "float32"))
    >>> bool(abs(log_det[0]) < 1e-4)
    True
    """

    def build(self, input_shape) -> None:
        size = input_shape[-1]
        # A QR decomposition of normal numbers, a function of the seed of Keras.
        rotation = np.array(keras.initializers.Orthogonal()((size, size)), np.float64)
        order, lower, upper = _factors(rotation)
        scale = np.diag(upper)
        below, above = (np.tri(size, k=-1), np.tri(size, k=-1).T)
        self._below, self._above = (part.astype("float32") for part in (below, above))
        self.lower = self._weight("lower", lower * below)
        self.upper = self._weight("upper", upper * above)
        self.log_scale = self._weight("log_scale", np.log(np.abs(scale)))
        self.sign = self._weight("sign", np.sign(scale), trainable=False)
        # The rows of `P L` are rows of `L`.
        matrix = np.eye(size)[np.argsort(order)]
        self.permutation = self._weight("permutation", matrix, trainable=False)

    def call(self, inputs, training=False):
        lower, upper = self._triangles()
        scale = self.sign * ops.exp(self.log_scale)
        identity = np.eye(inputs.shape[-1], dtype="float32")
        kernel = ops.matmul(
            ops.matmul(self.permutation, lower + identity), upper + identity * scale
        )
        positions = int(np.prod(inputs.shape[1:-1]))
        log_det = positions * ops.sum(self.log_scale)
        return ops.matmul(inputs, kernel), same_for_all(log_det, inputs)

    def inverse(self, outputs):
        lower, upper = self._triangles()
        scale = self.sign * ops.exp(self.log_scale)
        # U + diag(s) = diag(s) (I + U / s)
        unscaled = _inverse_of_one_plus(upper / scale[:, None]) / scale
        kernel = ops.matmul(unscaled, _inverse_of_one_plus(lower))
        kernel = ops.matmul(kernel, ops.transpose(self.permutation))
        return ops.matmul(outputs, kernel)

    def _triangles(self):
        return self.lower * self._below, self.upper * self._above

    def _weight(self, name, value, trainable=True):
        return self.add_weight(
            value.shape,
            initializer=lambda shape, dtype: ops.convert_to_tensor(value, dtype),
            trainable=trainable,
            name=name,
        )


def _inverse_of_one_plus(triangle):
    """The inverse of `I + N` for a strictly triangular `N`.

    `(I + N)(I - N) = I - N^2`, and so on: `N` to the power of its size is zero.
    """
    size = triangle.shape[0]
    identity = np.eye(size, dtype="float32")
    inverse, power, exponent = identity - triangle, triangle, 2
    while exponent < size:
        power = ops.matmul(power, power)
        inverse = ops.matmul(inverse, identity + power)
        exponent *= 2
    return inverse


def _factors(matrix):
    """An order of rows, `L` and `U` with `matrix[order] = L U`, by partial pivoting."""
    upper, size = matrix.copy(), len(matrix)
    order, lower = np.arange(size), np.eye(size)
    for k in range(size - 1):
        best = k + np.argmax(np.abs(upper[k:, k]))
        upper[[k, best]], order[[k, best]] = upper[[best, k]], order[[best, k]]
        lower[[k, best], :k] = lower[[best, k], :k]
        lower[k + 1 :, k] = upper[k + 1 :, k] / upper[k, k]
        upper[k + 1 :] -= np.outer(lower[k + 1 :, k], upper[k])
    return order, lower, upper
