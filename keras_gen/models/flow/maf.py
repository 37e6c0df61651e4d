"""Masked autoregressive flow (Papamakarios, Pavlakou and Murray, 2017)."""

import keras

from keras_gen.arguments import check_count
from keras_gen.layers import MarginalNormalization, MaskedAffine
from keras_gen.models.base import FlowModel


@keras.saving.register_keras_serializable(package="keras_gen")
class MAF(FlowModel):
    """Learns a flow whose layers are masked autoencoders.

    A layer scales and shifts each value, by a masked autoencoder of the earlier values.
    Layers have the natural and the reversed order in turn. Images are vectors of their
    values in raster order. A likelihood takes one pass of each layer. A sample takes
    one value after the other in each layer, but each hidden unit is computed once, so a
    sample costs about the multiplications of one pass.

    With `window`, a layer has a second, local autoencoder, by which a pixel knows the
    pixels before it in its row and those of the row above at a small cost. With
    `num_pieces`, a fixed map first brings each value by itself to a nearly normal
    distribution; `adapt()` finds it.

    NOTE: In place of batch normalization between layers, `adapt()` sets the first
    biases so that all latents have mean 0 and variance 1. Log-scales are bounded.

    Args:
        x_domain: `keras_gen.domains.Images` or `Vectors` of at least two values; or a
            tuple `(height, width, channels)` for images in [0, 1] of 256 levels.
        num_layers: Integer of at least 1.
        hidden_units: Tuple of integers, the width of each hidden layer of each masked
            autoencoder. The paper has `(1024, 1024)` for MNIST.
        window: Optional integer, a divisor of the number of values: how many of them
            are a block, such as a row of an image. See
            `keras_gen.layers.MaskedAffine`.
        num_pieces: Optional integer of at least 1. If given, the first layer is a
            `keras_gen.layers.MarginalNormalization` with that number of linear pieces.
        **kwargs: Options of every flow: `logit_margin`, `seed`, `name`.

    Raises:
        ValueError: If an argument is wrong.

    Reference:
        [Masked Autoregressive Flow for Density
        Estimation](https://arxiv.org/abs/1705.07057), 2017, section 3.

    Example:
    >>> import numpy as np
    >>> from keras_gen.domains import Vectors
    >>> from keras_gen.models import MAF
    >>> model = MAF(Vectors(2), hidden_units=(16,))
    >>> model.log_prob(np.zeros((1, 2))).round(4)
    array([-1.8379], dtype=float32)
    """

    #: Sampling is a long loop of small operations.
    compiled_sampling = True

    def __init__(
        self,
        x_domain,
        num_layers=5,
        hidden_units=(512, 512),
        window=None,
        num_pieces=None,
        **kwargs,
    ):
        super().__init__(x_domain, **kwargs)
        check_count(num_layers, "num_layers", 1)
        self.num_layers = num_layers
        self.hidden_units = hidden_units
        self.window = window
        self.num_pieces = num_pieces
        layers = []
        if num_pieces is not None:
            layers.append(MarginalNormalization(num_pieces, name="marginals"))
        layers += [
            MaskedAffine(hidden_units, window, index % 2 == 1, name=f"layer_{index}")
            for index in range(num_layers)
        ]
        self.compose(layers, (self.latent_dim,))
