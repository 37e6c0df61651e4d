"""Denoising autoencoder (Vincent et al., 2008)."""

import keras

from keras_gen.losses import squared_error
from keras_gen.models.base import ReconstructionModel
from keras_gen.networks import check_mirrored


@keras.saving.register_keras_serializable(package="keras_gen")
class DenoisingAutoencoder(ReconstructionModel):
    """Learns to recover images from corrupted ones.

    Each step corrupts its images anew; the loss compares with the clean ones. Images
    lie in [0, 1]. Reports `loss`, the squared error summed over an image.

    Args:
        encoder: Network from images to latents of shape `(latent_dim,)`.
        decoder: Network from latents to images.
        corruption: Layer called as `corruption(images, noise)` with standard normal
            noise of the images' shape: `keras_gen.layers.GaussianCorruption` or
            `keras_gen.layers.MaskingCorruption`.
        seed: Integer, seed of the corruption.

    Raises:
        ValueError: If the networks do not fit each other.

    Reference:
        Vincent, Larochelle, Bengio and Manzagol, "Extracting and Composing Robust
        Features with Denoising Autoencoders", ICML 2008, doi:10.1145/1390156.1390294.

    Example:
    >>> import numpy as np
    >>> from keras_gen.layers import MaskingCorruption
    >>> from keras_gen.models import DenoisingAutoencoder
    >>> from keras_gen.networks import mlp
    >>> encoder, decoder = mlp((8, 8, 1), [16], (4,)), mlp((4,), [16], (8, 8, 1))
    >>> model = DenoisingAutoencoder(encoder, decoder, MaskingCorruption(0.5))
    >>> model.reconstruct(np.zeros((3, 8, 8, 1))).shape
    TensorShape([3, 8, 8, 1])
    """

    def __init__(self, encoder, decoder, corruption, seed=0, **kwargs):
        super().__init__(seed=seed, **kwargs)
        check_mirrored(encoder, decoder)
        self.encoder = encoder
        self.decoder = decoder
        self.corruption = corruption
        self.image_shape = tuple(encoder.input_shape[1:])
        self.latent_dim = encoder.output_shape[-1]

    def encode(self, images):
        return self.encoder(images)

    def decode(self, latents):
        return self.decoder(latents)

    def corrupt(self, images, rows):
        """Corrupted images, a function of `images` and `keras_gen.random.Rows`."""
        return self.corruption(images, rows.normal(self.image_shape, "corruption"))

    def loss_terms(self, batch, training):
        corrupted = self.corrupt(batch.images, batch.rows)
        latents = self.encoder(corrupted, training=training)
        reconstructions = self.decoder(latents, training=training)
        return {"loss": squared_error(batch.images, reconstructions)}
