"""RealNVP (Dinh, Sohl-Dickstein and Bengio, 2017)."""

import keras

from keras_gen.arguments import check_count
from keras_gen.layers import ActNorm, Permutation
from keras_gen.models.base import FlowModel
from keras_gen.models.flow.couplings import affine_coupling
from keras_gen.models.flow.multi_scale import multi_scale


@keras.saving.register_keras_serializable(package="keras_gen")
class RealNVP(FlowModel):
    """Learns a flow of affine couplings: one half scales and shifts the other.

    With scales, images are halved again and again. At each scale couplings with a
    checkerboard mask are followed by couplings with a mask of channels, and half of the
    channels are finished. Without scales, examples are vectors of their values, and the
    places of the two halves alternate, as Papamakarios et al. (2017) had it.

    NOTE: `ActNorm` stands in place of batch normalization, so the density of an example
    does not depend on its batch: call `adapt()` before `fit()`. Couplings with a
    checkerboard mask look at squeezed images, which makes their networks four times
    faster. The last scale has the same couplings as the others.

    Args:
        x_domain: `keras_gen.domains.Images` or `Vectors` of at least two values; or a
            tuple `(height, width, channels)` for images in [0, 1] of 256 levels.
        num_couplings: Integer of at least 1, the couplings of each mask at each scale;
            without scales, all couplings.
        width: Integer, the filters of the convolutions in each coupling; without
            scales, the units of its dense layers.
        num_blocks: Integer of at least 0, the residual blocks in each coupling.
        num_scales: Integer, how often images are halved; 0 for dense networks.
        **kwargs: Options of every flow: `logit_margin`, `seed`, `name`.

    Raises:
        ValueError: If an argument is wrong, or images cannot be halved so often.

    Reference:
        [Density estimation using Real NVP](https://arxiv.org/abs/1605.08803), 2017.

    Example:
    >>> from keras_gen.models import RealNVP
    >>> model = RealNVP((8, 8, 1), num_couplings=2, width=8, num_scales=2)
    >>> model.sample(5, seed=0).shape
    (5, 8, 8, 1)
    """

    def __init__(
        self, x_domain, num_couplings=3, width=64, num_blocks=2, num_scales=0, **kwargs
    ):
        super().__init__(x_domain, **kwargs)
        check_count(num_couplings, "num_couplings", 1)
        check_count(num_scales, "num_scales", 0)
        self.num_couplings = num_couplings
        self.width = width
        self.num_blocks = num_blocks
        self.num_scales = num_scales
        if num_scales:
            self.compose(multi_scale(self.x_domain, num_scales, self._masks))
        else:
            size = self.latent_dim
            alternate = Permutation([*range(0, size, 2), *range(1, size, 2)])
            self.compose([alternate, *self._couplings((size,))], (size,))

    def _masks(self, shape, is_last):
        """Couplings by the checkerboard of a squeezed image, then by its lines."""
        size = shape[-1] // 4
        places = [range(place * size, (place + 1) * size) for place in (0, 2, 3, 1)]
        by_line = Permutation([channel for place in places for channel in place])
        return [*self._couplings(shape), by_line, *self._couplings(shape)]

    def _couplings(self, shape):
        layers = []
        for index in range(self.num_couplings):
            coupling = affine_coupling(
                shape,
                self.width,
                self.num_blocks,
                swap=index % 2 == 1,
                dtype=self.dtype_policy,
            )
            layers += [ActNorm(), coupling]
        return layers
