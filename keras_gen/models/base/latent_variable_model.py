"""The base of models with a prior, a likelihood and an approximate posterior."""

import tensorflow as tf
import tensorflow_probability as tfp

from keras_gen.distributions import log_prob_of_known
from keras_gen.models.base.abilities import Autoencoding
from keras_gen.models.base.generative_model import GenerativeModel
from keras_gen.models.base.importance_weighting import ImportanceWeighting
from keras_gen.models.base.sampling import Sampler


class LatentVariableModel(Sampler, Autoencoding, ImportanceWeighting, GenerativeModel):
    """Abstract: a model with a prior on latents, a likelihood and a posterior.

    A subclass implements `infer()`, `likelihood()`, `log_prior()` and
    `latents_from_noise()`, and sets `latent_dim` and `output_distribution`, the
    `keras_gen.distributions.Likelihood` of which `likelihood()` is. In a model without
    a `y_domain` these hooks have no argument `y`.

    By default it reports `rate`, the log density of a draw under the posterior less
    that under the prior; `distortion`, the negative log-likelihood of an example given
    this draw; and `loss`, their sum.
    """

    term_names = ("loss", "rate", "distortion")

    # Hooks

    def infer(self, x, noise, y=None, training=False) -> tuple:
        """Draws latents from the posterior, as a function of noise.

        Args:
            x: Float32 tensor of shape `(batch, *x_domain.shape)`.
            noise: Standard normal tensor of shape
                `(num_draws, batch, *posterior_noise_shape)`.
            y: Tensor of the `y_domain`, if there is one.
            training: Boolean, whether layers behave as in training.

        Returns:
            Latents of shape `(num_draws, batch, latent_dim)`, and the log density of
            the posterior at these latents, of shape `(num_draws, batch)`.
        """
        raise NotImplementedError

    def likelihood(
        self, latents, y=None, training=False
    ) -> tfp.distributions.Distribution:
        """The TFP distribution of examples, one event for each of the latents.

        Args:
            latents: Float32 tensor of shape `(num, latent_dim)`.
            y: Tensor of the `y_domain`, if there is one.
            training: Boolean, whether layers behave as in training.
        """
        raise NotImplementedError

    def log_prior(self, latents, y=None) -> tf.Tensor:
        """The log density of latents under the prior.

        Args:
            latents: Float32 tensor of shape `(num_draws, batch, latent_dim)`.
            y: Tensor of the `y_domain`, if there is one.

        Returns:
            Float32 tensor of shape `(num_draws, batch)`, in nats.
        """
        raise NotImplementedError

    def latents_from_noise(self, noise, y=None) -> tf.Tensor:
        """Draws latents from the prior, as a function of noise.

        Args:
            noise: Tensor from `noise_rows()`; by default standard normal, of shape
                `(batch, latent_dim)`.
            y: Tensor of the `y_domain`, if there is one.

        Returns:
            Float32 tensor of shape `(batch, latent_dim)`.
        """
        raise NotImplementedError

    def loss_terms(self, batch, training):
        given, noise = _given(batch.y), self.posterior_noise(batch.rows)[None]
        latents, log_q = self.infer(batch.x, noise, **given, training=training)
        likelihood = self.likelihood(latents[0], **given, training=training)
        rate = tf.reduce_mean(log_q - self.log_prior(latents, **given))
        distortion = -tf.reduce_mean(self.log_prob_of_known(likelihood, batch.x))
        return {"loss": distortion + rate, "rate": rate, "distortion": distortion}

    def noise_rows(self, rows):
        return rows.normal(self.domain_of("latents").shape, "latents")

    @property
    def posterior_noise_shape(self) -> tuple:
        """Tuple, the shape of the noise that `infer()` takes for one example."""
        return self.domain_of("latents").shape

    # What follows

    def posterior_noise(self, rows) -> tf.Tensor:
        """The noise that `infer()` takes, one draw for each row."""
        return rows.normal(self.posterior_noise_shape, "posterior")

    def log_prob_of_known(self, likelihood, x) -> tf.Tensor:
        """The log probability of examples under `likelihood()`, of what is not NaN.

        Returns:
            Float32 tensor of shape `(batch,)`, in nats.
        """
        if self.x_domain.optional:
            return log_prob_of_known(likelihood, x)
        return likelihood.log_prob(x)

    def log_weights(self, x, noise, y=None, training=False) -> tf.Tensor:
        """The log importance weights `log p(x, z) - log q(z | x)`.

        Their mean over draws is the evidence lower bound. The log of the mean of their
        exponentials is the tighter bound of Burda et al. (2015, arXiv:1509.00519, eq.
        8).

        Args:
            x: Float32 tensor of shape `(batch, *x_domain.shape)`.
            noise: As in `infer()`.
            y: Tensor of the `y_domain`, if there is one.
            training: Boolean, whether layers behave as in training.

        Returns:
            Float32 tensor of shape `(num_draws, batch)`.
        """
        latents, log_q = self.infer(x, noise, **_given(y), training=training)
        return self.log_joint(x, latents, y, training) - log_q

    def log_joint(self, x, latents, y=None, training=False) -> tf.Tensor:
        """The log density `log p(x, z)` of examples together with latents.

        Args:
            x: Float32 tensor of shape `(batch, *x_domain.shape)`.
            latents: Float32 tensor of shape `(num_draws, batch, latent_dim)`.
            y: Tensor of the `y_domain`, if there is one.
            training: Boolean, whether layers behave as in training.

        Returns:
            Float32 tensor of shape `(num_draws, batch)`, in nats.
        """
        given, num_draws = _given(y), latents.shape[0] or tf.shape(latents)[0]
        flat = tf.reshape(latents, (-1, *self.domain_of("latents").shape))
        many = {name: _repeat(value, num_draws) for name, value in given.items()}
        likelihood = self.likelihood(flat, **many, training=training)
        log_likelihood = self.log_prob_of_known(likelihood, _repeat(x, num_draws))
        log_prior = self.log_prior(latents, **given)
        return tf.reshape(log_likelihood, tf.shape(log_prior)) + log_prior

    def encode(self, x, y=None) -> tf.Tensor:
        """Computes the latents of examples, by `infer()` with noise of zero.

        For a normal posterior these are the means.

        Args:
            x: Array or tensor of shape `(batch, *x_domain.shape)`.
            y: Array of the `y_domain` for models that have one.

        Returns:
            Float32 tensor of shape `(batch, latent_dim)`.
        """
        given = _given(y)
        noise = tf.zeros(tf.stack([1, tf.shape(x)[0], *self.posterior_noise_shape]))
        return self.infer(x, noise, **given)[0][0]

    def decode(self, latents, y=None):
        given = _given(y)
        return self.output_distribution.center(self.likelihood(latents, **given))

    def from_noise(self, noise, y=None):
        given = _given(y)
        latents = self.latents_from_noise(self.take("noise", noise), **given)
        return self.decode(latents, **given)


def _given(y):
    """`y` as a keyword argument of hooks, which have none in a model without one."""
    return {} if y is None else {"y": y}


def _repeat(tensor, count):
    if len(tensor.shape) == 1:
        # The TFLite converter loses a tile of labels before a comparison.
        num = tf.shape(tensor)[0]
        return tf.gather(tensor, tf.range(count * num) % num)
    return tf.tile(tensor, (count, *[1] * (len(tensor.shape) - 1)))
