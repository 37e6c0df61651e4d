"""Glow (Kingma and Dhariwal, 2018)."""

import keras

from keras_gen.arguments import check_count
from keras_gen.layers import ActNorm, InvertibleConvolution
from keras_gen.models.base import FlowModel
from keras_gen.models.flow.couplings import affine_coupling
from keras_gen.models.flow.multi_scale import multi_scale


@keras.saving.register_keras_serializable(package="keras_gen")
class Glow(FlowModel):
    """Learns a multi-scale flow of images whose channels are mixed by 1x1 convolutions.

    A step is an `ActNorm`, an invertible 1x1 convolution, which learns what RealNVP's
    masks fix, and an affine coupling of the channels. Call `adapt()` before `fit()`.
    Channels that are finished at a scale are scaled and shifted by those that go on:
    this is the learned prior of the paper.

    NOTE: A coupling has the residual network of `keras_gen.networks.conditioner`, and
    its scale is the exponential of a bounded number. The paper has three convolutions,
    and the sigmoid of a number in its code.

    Args:
        x_domain: `keras_gen.domains.Images`; or a tuple `(height, width, channels)` for
            images in [0, 1] of 256 levels.
        num_steps: Integer of at least 1, the steps at each scale.
        width: Integer, the filters of the convolutions in each coupling.
        num_blocks: Integer of at least 0, the residual blocks in each coupling.
        num_scales: Integer of at least 1, how often images are halved.
        **kwargs: Options of every flow: `logit_margin`, `seed`, `name`.

    Raises:
        ValueError: If an argument is wrong, or images cannot be halved so often.

    Reference:
        [Glow: Generative Flow with Invertible 1x1
        Convolutions](https://arxiv.org/abs/1807.03039), 2018.

    Example:
    >>> from keras_gen.models import Glow
    >>> model = Glow((8, 8, 1), num_steps=2, width=8)
    >>> model.sample(5, seed=0).shape
    (5, 8, 8, 1)
    """

    def __init__(
        self, x_domain, num_steps=8, width=64, num_blocks=1, num_scales=2, **kwargs
    ):
        super().__init__(x_domain, **kwargs)
        check_count(num_steps, "num_steps", 1)
        self.num_steps = num_steps
        self.width = width
        self.num_blocks = num_blocks
        self.num_scales = num_scales
        self.compose(multi_scale(self.x_domain, num_scales, self._steps))

    def _steps(self, shape, is_last):
        layers = []
        for _ in range(self.num_steps):
            layers += [ActNorm(), InvertibleConvolution(), self._coupling(shape)]
        return layers if is_last else [*layers, self._coupling(shape)]

    def _coupling(self, shape):
        return affine_coupling(
            shape, self.width, self.num_blocks, dtype=self.dtype_policy
        )
