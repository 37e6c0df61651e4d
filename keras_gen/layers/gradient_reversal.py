"""The gradient reversal layer (Ganin et al., 2016)."""

import keras
from keras import ops

from keras_gen.arguments import check_reals


@keras.saving.register_keras_serializable(package="keras_gen")
class GradientReversal(keras.layers.Layer):
    """The identity, whose gradient is multiplied by a negative number.

    What lies above the layer minimizes a loss, and what lies below maximizes it, in one
    step of any optimizer. Inputs are finite numbers of any shape.

    Args:
        factor: Float, how strongly gradients are reversed: they are multiplied by
            `-factor`. With 0 nothing below learns from what lies above.

    Call arguments:
        inputs: Tensor.
        factor: Optional float or scalar tensor, which replaces that of the layer, such
            as a schedule at the training step.

    Raises:
        ValueError: If `factor` is not a finite number.

    Reference:
        [Domain-Adversarial Training of Neural
        Networks](https://arxiv.org/abs/1505.07818), 2016, eqs. 16 and 17.

    Example:
    >>> import numpy as np
    >>> from keras_gen.layers import GradientReversal
    >>> np.array(GradientReversal(0.5)(np.ones(2, "float32"))).tolist()
    [1.0, 1.0]
    """

    def __init__(self, factor=1.0, **kwargs):
        super().__init__(**kwargs)
        check_reals(factor=factor)
        self.factor = float(factor)
        self.built = True

    def call(self, inputs, factor=None):
        factor = ops.cast(self.factor if factor is None else factor, inputs.dtype)
        constant = ops.stop_gradient(inputs)
        # The difference is zero, and its gradient is not.
        return constant - factor * (inputs - constant)

    def compute_output_shape(self, input_shape) -> tuple:
        return input_shape

    def get_config(self) -> dict:
        return {**super().get_config(), "factor": self.factor}
