"""Batch normalization with a gain and an offset of each example's own."""

import keras
from keras import ops

from keras_gen.arguments import check_positive, check_reals, shown


@keras.saving.register_keras_serializable(package="keras_gen")
class ConditionalBatchNormalization(keras.layers.Layer):
    """Batch normalization whose scale and offset depend on a condition.

    Call it as `layer(inputs, gains, offsets)`. Inputs of shape
    `(batch, ..., channels)` are normalized over the batch and all positions, then
    multiplied by `1 + gains` and shifted by `offsets`, both of shape
    `(batch, channels)`. The layer has no weights that learn: gains and offsets are made
    from a condition, such as a class, by other layers. Those that give zeros leave
    plain batch normalization.

    Args:
        momentum: Float in [0, 1), the momentum of the moving moments, which are used
            outside training.
        epsilon: Float above 0, added to the variance.

    Raises:
        ValueError: If an argument is out of its range.

    Reference:
        Dumoulin, Shlens and Kudlur, A Learned Representation For Artistic Style, 2016
        (arXiv:1610.07629), eq. 5; of batches, with gains around one: Brock et al.,
        Large Scale GAN Training for High Fidelity Natural Image Synthesis, 2018
        (arXiv:1809.11096), section 3 and appendix B.

    Example:
    >>> import numpy as np
    >>> from keras_gen.layers import ConditionalBatchNormalization
    >>> inputs, gains = np.array([[-1.0], [1.0]]), np.array([[0.0], [2.0]])
    >>> layer = ConditionalBatchNormalization(epsilon=1e-9)
    >>> np.ravel(layer(inputs, gains, np.array([[5.0], [0.0]]), training=True))
    array([4., 3.], dtype=float32)
    """

    def __init__(self, momentum=0.9, epsilon=1e-5, **kwargs):
        super().__init__(**kwargs)
        check_positive(epsilon=epsilon)
        check_reals(momentum=momentum)
        if not 0 <= momentum < 1:
            raise ValueError(
                f"`momentum` must lie in [0, 1). Received: {shown(momentum)}"
            )
        self.momentum, self.epsilon = momentum, epsilon
        self.normalization = keras.layers.BatchNormalization(
            momentum=momentum,
            epsilon=epsilon,
            center=False,
            scale=False,
            dtype=self.dtype_policy,
            name="normalization",
        )

    def build(self, inputs_shape, gains_shape=None, offsets_shape=None) -> None:
        self.normalization.build(inputs_shape)

    def call(self, inputs, gains, offsets, training=False):
        places = (1,) * (len(inputs.shape) - 2)
        shape = (-1, *places, inputs.shape[-1])
        gains, offsets = ops.reshape(gains, shape), ops.reshape(offsets, shape)
        normal = self.normalization(inputs, training=training)
        return normal * (1.0 + gains) + offsets

    def compute_output_shape(
        self, inputs_shape, gains_shape=None, offsets_shape=None
    ) -> tuple:
        return inputs_shape

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "momentum": self.momentum,
            "epsilon": self.epsilon,
        }
