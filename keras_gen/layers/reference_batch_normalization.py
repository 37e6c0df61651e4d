"""Batch normalization with the moments of a fixed batch."""

import keras
from keras import ops

from keras_gen.arguments import check_count, check_positive


class BaseReferenceNormalization(keras.layers.Layer):
    """Abstract: normalizes with moments that depend on a reference batch.

    The first `reference_size` examples of the inputs are the reference batch. It is
    normalized with its own moments. All examples are returned.

    Args:
        reference_size: Integer of at least 2, the examples of the reference batch.
        epsilon: Float above 0, added to the variance.

    Raises:
        ValueError: If an argument is outside its range, or the inputs have fewer
            examples than the reference.
    """

    def __init__(self, reference_size, epsilon=1e-3, **kwargs):
        super().__init__(**kwargs)
        check_count(reference_size, "reference_size", least=2)
        check_positive(epsilon=epsilon)
        self.reference_size = int(reference_size)
        self.epsilon = float(epsilon)

    def moments(self, inputs, mean, variance):
        """The moments for each example.

        Args:
            inputs: Float32 tensor of shape `(batch, ..., channels)`.
            mean: Float32 tensor, the mean of each channel over the reference batch;
                the other axes have size 1.
            variance: Float32 tensor of the same shape.

        Returns:
            Mean and variance, of shapes that broadcast to the inputs.
        """
        raise NotImplementedError

    def build(self, input_shape) -> None:
        channels = (input_shape[-1],)
        self.gamma = self.add_weight(channels, initializer="ones", name="gamma")
        self.beta = self.add_weight(channels, initializer="zeros", name="beta")

    def call(self, inputs):
        rows = inputs.shape[0]
        if rows is not None and rows < self.reference_size:
            raise ValueError(
                f"`inputs` must begin with the `reference_size={self.reference_size}` "
                f"rows of the reference batch. Received shape: {tuple(inputs.shape)}"
            )
        # Moments of half precision would overflow and cancel.
        x = ops.cast(inputs, "float32")
        reference = x[: self.reference_size]
        axes = tuple(range(len(inputs.shape) - 1))
        mean, variance = self.moments(
            x,
            ops.mean(reference, axes, keepdims=True),
            ops.var(reference, axes, keepdims=True),
        )
        x = (x - mean) * ops.rsqrt(variance + self.epsilon)
        x = x * ops.cast(self.gamma, "float32") + ops.cast(self.beta, "float32")
        return ops.cast(x, inputs.dtype)

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "reference_size": self.reference_size,
            "epsilon": self.epsilon,
        }


@keras.saving.register_keras_serializable(package="keras_gen")
class ReferenceBatchNormalization(BaseReferenceNormalization):
    """Normalizes every example with the mean and variance of a fixed reference batch.

    The first `reference_size` examples of the inputs are the reference batch; all
    examples are returned. `keras_gen.networks.with_reference` adds the reference to a
    network. The mean and variance of a channel are taken over batch and space. So the
    output of an example depends only on the example and the reference, also in
    training. There are no moving averages. A scale and an offset are learned.

    Args:
        reference_size: Integer of at least 2, the examples of the reference batch.
        epsilon: Float above 0, added to the variance.

    Raises:
        ValueError: If an argument is outside its range, or the inputs have fewer
            examples than the reference.

    Reference:
        Salimans et al., Improved Techniques for Training GANs, 2016
        (arXiv:1606.03498), section 3.5, without the example's own part.

    Example:
    >>> import numpy as np
    >>> from keras_gen.layers import ReferenceBatchNormalization
    >>> rows = np.array([[-1.0], [1.0], [5.0]])
    >>> normalized = ReferenceBatchNormalization(2, epsilon=1e-9)(rows)
    >>> [round(float(value), 4) for value in normalized[:, 0]]
    [-1.0, 1.0, 5.0]
    """

    def moments(self, inputs, mean, variance):
        return mean, variance
