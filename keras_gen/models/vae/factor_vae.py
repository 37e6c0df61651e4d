"""FactorVAE (Kim and Mnih, 2018)."""

import keras
import tensorflow as tf

from keras_gen.distributions.likelihoods import REALS
from keras_gen.losses import non_saturating_discriminator_loss, total
from keras_gen.models.base import (
    Phase,
    VariationalModel,
    at_step,
    check_number,
    check_reaches,
    whole_batch,
)
from keras_gen.networks import check_judge


@keras.saving.register_keras_serializable(package="keras_gen")
class FactorVAE(VariationalModel):
    """Learns latents that are independent of each other, by a discriminator.

    The discriminator tells latents from latents whose values are permuted, each among
    the examples of a batch. Its logit is the log of the ratio of two densities: that of
    latents, and the product of the densities of each latent. So the mean logit is an
    estimate of the total correlation, which is zero if latents are independent, and
    which has the weight `gamma` in the loss of the autoencoder.

    Images lie in [0, 1]. Reports `autoencoder_loss`, which is `rate + distortion +
    gamma * total_correlation`; its parts, in nats; and `discriminator_loss`, a
    cross-entropy, which is log 4 if the discriminator cannot tell.

    NOTE: The paper permutes the latents of a second batch. Here they are those of the
    same batch, by another draw.

    Args:
        encoder: Network from images to `2 * latent_dim` numbers: the means of the
            posterior, then the logs of its scales.
        decoder: Network from latents of shape `(latent_dim,)` to the parameters of
            `output_distribution`.
        output_distribution: `keras_gen.distributions.Likelihood`, the distribution of
            images given the decoder's outputs.
        discriminator: Network from latents to one logit.
        gamma: Float of at least 0, or a Keras schedule of the training step: the weight
            of the total correlation.
        **kwargs: Options of every model: `x_domain`, `seed`, `name`.

    Raises:
        ValueError: If the networks do not match, or an argument is wrong.

    Reference:
        [Disentangling by Factorising](https://arxiv.org/abs/1802.05983), 2018,
        algorithm 2.

    Example:
    >>> import numpy as np
    >>> from keras_gen.distributions import BernoulliLikelihood
    >>> from keras_gen.models import FactorVAE
    >>> from keras_gen.networks import mlp
    >>> encoder, decoder = mlp((8, 8, 1), [16], (4,)), mlp((2,), [16], (8, 8, 1))
    >>> discriminator = mlp((2,), [16], (1,))
    >>> model = FactorVAE(encoder, decoder, BernoulliLikelihood(), discriminator)
    >>> model.compile()
    >>> history = model.fit(np.zeros((32, 8, 8, 1)), verbose=0).history
    >>> sorted(history)[-2:]
    ['rate', 'total_correlation']
    """

    term_names = (
        "autoencoder_loss",
        "discriminator_loss",
        "rate",
        "distortion",
        "total_correlation",
    )

    def __init__(
        self,
        encoder,
        decoder,
        output_distribution,
        discriminator,
        gamma=6.4,
        **kwargs,
    ):
        super().__init__(encoder, decoder, output_distribution, **kwargs)
        check_judge("discriminator", discriminator, (self.latent_dim,))
        check_reaches("discriminator", discriminator, REALS, "scores")
        check_number(gamma, "gamma", 0)
        self.discriminator = discriminator
        self.gamma = gamma

    def default_optimizer(self):
        return keras.optimizers.Adam(1e-4)

    def phases(self):
        variables = self.encoder.trainable_variables + self.decoder.trainable_variables
        return [
            Phase("autoencoder", self._autoencoder_terms, variables),
            Phase(
                "discriminator",
                self._discriminator_terms,
                self.discriminator.trainable_variables,
                optimizer=lambda: keras.optimizers.Adam(1e-4, beta_1=0.5, beta_2=0.9),
            ),
        ]

    def _autoencoder_terms(self, batch, training):
        *halves, _, latents = self.bound_terms(batch, training)
        rate, distortion = map(tf.reduce_mean, halves)
        total_correlation = tf.reduce_mean(self.log_ratio(latents, training))
        extra = at_step(self, self.gamma) * total_correlation
        return {
            "autoencoder_loss": total([distortion, rate, extra]),
            "rate": rate,
            "distortion": distortion,
            "total_correlation": total_correlation,
        }

    def _discriminator_terms(self, batch, training):
        posterior = self.posterior(batch.x, training=training)
        drawn, others = (
            posterior.mean()
            + posterior.stddev() * batch.rows.normal((self.latent_dim,), stream)
            for stream in ("discriminator", "permuted")
        )
        chance = batch.rows.uniform((self.latent_dim,), "permutation")
        permuted = permute_each(*map(whole_batch, (others, chance)))
        loss = non_saturating_discriminator_loss(
            self.log_ratio(drawn, training), self.log_ratio(permuted, training)
        )
        return {"discriminator_loss": loss}

    def log_ratio(self, latents, training=False) -> tf.Tensor:
        """The discriminator's logits, float32 of shape `(batch, 1)`."""
        return tf.cast(self.discriminator(latents, training=training), tf.float32)


def permute_each(latents, chance) -> tf.Tensor:
    """Permutes each latent among the examples of a batch, by itself.

    Args:
        latents: Tensor of shape `(batch, latent_dim)`.
        chance: Uniform random tensor of that shape; its order is the permutation.

    Returns:
        Tensor of the shape of `latents`, with the same values in each column.
    """
    order = tf.argsort(tf.transpose(chance), stable=True)
    return tf.transpose(tf.gather(tf.transpose(latents), order, batch_dims=1))
