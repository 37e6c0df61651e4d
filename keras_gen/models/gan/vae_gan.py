"""VAE/GAN (Larsen et al., 2016)."""

import keras
import tensorflow as tf

from keras_gen.distributions.likelihoods import REALS
from keras_gen.losses import (
    minimax_discriminator_loss,
    minimax_generator_loss,
    non_saturating_generator_loss,
    squared_error,
)
from keras_gen.models.base import (
    EncoderDecoder,
    Phase,
    Sampler,
    at_step,
    check_number,
    check_reaches,
)
from keras_gen.networks import check_judge, check_maps


@keras.saving.register_keras_serializable(package="keras_gen")
class VAEGAN(Sampler, EncoderDecoder):
    """Learns a variational autoencoder that measures errors as a discriminator sees.

    Reconstructions are compared in features of the discriminator, not in pixels. The
    encoder learns from the rate and the distortion, the decoder from the distortion and
    the game, features and discriminator from the game alone. Reconstructions and
    samples of the prior are fakes. Images lie in [0, 1], unless you pass another
    `x_domain`. Reports `rate`, the divergence of the posterior from the prior;
    `distortion`, half the squared error summed over the features; and the loss of each
    phase.

    NOTE: The networks learn one after the other, each on a pass of its own. The decoder
    minimizes the non-saturating loss.

    Args:
        encoder: Network from images to `2 * latent_dim` numbers: the means of the
            posterior, then the logs of its scales.
        decoder: Network from latents of shape `(latent_dim,)` to images.
        features: Network from images to features of any shape, the first layers of the
            discriminator.
        discriminator: Network from features to one logit.
        distortion_weight: Float of at least 0, or a Keras schedule: the weight of the
            distortion for the decoder, gamma in the paper.
        **kwargs: Options of every model: `x_domain`, `seed`, `name`.

    Raises:
        ValueError: If the networks do not match, or an argument is wrong.

    Reference:
        [Autoencoding beyond pixels using a learned similarity
        metric](https://arxiv.org/abs/1512.09300), 2016, Algorithm 1.

    Example:
    >>> import numpy as np
    >>> from keras_gen.models import VAEGAN
    >>> from keras_gen.networks import mlp
    >>> encoder, decoder = mlp((8, 8, 1), [16], (4,)), mlp((2,), [16], (8, 8, 1))
    >>> features = mlp((8, 8, 1), [], (16,), output_activation="relu")
    >>> model = VAEGAN(encoder, decoder, features, mlp((16,), [], (1,)))
    >>> model.compile()
    >>> history = model.fit(np.zeros((32, 8, 8, 1)), verbose=0).history
    >>> model.sample(5, seed=0).shape
    (5, 8, 8, 1)
    """

    term_names = (
        "encoder_loss",
        "decoder_loss",
        "discriminator_loss",
        "rate",
        "distortion",
    )
    numbers_per_latent = 2

    def __init__(
        self,
        encoder,
        decoder,
        features,
        discriminator,
        distortion_weight=1e-2,
        **kwargs,
    ):
        super().__init__(encoder, decoder, **kwargs)
        check_maps("features", features, self.x_domain.shape)
        check_judge("discriminator", discriminator, features.output_shape[1:])
        check_reaches("encoder", encoder, REALS, "means and logs of scales")
        check_reaches("discriminator", discriminator, REALS, "scores")
        check_number(distortion_weight, "distortion_weight", 0)
        self.features, self.discriminator = features, discriminator
        self.distortion_weight = distortion_weight

    def default_optimizer(self):
        return keras.optimizers.RMSprop(3e-4)

    def phases(self):
        judge = self.features.trainable_variables
        judge = judge + self.discriminator.trainable_variables
        return [
            Phase("encoder", self.encoder_terms, self.encoder.trainable_variables),
            Phase("decoder", self.decoder_terms, self.decoder.trainable_variables),
            Phase("discriminator", self.discriminator_terms, judge),
        ]

    def encoder_terms(self, batch, training) -> dict:
        """The rate and the distortion."""
        mean, log_scale = self.posterior(batch.x, training)
        rebuilt = self.rebuilt(batch, "encoder", training)
        distortion = self.distortion(batch.x, rebuilt, training)
        squares = tf.square(mean) + tf.exp(2.0 * log_scale) - 1.0 - 2.0 * log_scale
        rate = 0.5 * tf.reduce_mean(tf.reduce_sum(squares, axis=-1))
        return {
            "encoder_loss": rate + distortion,
            "rate": rate,
            "distortion": distortion,
        }

    def decoder_terms(self, batch, training) -> dict:
        """The distortion, and what the fakes lose in the game."""
        rebuilt, drawn = self.fakes(batch, "decoder", training)
        distortion = self.distortion(batch.x, rebuilt, training)
        scores = self.score(rebuilt, training), self.score(drawn, training)
        game = sum(non_saturating_generator_loss(None, score) for score in scores)
        weight = at_step(self, self.distortion_weight)
        return {"decoder_loss": weight * distortion + game}

    def discriminator_terms(self, batch, training) -> dict:
        """The cross-entropy of real images and of both kinds of fakes."""
        rebuilt, drawn = self.fakes(batch, "discriminator", training)
        scores = self.score(batch.x, training), self.score(rebuilt, training)
        loss = minimax_discriminator_loss(*scores)
        # The mean of log(1 - D), which the discriminator makes large.
        drawn_gain = minimax_generator_loss(None, self.score(drawn, training))
        return {"discriminator_loss": loss - drawn_gain}

    def fakes(self, batch, stream, training) -> tuple:
        """Reconstructions of the images of a batch, and as many samples."""
        latents = batch.rows.normal((self.latent_dim,), f"{stream}_prior")
        drawn = self.decoder(latents, training=training)
        return self.rebuilt(batch, stream, training), drawn

    def rebuilt(self, batch, stream, training) -> tf.Tensor:
        """Reconstructions from draws of the posterior."""
        mean, log_scale = self.posterior(batch.x, training)
        noise = batch.rows.normal((self.latent_dim,), f"{stream}_posterior")
        return self.decoder(mean + tf.exp(log_scale) * noise, training=training)

    def distortion(self, x, rebuilt, training) -> tf.Tensor:
        """Half the squared error summed over features, a scalar."""
        x, rebuilt = (
            self.features(images, training=training) for images in (x, rebuilt)
        )
        return 0.5 * squared_error(x, rebuilt)

    def posterior(self, x, training=False) -> list:
        """The means and the logs of the scales of the posterior."""
        outputs = tf.cast(self.encoder(x, training=training), tf.float32)
        return tf.split(outputs, 2, axis=-1)

    def score(self, x, training) -> tf.Tensor:
        """The logits of images of being real, of shape `(batch, 1)`."""
        seen = self.features(x, training=training)
        return tf.cast(self.discriminator(seen, training=training), tf.float32)

    def encode(self, x):
        return self.posterior(x)[0]

    def noise_rows(self, rows):
        return rows.normal((self.latent_dim,), "latents")

    def from_noise(self, noise):
        return self.decode(self.take("noise", noise))
