"""Importance weighted autoencoder (Burda et al., 2015)."""

import math

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from keras_gen.arguments import check_boolean, check_count
from keras_gen.models.base import VariationalModel

tfd = tfp.distributions


@keras.saving.register_keras_serializable(package="keras_gen")
class IWAE(VariationalModel):
    """Learns by a bound of several draws, which is tighter than that of a VAE.

    The bound is the log of the mean of `num_samples` importance weights `p(x, z) /
    q(z | x)`, with `z` drawn from the posterior `q`. It rises with the number of draws,
    to `log p(x)`. With one draw it is the evidence lower bound. Images lie in [0, 1].

    Reports `loss`, the negative bound; `vae_loss`, the negative evidence lower bound by
    the same draws, which is at least as large; and `effective_samples`, from 1 to
    `num_samples`: one over the sum of the squared shares of the draws in the bound. If
    it stays near 1, single draws decide.

    With more draws the gradient of the encoder sinks below its noise. With
    `doubly_reparameterized=True` the encoder gets another gradient, which has the same
    mean and is zero where the posterior is exact.

    NOTE: The default optimizer is Adam with a rate of 1e-3. The paper lowers the rate
    from 1e-3 to 1e-4, in eight stages. There is one layer of latents; the paper also
    has two.

    Args:
        encoder: Network from images to `2 * latent_dim` numbers: the means of the
            posterior, then the logs of its scales.
        decoder: Network from latents of shape `(latent_dim,)` to the parameters of
            `output_distribution`.
        output_distribution: `keras_gen.distributions.Likelihood`, the distribution of
            images given the decoder's outputs, for instance `BernoulliLikelihood()`.
        num_samples: Integer of at least 1, the draws of each example. A step takes as
            many passes of the decoder.
        doubly_reparameterized: Boolean, which gradient the encoder gets.
        **kwargs: Options of every model: `x_domain`, `seed`, `name`.

    Raises:
        ValueError: If the networks do not match, or an argument is wrong.

    Reference:
        [Importance Weighted Autoencoders](https://arxiv.org/abs/1509.00519), 2015, eq.
        8. [Doubly Reparameterized Gradient Estimators for Monte Carlo
        Objectives](https://arxiv.org/abs/1810.04152), 2018 (the other gradient).

    Example:
    >>> import numpy as np
    >>> from keras_gen.distributions import BernoulliLikelihood
    >>> from keras_gen.models import IWAE
    >>> from keras_gen.networks import mlp
    >>> encoder, decoder = mlp((8, 8, 1), [16], (4,)), mlp((2,), [16], (8, 8, 1))
    >>> model = IWAE(encoder, decoder, BernoulliLikelihood(), num_samples=5)
    >>> model.compile()
    >>> history = model.fit(np.zeros((32, 8, 8, 1)), verbose=0).history
    >>> history["loss"] <= history["vae_loss"]
    True
    """

    term_names = ("loss", "vae_loss", "effective_samples")

    def __init__(
        self,
        encoder,
        decoder,
        output_distribution,
        num_samples=5,
        doubly_reparameterized=False,
        **kwargs,
    ):
        super().__init__(encoder, decoder, output_distribution, **kwargs)
        check_count(num_samples, "num_samples", 1)
        check_boolean(doubly_reparameterized, "doubly_reparameterized")
        self.num_samples = num_samples
        self.doubly_reparameterized = doubly_reparameterized

    def loss_terms(self, batch, training):
        noise = batch.rows.normal((self.num_samples, self.latent_dim), "posterior")
        noise = tf.transpose(noise, (1, 0, 2))
        if self.doubly_reparameterized and training:
            log_weights, path = self.doubly_reparameterized_weights(batch.x, noise)
        else:
            log_weights, path = self.log_weights(batch.x, noise, training=training), 0.0
        bound = tf.reduce_logsumexp(log_weights, axis=0) - math.log(self.num_samples)
        shares = tf.nn.softmax(log_weights, axis=0)
        effective = 1.0 / tf.reduce_sum(shares**2, axis=0)
        return {
            "loss": -tf.reduce_mean(bound + path),
            "vae_loss": -tf.reduce_mean(log_weights),
            "effective_samples": tf.reduce_mean(effective),
        }

    def doubly_reparameterized_weights(self, x, noise) -> tuple:
        """Log importance weights for training, and what gives the encoder its gradient.

        The encoder's gradient by a bound is the pull of each draw on its latents, that
        of its log weight times its share in the bound. Here the share is squared, and
        the density of the posterior does not move with the encoder.

        Args:
            x: Float32 tensor of shape `(batch, *x_domain.shape)`.
            noise: Standard normal tensor of shape `(num_draws, batch, latent_dim)`.

        Returns:
            Log weights of shape `(num_draws, batch)`, whose gradient is that of the
            decoder alone; and a tensor of shape `(batch,)` to add to the bound. It is
            zero, and its gradient is that of the encoder.
        """
        posterior = self.posterior(x, training=True)
        mean, scale = posterior.mean(), posterior.stddev()
        latents = mean + scale * noise
        still, *fixed = (tf.stop_gradient(v) for v in (latents, mean, scale))
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(still)
            log_q = tfd.MultivariateNormalDiag(*fixed).log_prob(still)
            log_weights = self.log_joint(x, still, training=True) - log_q
        shares = tf.nn.softmax(log_weights, axis=0)
        pull = tape.gradient(log_weights, still, tf.stop_gradient(shares**2))
        path = tf.stop_gradient(pull) * (latents - still)
        return log_weights, tf.reduce_sum(path, axis=(0, 2))
