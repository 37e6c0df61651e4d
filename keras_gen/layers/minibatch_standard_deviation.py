"""The standard deviation over a batch, as an additional feature map."""

import keras
from keras import ops

from keras_gen.arguments import check_count

_EPSILON = 1e-8


@keras.saving.register_keras_serializable(package="keras_gen")
class MinibatchStandardDeviation(keras.layers.Layer):
    """Adds one feature map that shows a discriminator how varied its batch is.

    The standard deviation over the batch is averaged over features and positions. The
    value is the same at every position of every example. It is small if the examples
    are alike. Inputs of shape `(batch, features)` get one more feature.

    With a `group_size`, consecutive examples form groups of this size, each with a
    value of its own. The last group of a batch may be smaller. If replicas take whole
    groups, they have the values of the undivided batch.

    An epsilon of 1e-8 under the square root keeps the derivative finite if all examples
    are equal, as in a batch of one. The value is then 1e-4.

    Args:
        group_size: Optional integer of at least 1. By default one group is the whole
            batch.

    Raises:
        ValueError: If `group_size` is not such an integer.

    Reference:
        Karras et al., Progressive Growing of GANs for Improved Quality, Stability, and
        Variation, 2017 (arXiv:1710.10196), section 3.

    Example:
    >>> import numpy as np
    >>> from keras_gen.layers import MinibatchStandardDeviation
    >>> images = np.stack([np.zeros((2, 2, 3)), np.full((2, 2, 3), 4.0)])
    >>> outputs = MinibatchStandardDeviation()(images)
    >>> tuple(outputs.shape)
    (2, 2, 2, 4)
    >>> float(outputs[0, 0, 0, 3])
    2.0
    """

    def __init__(self, group_size=None, **kwargs):
        super().__init__(**kwargs)
        if group_size is not None:
            check_count(group_size, "group_size", 1)
        self.group_size = group_size
        self.built = True

    def call(self, inputs):
        # Half precision would lose the small variances that matter here.
        values = ops.cast(inputs, "float32")
        if self.group_size is None:
            variance = ops.var(values, axis=0)
            deviation = ops.mean(ops.sqrt(variance + _EPSILON))
        else:
            deviation = self._of_groups(values)
        feature_map = ops.ones_like(inputs[..., :1]) * ops.cast(deviation, inputs.dtype)
        return ops.concatenate([inputs, feature_map], axis=-1)

    def _of_groups(self, values):
        """The deviation of the group of each example, of shape `(batch, 1, ...)`."""
        num_rows = ops.shape(values)[0]
        group = ops.arange(num_rows) // self.group_size
        together = ops.cast(group[:, None] == group[None, :], values.dtype)
        shares = together / ops.sum(together, axis=1, keepdims=True)
        flat = ops.reshape(values, (num_rows, -1))
        deviations = flat - ops.matmul(shares, flat)
        variance = ops.matmul(shares, ops.square(deviations))
        deviation = ops.mean(ops.sqrt(variance + _EPSILON), axis=1)
        return ops.reshape(deviation, (-1, *[1] * (len(values.shape) - 1)))

    def get_config(self) -> dict:
        return {**super().get_config(), "group_size": self.group_size}
