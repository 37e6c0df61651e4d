"""Autoencoder (Hinton and Salakhutdinov, 2006)."""

import keras

from keras_gen.losses import squared_error
from keras_gen.models.base import EncoderDecoder


@keras.saving.register_keras_serializable(package="keras_gen")
class Autoencoder(EncoderDecoder):
    """Learns to reproduce images through a bottleneck.

    If encoder and decoder are one linear layer each, the bottleneck spans the subspace
    of the first principal components (Baldi and Hornik, 1989). Images lie in [0, 1].
    Reports `loss`, the squared error summed over an image.

    NOTE: Layers are not pretrained one by one as in the paper; Adam does not need it.

    Args:
        encoder: Network from images to latents of shape `(latent_dim,)`.
        decoder: Network from latents to images.
        **kwargs: Options of every model: `x_domain`, `seed`, `name`.

    Raises:
        ValueError: If the networks do not match.

    Reference:
        Hinton and Salakhutdinov, "Reducing the Dimensionality of Data with Neural
        Networks", Science, 2006, doi:10.1126/science.1127647.

    Example:
    >>> import numpy as np
    >>> from keras_gen.models import Autoencoder
    >>> from keras_gen.networks import mlp
    >>> model = Autoencoder(mlp((8, 8, 1), [16], (4,)), mlp((4,), [16], (8, 8, 1)))
    >>> model.encode(np.zeros((3, 8, 8, 1))).shape
    TensorShape([3, 4])
    """

    def loss_terms(self, batch, training):
        latents = self.encoder(batch.x, training=training)
        reconstructions = self.decoder(latents, training=training)
        return {"loss": squared_error(batch.x, reconstructions)}
