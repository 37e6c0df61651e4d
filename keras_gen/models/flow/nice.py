"""NICE (Dinh, Krueger and Bengio, 2014)."""

import keras

from keras_gen.arguments import check_count
from keras_gen.layers import ActNorm, AdditiveCoupling, Permutation
from keras_gen.models.base import FlowModel
from keras_gen.models.flow.couplings import half_sizes
from keras_gen.networks import mlp


@keras.saving.register_keras_serializable(package="keras_gen")
class NICE(FlowModel):
    """Learns a flow of additive couplings, which keep the volume, and a last scaling.

    The values of even places condition those of odd places, and the other way round in
    turn. Images are vectors of their values. The log-determinant is the sum of the log
    scales, so it is the same for all examples.

    NOTE: The latents are normal. The paper also has a logistic distribution.

    Args:
        x_domain: `keras_gen.domains.Images` or `Vectors` of at least two values; or a
            tuple `(height, width, channels)` for images in [0, 1] of 256 levels.
        num_couplings: Integer of at least 1. The paper has 4, and needs 3 so that each
            value can depend on each other one.
        hidden_units: Tuple of integers, the hidden layers of the network of each
            coupling.
        **kwargs: Options of every flow: `logit_margin`, `seed`, `name`.

    Raises:
        ValueError: If an argument is wrong.

    Reference:
        [NICE: Non-linear Independent Components
        Estimation](https://arxiv.org/abs/1410.8516), 2014.

    Example:
    >>> from keras_gen.models import NICE
    >>> model = NICE((8, 8, 1), hidden_units=(16,))
    >>> model.sample(5, seed=0).shape
    (5, 8, 8, 1)
    """

    def __init__(self, x_domain, num_couplings=4, hidden_units=(1000,) * 5, **kwargs):
        super().__init__(x_domain, **kwargs)
        check_count(num_couplings, "num_couplings", 1)
        self.num_couplings = num_couplings
        self.hidden_units = hidden_units
        size = self.latent_dim
        layers = [Permutation([*range(0, size, 2), *range(1, size, 2)])]
        for index in range(num_couplings):
            swap = index % 2 == 1
            given, changed = half_sizes(size, swap)
            network = mlp((given,), hidden_units, (changed,), name=f"coupling_{index}")
            layers.append(AdditiveCoupling(network, swap))
        self.compose([*layers, ActNorm(center=False)], (size,))
