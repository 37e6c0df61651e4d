"""Space to channels, and channels that leave a flow early (Dinh et al., 2017)."""

import math

import keras
from keras import ops

from keras_gen.arguments import shown
from keras_gen.layers.flow_layer import FlowChain, FlowLayer, same_for_all


@keras.saving.register_keras_serializable(package="keras_gen")
class Squeeze(FlowLayer):
    """Makes the four pixels of each square of images into channels of one pixel.

    The channels of the upper left pixel come first, then those of the lower right,
    upper right and lower left one. So the two halves of the outputs are the colours of
    a checkerboard, and a coupling that follows has the checkerboard mask of the paper.
    The log-determinant is zero.

    Reference:
        [Density estimation using Real NVP](https://arxiv.org/abs/1605.08803), 2017,
        section 3.6.

    Example:
    >>> import numpy as np
    >>> from keras_gen.layers import Squeeze
    >>> images = np.arange(4.0).reshape(1, 2, 2, 1)
    >>> outputs, log_det = Squeeze()(images)
    >>> np.array(outputs).ravel().tolist()
    [0.0, 3.0, 1.0, 2.0]
    """

    def build(self, input_shape) -> None:
        self.compute_output_shape(input_shape)

    def call(self, inputs, training=False):
        places = [inputs[:, i::2, j::2] for i, j in ((0, 0), (1, 1), (0, 1), (1, 0))]
        return ops.concatenate(places, axis=-1), same_for_all(0.0, inputs)

    def inverse(self, outputs):
        first, last, upper, lower = ops.split(outputs, 4, axis=-1)
        _, height, width, channels = first.shape
        # Only axes in their place: TensorFlow Lite transposes no six of them.
        lines = [
            ops.reshape(ops.stack(pair, axis=3), (-1, height, 2 * width, channels))
            for pair in ((first, upper), (lower, last))
        ]
        shape = (-1, 2 * height, 2 * width, channels)
        return ops.reshape(ops.stack(lines, axis=2), shape)

    def compute_output_shape(self, input_shape) -> tuple:
        if len(input_shape) != 4 or input_shape[1] % 2 or input_shape[2] % 2:
            raise ValueError(
                "`inputs` must be images whose height and width are even, to be "
                f"halved. Received shape: {shown(tuple(input_shape))}"
            )
        batch, height, width, channels = input_shape
        return (batch, height // 2, width // 2, 4 * channels)


@keras.saving.register_keras_serializable(package="keras_gen")
class Split(FlowLayer):
    """Passes the first half of the channels on; the second half is finished.

    The outputs are vectors: those of `layers` for the first half, then the second half.

    Args:
        layers: List of `FlowLayer`, through which the first half goes on.

    Reference:
        [Density estimation using Real NVP](https://arxiv.org/abs/1605.08803), 2017,
        eqs. 14 to 16.

    Example:
    >>> import numpy as np
    >>> from keras_gen.layers import ActNorm, Split
    >>> outputs, log_det = Split([ActNorm()])(np.ones((3, 2, 2, 4), "float32"))
    >>> tuple(outputs.shape)
    (3, 16)
    """

    def __init__(self, layers, **kwargs):
        super().__init__(**kwargs)
        self.chain = FlowChain(layers)

    def build(self, input_shape) -> None:
        if input_shape[-1] < 2:
            raise ValueError(
                "`inputs` must have at least two channels or values, of which one half "
                f"goes on. Received shape: {shown(tuple(input_shape))}"
            )
        going = (*input_shape[:-1], input_shape[-1] // 2)
        self.chain.build(going)
        self._end_shape = self.chain.compute_output_shape(going)[1:]
        self._rest_shape = (*input_shape[1:-1], input_shape[-1] - going[-1])

    def call(self, inputs, training=False):
        going, finished = self._halves(inputs)
        outputs, log_det = self.chain(going, training=training)
        return self._joined(outputs, finished), log_det

    def inverse(self, outputs):
        size = math.prod(self._end_shape)
        going = ops.reshape(outputs[:, :size], (-1, *self._end_shape))
        finished = ops.reshape(outputs[:, size:], (-1, *self._rest_shape))
        return ops.concatenate([self.chain.inverse(going), finished], axis=-1)

    def adapt(self, inputs):
        going, finished = self._halves(inputs)
        return self._joined(self.chain.adapt(going), finished)

    def compute_output_shape(self, input_shape) -> tuple:
        return (input_shape[0], math.prod(input_shape[1:]))

    def get_config(self) -> dict:
        return {**super().get_config(), "layers": self.chain.get_config()["layers"]}

    @classmethod
    def from_config(cls, config):
        chain = FlowChain.from_config({"layers": config["layers"]})
        return cls(**{**config, "layers": chain.layers})

    def _halves(self, inputs):
        size = inputs.shape[-1] // 2
        return inputs[..., :size], inputs[..., size:]

    def _joined(self, going, finished):
        parts = []
        for part in (going, finished):
            size = math.prod(part.shape[1:])
            parts.append(ops.reshape(part, (-1, size)))
        return ops.concatenate(parts, axis=-1)
