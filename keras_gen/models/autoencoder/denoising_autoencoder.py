"""Denoising autoencoder (Vincent et al., 2008)."""

import keras
import tensorflow as tf

from keras_gen.losses import squared_error
from keras_gen.models.base import EncoderDecoder, Imputing, Noise, marked


@keras.saving.register_keras_serializable(package="keras_gen")
class DenoisingAutoencoder(Imputing, EncoderDecoder):
    """Learns to recover images from corrupted images.

    Each step corrupts its images with new noise; the loss compares the reconstructions
    with the clean images. Images lie in [0, 1]. Reports `loss`, the squared error
    summed over an image. If it learned from images with hidden pixels, `impute()` hides
    what is unknown in the same way, and takes it from the reconstruction.

    Args:
        encoder: Network from images to latents of shape `(latent_dim,)`.
        decoder: Network from latents to images.
        corruption: Layer called as `corruption(images, noise)`, with standard normal
            noise of the same shape: `keras_gen.layers.GaussianCorruption` or
            `keras_gen.layers.MaskingCorruption`.
        **kwargs: Options of every model: `x_domain`, `seed`, `name`.

    Raises:
        ValueError: If the networks do not match.

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

    imputation_methods = ("reconstruction",)
    why_not = "learned from another corruption than hidden values"

    def __init__(self, encoder, decoder, corruption, **kwargs):
        super().__init__(encoder, decoder, **kwargs)
        self.corruption = corruption
        self.completes = hasattr(corruption, "hidden_value")

    def noise_rows(self, rows) -> tf.Tensor:
        """The noise that `corrupt()` takes, one example for each row."""
        return rows.normal(self.x_domain.shape, "corruption")

    @marked(("x", "noise"), ("x",), traced=None)
    def corrupt(self, x, noise) -> tf.Tensor:
        """Corrupts examples.

        Args:
            x: Array or tensor of shape `(batch, *x_domain.shape)`.
            noise: Standard normal array of the same shape.

        Returns:
            Float32 tensor of the same shape.
        """
        return self.corruption(self.take("x", x), self.take("noise", noise))

    def imputed(self, x, mask, method=None, steps=None, mean=None):
        mask = tf.reshape(tf.cast(mask, tf.bool), (-1, *self.x_domain.shape))
        hidden = tf.where(mask, x, self.corruption.hidden_value)
        return tf.where(mask, x, self(hidden))

    def domain_of(self, name):
        if name == "noise":
            return Noise(self.noise_rows)
        # What is filled in is not drawn.
        return None if name == "seed" else super().domain_of(name)

    def loss_terms(self, batch, training):
        corrupted = self.corrupt(batch.x, self.noise_rows(batch.rows))
        latents = self.encoder(corrupted, training=training)
        reconstructions = self.decoder(latents, training=training)
        return {"loss": squared_error(batch.x, reconstructions)}

    def check_input(self, name, values):
        # Corrupted examples may lie outside of the range of clean ones.
        self.domain_of(name).check_numbers(values, name)
