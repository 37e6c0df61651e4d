"""Variational autoencoder (Kingma and Welling, 2013)."""

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from keras_gen.distributions import PixelDistribution, kl_divergence
from keras_gen.models.base import LatentVariableModel

tfd = tfp.distributions


@keras.saving.register_keras_serializable(package="keras_gen")
class VAE(LatentVariableModel):
    """Learns to encode and decode by the evidence lower bound.

    The posterior is a normal distribution with diagonal covariance, the prior the
    standard normal. Images lie in [0, 1]. Reports `rate`, the divergence of the
    posterior from the prior, and `distortion`, the negative log likelihood of the image
    under one draw of its latents, both in nats an image; `loss` is
    `distortion + beta * rate`.

    NOTE: `compile()` takes Adam with a rate of 1e-3, where the paper took Adagrad.

    Args:
        encoder: Network from images to `2 * latent_dim` numbers: the means of the
            posterior, then the logs of its scales.
        decoder: Network from latents of shape `(latent_dim,)` to the parameters of
            `pixel_distribution`, of shape `(height, width, parameters * channels)`.
        pixel_distribution: From the decoder's outputs to a distribution of images, for
            instance `keras_gen.distributions.BernoulliPixels()` for black and white,
            `GaussianPixels(scale)` for a squared error.
        beta: Float of at least 0, weight of the rate; 1 is the evidence lower bound.
        seed: Integer, seed of the noise of training and evaluation.

    Raises:
        ValueError: If the networks do not fit each other, or an argument is not as
            stated.

    Reference:
        [Auto-Encoding Variational Bayes](https://arxiv.org/abs/1312.6114), 2013; the
        closed-form rate is its appendix B.

    Example:
    >>> import numpy as np
    >>> from keras_gen.distributions import BernoulliPixels
    >>> from keras_gen.models import VAE
    >>> from keras_gen.networks import mlp
    >>> encoder = mlp((8, 8, 1), [16], (4,))
    >>> decoder = mlp((2,), [16], (8, 8, 1))
    >>> model = VAE(encoder, decoder, BernoulliPixels())
    >>> model.compile()
    >>> history = model.fit(np.zeros((32, 8, 8, 1)), verbose=0).history
    >>> sorted(history)
    ['distortion', 'loss', 'rate']
    >>> model.sample(5, seed=0).shape
    (5, 8, 8, 1)
    """

    term_names = ("loss", "rate", "distortion")

    def __init__(
        self, encoder, decoder, pixel_distribution, beta=1.0, seed=0, **kwargs
    ):
        super().__init__(seed=seed, **kwargs)
        _check_networks(encoder, decoder, pixel_distribution)
        if not beta >= 0:
            raise ValueError(f"`beta` must be at least 0. Received: {beta}")
        self.encoder = encoder
        self.decoder = decoder
        self.pixel_distribution = pixel_distribution
        self.beta = beta
        self.image_shape = tuple(encoder.input_shape[1:])
        self.latent_dim = encoder.output_shape[-1] // 2

    def posterior(self, images, training=False):
        outputs = tf.cast(self.encoder(images, training=training), tf.float32)
        mean, log_scale = tf.split(outputs, 2, axis=-1)
        return tfd.MultivariateNormalDiag(mean, tf.exp(log_scale))

    def prior(self):
        zeros = tf.zeros((self.latent_dim,))
        return tfd.MultivariateNormalDiag(zeros, tf.ones_like(zeros))

    def likelihood(self, latents, training=False):
        return self.pixel_distribution(self.decoder(latents, training=training))

    def loss_terms(self, batch, training):
        posterior = self.posterior(batch.images, training)
        noise = self.posterior_noise(batch.rows)[None]
        latents = posterior.mean() + posterior.stddev() * noise
        log_likelihood = self.likelihood(latents[0], training).log_prob(batch.images)
        rate = tf.reduce_mean(kl_divergence(posterior, self.prior(), latents))
        distortion = -tf.reduce_mean(log_likelihood)
        return {
            "loss": distortion + self.beta * rate,
            "rate": rate,
            "distortion": distortion,
        }


def _check_networks(encoder, decoder, pixel_distribution):
    if not isinstance(pixel_distribution, PixelDistribution):
        raise ValueError(
            "`pixel_distribution` must be one of `keras_gen.distributions`, such as "
            f"`BernoulliPixels()`. Received: {pixel_distribution!r}"
        )
    encoded = tuple(encoder.output_shape[1:])
    if len(encoded) != 1 or encoded[0] % 2:
        raise ValueError(
            "`encoder` must end in an even number of units, a mean and a log scale for "
            f"each latent. Received output shape: {encoded}"
        )
    latents = (encoded[0] // 2,)
    if tuple(decoder.input_shape[1:]) != latents:
        raise ValueError(
            f"`decoder` must take latents of shape {latents}, since `encoder` ends in "
            f"{encoded[0]} units. Received input shape: {decoder.input_shape[1:]}"
        )
    *size, channels = encoder.input_shape[1:]
    expected = (*size, channels * pixel_distribution.parameters_per_channel)
    if len(expected) != 3 or tuple(decoder.output_shape[1:]) != expected:
        raise ValueError(
            f"`decoder` must end in shape {expected} for images of shape "
            f"{(*size, channels)} under {type(pixel_distribution).__name__}. Received "
            f"output shape: {tuple(decoder.output_shape[1:])}"
        )
