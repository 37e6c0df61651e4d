"""A fixed reference batch that passes through a network before its inputs."""

import keras
from keras import ops

from keras_gen.arguments import check_count


@keras.saving.register_keras_serializable(package="keras_gen")
class PrependReferenceBatch(keras.layers.Layer):
    """Puts a fixed reference batch before the inputs.

    The reference is a weight that is not trained, and is saved with the other weights.
    It is zero until it is assigned or loaded.

    Args:
        reference_size: Integer of at least 1, the examples of the reference batch.

    Raises:
        ValueError: If `reference_size` is not a positive integer.

    Example:
    >>> import numpy as np
    >>> from keras_gen.layers import PrependReferenceBatch
    >>> tuple(PrependReferenceBatch(3)(np.zeros((2, 8, 8, 1))).shape)
    (5, 8, 8, 1)
    """

    def __init__(self, reference_size, **kwargs):
        super().__init__(**kwargs)
        check_count(reference_size, "reference_size", least=1)
        self.reference_size = int(reference_size)

    def build(self, input_shape) -> None:
        self.reference = self.add_weight(
            (self.reference_size, *input_shape[1:]),
            initializer="zeros",
            trainable=False,
            name="reference",
        )

    def call(self, inputs):
        reference = ops.cast(self.reference, inputs.dtype)
        return ops.concatenate([reference, inputs], axis=0)

    def get_config(self) -> dict:
        return {**super().get_config(), "reference_size": self.reference_size}


@keras.saving.register_keras_serializable(package="keras_gen")
class DropReferenceBatch(keras.layers.Layer):
    """Removes the examples that `PrependReferenceBatch` has put before the inputs.

    Args:
        reference_size: Integer of at least 1, the examples of the reference batch.

    Raises:
        ValueError: If `reference_size` is not a positive integer.
    """

    def __init__(self, reference_size, **kwargs):
        super().__init__(**kwargs)
        check_count(reference_size, "reference_size", least=1)
        self.reference_size = int(reference_size)
        self.built = True

    def call(self, inputs):
        return inputs[self.reference_size :]

    def get_config(self) -> dict:
        return {**super().get_config(), "reference_size": self.reference_size}
