"""Batch normalization with the moments of a fixed batch and the example itself."""

import keras
from keras import ops

from keras_gen.layers.reference_batch_normalization import BaseReferenceNormalization


@keras.saving.register_keras_serializable(package="keras_gen")
class VirtualBatchNormalization(BaseReferenceNormalization):
    """Normalizes each example as if it were a part of a fixed reference batch.

    The first `reference_size` examples of the inputs are the reference batch; all
    examples are returned. `keras_gen.networks.with_reference` adds the reference to a
    network. The mean and variance of a channel are taken over batch and space of the
    reference batch and the example together. The reference is normalized with its own.
    So the output of an example depends only on the example and the reference, also in
    training. A scale and an offset are learned.

    Args:
        reference_size: Integer of at least 2, the examples of the reference batch.
        epsilon: Float above 0, added to the variance.

    Raises:
        ValueError: If an argument is outside its range, or the inputs have fewer
            examples than the reference.

    Reference:
        Salimans et al., Improved Techniques for Training GANs, 2016
        (arXiv:1606.03498), section 3.5.

    Example:
    >>> import numpy as np
    >>> from keras_gen.layers import VirtualBatchNormalization
    >>> rows = np.array([[-1.0], [1.0], [3.0]])
    >>> normalized = VirtualBatchNormalization(2, epsilon=1e-9)(rows)
    >>> [round(float(value), 4) for value in normalized[:, 0]]
    [-1.0, 1.0, 1.2247]
    """

    def moments(self, inputs, mean, variance):
        rank = len(inputs.shape)
        # A vector without space counts as one position.
        positions = ops.expand_dims(inputs, 1)
        space = tuple(range(1, rank))
        own_mean = ops.squeeze(ops.mean(positions, space, keepdims=True), 1)
        own_variance = ops.squeeze(ops.var(positions, space, keepdims=True), 1)
        row = ops.arange(ops.shape(inputs)[0])
        weight = ops.where(
            row < self.reference_size, 0.0, 1.0 / (self.reference_size + 1)
        )
        weight = ops.reshape(weight, (-1, *[1] * (rank - 1)))
        # Moments of a mixture. The difference of mean squares would lose precision.
        difference = own_mean - mean
        spread = weight * (1.0 - weight) * ops.square(difference)
        return (
            mean + weight * difference,
            (1.0 - weight) * variance + weight * own_variance + spread,
        )
