"""An adversarial autoencoder: three phases, three optimizers."""

import keras
from keras.optimizers import SGD

from keras_gen.losses import (
    non_saturating_discriminator_loss,
    non_saturating_generator_loss,
    squared_error,
)
from keras_gen.models.base import EncoderDecoder, Phase, Sampler


@keras.saving.register_keras_serializable(package="families")
class ThreePhases(Sampler, EncoderDecoder):
    """Codes are told apart from draws of the prior, and learn not to be."""

    term_names = ("reconstruction_loss", "discriminator_loss", "encoder_loss")

    def __init__(self, encoder, decoder, discriminator, **kwargs):
        super().__init__(encoder, decoder, **kwargs)
        self.discriminator = discriminator

    def phases(self):
        encoder, decoder = self.encoder, self.decoder
        both = encoder.trainable_variables + decoder.trainable_variables
        judge = self.discriminator.trainable_variables
        return [
            Phase("reconstruction", self._rebuild, both),
            Phase("discriminator", self._tell, judge, 2, optimizer=SGD),
            Phase("encoder", self._deceive, encoder.trainable_variables),
        ]

    def _rebuild(self, batch, training):
        rebuilt = self.decoder(self.encoder(batch.x))
        return {"reconstruction_loss": squared_error(batch.x, rebuilt)}

    def _tell(self, batch, training):
        drawn = self.discriminator(self.noise_rows(batch.rows))
        codes = self.discriminator(self.encoder(batch.x))
        return {"discriminator_loss": non_saturating_discriminator_loss(drawn, codes)}

    def _deceive(self, batch, training):
        codes = self.discriminator(self.encoder(batch.x))
        return {"encoder_loss": non_saturating_generator_loss(None, codes)}

    def noise_rows(self, rows):
        return rows.normal((self.latent_dim,), "latents")

    def from_noise(self, noise):
        return self.decode(noise)
