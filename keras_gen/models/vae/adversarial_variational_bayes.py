"""Adversarial variational Bayes (Mescheder et al., 2017)."""

import keras
import tensorflow as tf

from keras_gen import domains
from keras_gen.arguments import check_count
from keras_gen.distributions import standard_normal_log_prob
from keras_gen.distributions.likelihoods import REALS
from keras_gen.losses import minimax_discriminator_loss
from keras_gen.models.base import (
    Autoencoding,
    GenerativeModel,
    Phase,
    Sampler,
    check_likelihood,
    check_parameters,
    check_reaches,
)
from keras_gen.networks import check_judge, check_latents, check_network

_LEAST_SCALE = 1e-4


@keras.saving.register_keras_serializable(package="keras_gen")
class AdversarialVariationalBayes(Sampler, Autoencoding, GenerativeModel):
    """Learns a variational autoencoder with a posterior that has no density.

    The encoder makes latents of images and noise, so its posterior can have any shape.
    A discriminator learns to tell pairs of images and their latents from pairs of
    images and latents of the prior. Its logit estimates the log ratio of posterior and
    prior, and so the rate. Images lie in [0, 1], unless you pass another `x_domain`.
    Reports `rate` and `distortion`, their sum `autoencoder_loss`, and
    `discriminator_loss`.

    With adaptive contrast the discriminator compares the posterior with a normal
    distribution of the same mean and scale. It sees both standardized, so it need not
    learn what mean and scale say, and the estimate is better.

    NOTE: The rate is an estimate, and no bound: it is too small if the discriminator
    misses differences.

    Args:
        encoder: Network from `[images, noise]` to latents of shape `(latent_dim,)`,
            such as `keras_gen.networks.mlp([image_shape, (noise_dim,)], ...)`.
        decoder: Network from latents to the parameters of `output_distribution`.
        discriminator: Network from `[images, latents]` to one logit.
        output_distribution: `keras_gen.distributions.Likelihood` of images, as for
            `VAE`.
        contrast_draws: Integer, 0 or at least 2. If not 0, adaptive contrast is used,
            with mean and scale of this number of draws for each image.
        x_domain: Optional `keras_gen.domains.Domain`.
        **kwargs: Options of every model: `seed`, `name`.

    Raises:
        ValueError: If the networks do not match, or an argument is wrong.

    Reference:
        [Adversarial Variational Bayes](https://arxiv.org/abs/1701.04722), 2017,
        Algorithm 1.

    Example:
    >>> import numpy as np
    >>> from keras_gen.distributions import BernoulliLikelihood
    >>> from keras_gen.models import AdversarialVariationalBayes
    >>> from keras_gen.networks import mlp
    >>> encoder = mlp([(8, 8, 1), (3,)], [16], (2,))
    >>> decoder = mlp((2,), [16], (8, 8, 1))
    >>> discriminator = mlp([(8, 8, 1), (2,)], [16], (1,))
    >>> model = AdversarialVariationalBayes(
    ...     encoder, decoder, discriminator, BernoulliLikelihood()
    ... )
    >>> model.compile()
    >>> history = model.fit(np.zeros((32, 8, 8, 1)), verbose=0).history
    >>> model.sample(5, seed=0).shape
    (5, 8, 8, 1)
    """

    term_names = ("autoencoder_loss", "discriminator_loss", "rate", "distortion")

    def __init__(
        self,
        encoder,
        decoder,
        discriminator,
        output_distribution,
        contrast_draws=0,
        *,
        x_domain=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        check_network("encoder", encoder, 2)
        check_network("decoder", decoder, 1)
        check_latents(encoder, decoder)
        check_likelihood(output_distribution)
        check_count(contrast_draws, "contrast_draws", 0)
        if contrast_draws == 1:
            raise ValueError("`contrast_draws` must be 0, or at least 2. Received: 1")
        self.encoder, self.decoder = encoder, decoder
        self.discriminator = discriminator
        self.output_distribution = output_distribution
        self.contrast_draws = contrast_draws
        self.x_domain = domains.for_network("x_domain", x_domain, encoder)
        self.latent_dim = encoder.output_shape[-1]
        judged = self.x_domain.shape, (self.latent_dim,)
        check_judge("discriminator", discriminator, *judged)
        check_reaches("discriminator", discriminator, REALS, "scores")
        check_parameters(decoder, output_distribution, self.x_domain)

    def default_optimizer(self):
        return keras.optimizers.Adam(1e-4, beta_1=0.5)

    def phases(self):
        both = self.encoder.trainable_variables + self.decoder.trainable_variables
        judge = self.discriminator.trainable_variables
        return [
            Phase("autoencoder", self.autoencoder_terms, both),
            Phase("discriminator", self.discriminator_terms, judge),
        ]

    def autoencoder_terms(self, batch, training) -> dict:
        """The bound, with the logit in place of the log ratio of the densities."""
        latents = self.infer(batch.x, self.code_noise(batch.rows, "codes"), training)
        outputs = self.decoder(latents, training=training)
        likelihood = self.output_distribution(outputs)
        distortion = -tf.reduce_mean(likelihood.log_prob(batch.x))
        standardized, log_scale = self.standardized(latents, batch, training)
        rate = self.score(batch.x, standardized, training)[:, 0]
        if self.contrast_draws:
            # The log ratio of the contrast and the prior, at these latents.
            rate += standard_normal_log_prob(standardized) - log_scale
            rate -= standard_normal_log_prob(latents)
        rate = tf.reduce_mean(rate)
        return {
            "autoencoder_loss": rate + distortion,
            "rate": rate,
            "distortion": distortion,
        }

    def discriminator_terms(self, batch, training) -> dict:
        """The cross-entropy of which latents come from the posterior."""
        noise = self.code_noise(batch.rows, "discriminator_codes")
        latents = self.infer(batch.x, noise, training)
        codes, _ = self.standardized(latents, batch, training)
        drawn = batch.rows.normal((self.latent_dim,), "discriminator")
        scores = [self.score(batch.x, z, training) for z in (codes, drawn)]
        return {"discriminator_loss": minimax_discriminator_loss(*scores)}

    def standardized(self, latents, batch, training) -> tuple:
        """Latents as the discriminator sees them, and the log of the scale, summed.

        Without adaptive contrast the latents are as they are, and the scale is 1.
        """
        if not self.contrast_draws:
            return latents, 0.0
        names = [f"draw_{index}" for index in range(self.contrast_draws)]
        noise = (self.code_noise(batch.rows, name) for name in names)
        draws = tf.stack([self.infer(batch.x, some, training) for some in noise])
        # The contrast is a fixed distribution in each step.
        mean, variance = tf.nn.moments(tf.stop_gradient(draws), axes=0)
        scale = tf.sqrt(variance + _LEAST_SCALE**2)
        return (latents - mean) / scale, tf.reduce_sum(tf.math.log(scale), axis=-1)

    def infer(self, x, noise, training=False) -> tf.Tensor:
        """Latents of images as a function of noise, float32 `(batch, latent_dim)`."""
        return tf.cast(self.encoder([x, noise], training=training), tf.float32)

    def score(self, x, latents, training) -> tf.Tensor:
        """The logits of latents of being those of an image, of shape `(batch, 1)`."""
        return tf.cast(self.discriminator([x, latents], training=training), tf.float32)

    def code_noise(self, rows, stream) -> tf.Tensor:
        """The noise that `infer()` takes, one draw for each row."""
        return rows.normal(tuple(self.encoder.inputs[1].shape[1:]), stream)

    def encode(self, x):
        shape = tf.stack([tf.shape(x)[0], *self.encoder.inputs[1].shape[1:]])
        return self.infer(x, tf.zeros(shape))

    def decode(self, latents):
        decoded = self.output_distribution(self.decoder(latents))
        return self.output_distribution.center(decoded)

    def noise_rows(self, rows):
        return rows.normal((self.latent_dim,), "latents")

    def from_noise(self, noise):
        return self.decode(self.take("noise", noise))
