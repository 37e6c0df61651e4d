"""Bidirectional GAN (Donahue et al., 2016)."""

import keras
from keras import ops

from keras_gen.distributions.likelihoods import REALS
from keras_gen.losses import minimax_discriminator_loss
from keras_gen.models.base import EncoderDecoder, Phase, Sampler, check_reaches
from keras_gen.networks import check_judge


@keras.saving.register_keras_serializable(package="keras_gen")
class BiGAN(Sampler, EncoderDecoder):
    """Learns a generator and its inverse, from a game about pairs.

    The discriminator sees an image with latents: an image of the data with its code, or
    latents of the prior with the image that the decoder makes of them. If it cannot
    tell one kind from the other, encoder and decoder invert each other. No loss
    compares images. Images lie in [0, 1], unless you pass another `x_domain`. Reports
    `discriminator_loss`, which is log 4 if the discriminator cannot tell, and
    `generator_loss`.

    NOTE: Latents are standard normal, those of the paper uniform in [-1, 1]. Encoder
    and decoder minimize the loss of swapped labels, as the paper does in practice.

    Args:
        encoder: Network from images to latents of shape `(latent_dim,)`.
        decoder: Network from latents to images, which the paper calls generator.
        discriminator: Network from `[images, latents]` to one logit, such as
            `keras_gen.networks.mlp([image_shape, (latent_dim,)], ...)`.
        **kwargs: Options of every model: `x_domain`, `seed`, `name`.

    Raises:
        ValueError: If the networks do not match.

    Reference:
        [Adversarial Feature Learning](https://arxiv.org/abs/1605.09782), 2016.

    Example:
    >>> import numpy as np
    >>> from keras_gen.models import BiGAN
    >>> from keras_gen.networks import mlp
    >>> encoder, decoder = mlp((8, 8, 1), [16], (2,)), mlp((2,), [16], (8, 8, 1))
    >>> discriminator = mlp([(8, 8, 1), (2,)], [16], (1,))
    >>> model = BiGAN(encoder, decoder, discriminator)
    >>> model.compile()
    >>> sorted(model.fit(np.zeros((32, 8, 8, 1)), verbose=0).history)
    ['discriminator_loss', 'generator_loss']
    >>> model.reconstruct(np.zeros((5, 8, 8, 1))).shape
    TensorShape([5, 8, 8, 1])
    """

    term_names = ("discriminator_loss", "generator_loss")

    def __init__(self, encoder, decoder, discriminator, **kwargs):
        super().__init__(encoder, decoder, **kwargs)
        shapes = self.x_domain.shape, (self.latent_dim,)
        check_judge("discriminator", discriminator, *shapes)
        check_reaches("discriminator", discriminator, REALS, "scores")
        self.discriminator = discriminator

    def default_optimizer(self):
        return keras.optimizers.Adam(2e-4, beta_1=0.5)

    def phases(self):
        both = self.encoder.trainable_variables + self.decoder.trainable_variables
        judge = self.discriminator.trainable_variables
        return [
            Phase("discriminator", self.discriminator_terms, judge),
            Phase("generator", self.generator_terms, both),
        ]

    def discriminator_terms(self, batch, training) -> dict:
        """The cross-entropy of which pairs come from the encoder."""
        encoded, generated = self.pair_scores(batch, "discriminator", training)
        return {"discriminator_loss": minimax_discriminator_loss(encoded, generated)}

    def generator_terms(self, batch, training) -> dict:
        """The same with swapped labels."""
        encoded, generated = self.pair_scores(batch, "generator", training)
        return {"generator_loss": minimax_discriminator_loss(generated, encoded)}

    def pair_scores(self, batch, stream, training) -> tuple:
        """The scores of pairs of the encoder and of pairs of the decoder."""
        latents = batch.rows.normal((self.latent_dim,), stream)
        codes = self.encoder(batch.x, training=training)
        fakes = self.decoder(latents, training=training)
        return tuple(
            ops.cast(self.discriminator(pair, training=training), "float32")
            for pair in ([batch.x, codes], [fakes, latents])
        )

    def noise_rows(self, rows):
        return rows.normal((self.latent_dim,), "latents")

    def from_noise(self, noise):
        return self.decode(self.take("noise", noise))
