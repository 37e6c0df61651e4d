"""Autoencoder (Hinton and Salakhutdinov, 2006)."""

import keras

from keras_gen.losses import squared_error
from keras_gen.models.base import ReconstructionModel
from keras_gen.networks import check_mirrored


@keras.saving.register_keras_serializable(package="keras_gen")
class Autoencoder(ReconstructionModel):
    """Learns to reproduce images through a bottleneck.

    With one linear layer on each side the bottleneck spans the subspace of the leading
    principal components (Baldi and Hornik, 1989). Images lie in [0, 1]. Reports `loss`,
    the squared error summed over an image.

    NOTE: We do not pretrain layer by layer, as the paper did; Adam does not need it.

    Args:
        encoder: Network from images to latents of shape `(latent_dim,)`.
        decoder: Network from latents to images.
        seed: Integer, the seed of the model's noise; plain reconstruction has none.

    Raises:
        ValueError: If the networks do not fit each other.

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

    def __init__(self, encoder, decoder, seed=0, **kwargs):
        super().__init__(seed=seed, **kwargs)
        check_mirrored(encoder, decoder)
        self.encoder = encoder
        self.decoder = decoder
        self.image_shape = tuple(encoder.input_shape[1:])
        self.latent_dim = encoder.output_shape[-1]

    def encode(self, images):
        return self.encoder(images)

    def decode(self, latents):
        return self.decoder(latents)

    def loss_terms(self, batch, training):
        latents = self.encoder(batch.images, training=training)
        reconstructions = self.decoder(latents, training=training)
        return {"loss": squared_error(batch.images, reconstructions)}
