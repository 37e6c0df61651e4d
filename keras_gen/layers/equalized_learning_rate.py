"""Equalized learning rate: kernels of one scale, divided when they are used."""

import math

import keras

from keras_gen.arguments import check_positive, shown

_KINDS = (
    keras.layers.Dense,
    keras.layers.Conv1D,
    keras.layers.Conv2D,
    keras.layers.Conv3D,
)


@keras.saving.register_keras_serializable(package="keras_gen")
class EqualizedLearningRate(keras.layers.Wrapper):
    """Scales a kernel when it is used instead of when it is initialized.

    The kernel is standard normal at first. In each call it is multiplied by
    `gain / sqrt(inputs)`, where `inputs` is the number of values that an output sees.
    So the first outputs are those of He's initializer. But an optimizer such as Adam,
    whose updates do not depend on the scale of a gradient, changes the kernels of all
    layers by the same share. The kernel initializer of `layer` is replaced.

    Args:
        layer: Dense or convolution layer.
        gain: Positive float. The square root of 2 keeps variances in front of a ReLU; 1
            is for a layer without an activation after it.

    Raises:
        ValueError: If `layer` is of another kind, or `gain` is not positive.

    Reference:
        Karras et al., Progressive Growing of GANs for Improved Quality, Stability, and
        Variation, 2017 (arXiv:1710.10196), section 4.1.

    Example:
    >>> import keras
    >>> import numpy as np
    >>> from keras_gen.layers import EqualizedLearningRate
    >>> dense = EqualizedLearningRate(keras.layers.Dense(1000), gain=1.0)
    >>> outputs = dense(np.ones((1, 400), "float32"))
    >>> bool(abs(np.std(dense.layer.kernel) - 1) < 0.1), bool(abs(np.std(outputs)) < 2)
    (True, True)
    """

    def __init__(self, layer, gain=2**0.5, **kwargs):
        super().__init__(layer, **kwargs)
        check_positive(gain=gain)
        if not isinstance(layer, _KINDS):
            raise ValueError(
                "`layer` must be a dense or convolution layer. "
                f"Received: {shown(layer)}"
            )
        layer.kernel_initializer = keras.initializers.RandomNormal(stddev=1.0)
        self.gain = gain

    def call(self, inputs):
        # Before its bias a layer is linear, so it may be the inputs that are scaled.
        return self.layer(inputs * self.scale)

    @property
    def scale(self) -> float:
        """What the kernel is multiplied by."""
        return self.gain / math.sqrt(math.prod(self.layer.kernel.shape[:-1]))

    def compute_output_shape(self, input_shape) -> tuple:
        return self.layer.compute_output_shape(input_shape)

    def get_config(self) -> dict:
        return {**super().get_config(), "gain": self.gain}
