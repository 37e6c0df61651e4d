"""The base of models with a prior, a likelihood and an approximate posterior."""

import math
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from keras_gen.arguments import check_count
from keras_gen.models.base.reconstruction_model import ReconstructionModel
from keras_gen.models.base.sampling import Sampler
from keras_gen.random import Rows, check_seed

# Decoded at once: few enough to stay in the processor's cache.
_PIXELS_AT_ONCE = 1_000_000


class LogLikelihood(NamedTuple):
    """An importance-weighted lower bound on the log likelihood of images, in nats.

    Attributes:
        per_image: Float32 array of shape `(num_images,)`.
        mean: Float, their mean.
        standard_error: Float, the standard error of that mean over the images.
        monte_carlo_error: Float, the part of the mean's uncertainty that more
            importance samples would reduce, by the delta method.
    """

    per_image: np.ndarray
    mean: float
    standard_error: float
    monte_carlo_error: float


class LatentVariableModel(Sampler, ReconstructionModel):
    """Abstract: images explained by latents.

    A subclass implements `prior()`, `likelihood()` and either `posterior()`, if its
    latents have one level, or `infer()`; it sets `latent_dim`.
    """

    def prior(self):
        """TFP distribution of latents, of event shape `(latent_dim,)`, normal."""
        raise NotImplementedError

    def posterior(self, images, training=False):
        """TFP distribution of the latents of images, normal, one event an image."""
        raise NotImplementedError

    def likelihood(self, latents, training=False):
        """TFP distribution of images, one event for each of the `(num, latent_dim)`."""
        raise NotImplementedError

    def infer(self, images, noise, training=False):
        """Latents drawn from the posterior as a function of noise.

        Args:
            images: Float32 tensor of shape `(batch, *image_shape)`.
            noise: Standard normal tensor of shape `(num_draws, batch, latent_dim)`.

        Returns:
            Latents of shape `(num_draws, batch, latent_dim)` and the log density of the
            posterior there, of shape `(num_draws, batch)`.
        """
        posterior = self.posterior(images, training)
        latents = posterior.mean() + posterior.stddev() * noise
        return latents, posterior.log_prob(latents)

    def posterior_noise(self, rows):
        """What `infer()` takes, one draw a row: shape `(num_rows, latent_dim)`."""
        return rows.normal((self.latent_dim,), "posterior")

    def log_weights(self, images, noise, training=False):
        """Log importance weights `log p(x, z) - log q(z | x)`.

        Their mean over draws is the evidence lower bound; the log of the mean of their
        exponentials is the tighter bound of Burda et al. (2015, arXiv:1509.00519, eq.
        8).

        Args:
            images: Float32 tensor of shape `(batch, *image_shape)`.
            noise: As in `infer()`.

        Returns:
            Float32 tensor of shape `(num_draws, batch)`.
        """
        latents, log_q = self.infer(images, noise, training)
        num_draws = noise.shape[0]
        flat = tf.reshape(latents, (-1, self.latent_dim))
        repeated = tf.tile(images, (num_draws, *[1] * len(self.image_shape)))
        log_likelihood = self.likelihood(flat, training).log_prob(repeated)
        log_likelihood = tf.reshape(log_likelihood, tf.shape(log_q))
        return log_likelihood + self.prior().log_prob(latents) - log_q

    def encode(self, images):
        return self.posterior(images).mean()

    def decode(self, latents):
        return self.likelihood(latents).mean()

    def noise_rows(self, rows):
        return rows.normal((self.latent_dim,), "latents")

    def from_noise(self, noise):
        prior = self.prior()
        return self.decode(prior.mean() + prior.stddev() * noise)

    def log_likelihood(self, images, num_importance_samples=5000, seed=0):
        """Importance-weighted bound on `log p(x)`, streamed in constant memory.

        Draw `k` of image `i` depends on the seed, `i` and `k` alone.

        Args:
            images: Array of shape `(num_images, *image_shape)`.
            num_importance_samples: Integer of at least 1, draws from the posterior an
                image. With 1 the bound is the evidence lower bound.
            seed: Integer in [0, 2**31).

        Returns:
            `LogLikelihood`, in nats.

        Raises:
            ValueError: If an argument is not as stated.

        Reference:
            Burda, Grosse and Salakhutdinov, "Importance Weighted Autoencoders", 2015,
            arXiv:1509.00519.
        """
        self.check_images(images)
        check_count(num_importance_samples, "num_importance_samples", 1)
        seed = tf.constant(check_seed(seed))
        images = np.asarray(images, np.float32)
        rows_at_once = max(1, _PIXELS_AT_ONCE // math.prod(self.image_shape))
        draws = min(num_importance_samples, rows_at_once, 50)
        block = min(rows_at_once // draws, len(images))
        estimates, variances = [], []
        for first in range(0, len(images), block):
            rows = images[first : first + block]
            padding = [(0, block - len(rows))] + [(0, 0)] * (images.ndim - 1)
            results = self._bound_of_block(
                tf.constant(np.pad(rows, padding, mode="edge")),
                tf.constant(first),
                seed,
                tf.constant(num_importance_samples),
                draws,
            )
            estimates.append(results[0].numpy()[: len(rows)])
            variances.append(results[1].numpy()[: len(rows)])
        per_image, variance = np.concatenate(estimates), np.concatenate(variances)
        num = len(per_image)
        return LogLikelihood(
            per_image,
            float(per_image.mean(dtype=np.float64)),
            float(per_image.std(dtype=np.float64, ddof=1) / np.sqrt(num))
            if num > 1
            else float("nan"),
            float(np.sqrt(variance.sum(dtype=np.float64)) / num),
        )

    @tf.function(jit_compile=True)
    def _bound_of_block(self, images, first_image, seed, num_samples, draws):
        """Bound and its Monte Carlo variance for each image, `draws` at once."""
        batch = images.shape[0]
        image = tf.tile(first_image + tf.range(batch), (draws,))
        draw = tf.repeat(tf.range(draws), batch)

        def accumulate(start, largest, total, squares):
            rows = Rows.of(seed, image, step=start + draw)
            noise = self.posterior_noise(rows)
            noise = tf.reshape(noise, (draws, batch, *noise.shape[1:]))
            weights = self.log_weights(images, noise)
            surplus = start + tf.range(draws) >= num_samples
            weights = tf.where(surplus[:, None], -np.inf, weights)
            new = tf.maximum(largest, tf.reduce_max(weights, axis=0))
            # Sums of weights and of their squares, both relative to the largest.
            scale, weights = tf.exp(largest - new), tf.exp(weights - new)
            total = total * scale + tf.reduce_sum(weights, axis=0)
            squares = squares * scale**2 + tf.reduce_sum(weights**2, axis=0)
            return start + draws, new, total, squares

        zeros = tf.zeros((batch,))
        _, largest, total, squares = tf.while_loop(
            lambda start, *_: start < num_samples,
            accumulate,
            (tf.constant(0), zeros + np.float32(-1e30), zeros, zeros),
        )
        count = tf.cast(num_samples, tf.float32)
        bound = largest + tf.math.log(total) - tf.math.log(count)
        return bound, tf.maximum(squares / total**2 - 1.0 / count, 0.0)
