"""Beta-TCVAE (Chen et al., 2018)."""

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from keras_gen.arguments import check_boolean, check_count
from keras_gen.losses import total
from keras_gen.models.base import VariationalModel, at_step, check_number, whole_batch

tfd = tfp.distributions


@keras.saving.register_keras_serializable(package="keras_gen")
class BetaTCVAE(VariationalModel):
    """Learns latents that are independent of each other, each a factor of variation.

    The rate of a VAE is a sum of three divergences, all in nats: the mutual information
    of an image and its latents; the total correlation, which is zero if latents are
    independent; and the dimension-wise rate, the divergence of each latent from the
    prior. A larger weight of the rate, as in `VAE(beta=...)`, also takes information
    away. Here the total correlation alone has the weight `beta`:

    `loss = distortion + alpha * mutual_information + beta * total_correlation + gamma *
    dimension_wise_rate`.

    The three need the density of latents over all examples, which is estimated from a
    batch. By default this is the minibatch-weighted sampling of the paper. It puts
    constants into the terms, such as the log of `dataset_size`, which have no gradient:
    the terms are no divergences then. With `stratified=True` the density is without
    bias, and exact if a batch holds all examples. Images lie in [0, 1]. Reports `loss`,
    `rate`, `distortion` and the three terms.

    NOTE: The sum of the three terms is an estimate of the rate, which has a closed
    form. So the loss is `distortion + rate`, plus each term times its weight less 1. It
    has the same mean as that of the paper, and with all weights 1 it is the loss of a
    VAE.

    Args:
        encoder: Network from images to `2 * latent_dim` numbers: the means of the
            posterior, then the logs of its scales.
        decoder: Network from latents of shape `(latent_dim,)` to the parameters of
            `output_distribution`.
        output_distribution: `keras_gen.distributions.Likelihood`, the distribution of
            images given the decoder's outputs.
        dataset_size: Integer of at least 1, the number of training examples.
        beta: Float of at least 0, or a Keras schedule of the training step: the weight
            of the total correlation.
        alpha: The same, the weight of the mutual information.
        gamma: The same, the weight of the dimension-wise rate.
        stratified: Boolean, how the density is estimated (the paper's appendix C).
        **kwargs: Options of every model: `x_domain`, `seed`, `name`.

    Raises:
        ValueError: If the networks do not match, or an argument is wrong.

    Reference:
        [Isolating Sources of Disentanglement in Variational
        Autoencoders](https://arxiv.org/abs/1802.04942), 2018, section 3.

    Example:
    >>> import numpy as np
    >>> from keras_gen.distributions import BernoulliLikelihood
    >>> from keras_gen.models import BetaTCVAE
    >>> from keras_gen.networks import mlp
    >>> encoder, decoder = mlp((8, 8, 1), [16], (4,)), mlp((2,), [16], (8, 8, 1))
    >>> model = BetaTCVAE(encoder, decoder, BernoulliLikelihood(), dataset_size=32)
    >>> model.compile()
    >>> history = model.fit(np.zeros((32, 8, 8, 1)), verbose=0).history
    >>> sorted(history)[-2:]
    ['rate', 'total_correlation']
    """

    term_names = (
        "loss",
        "rate",
        "distortion",
        "mutual_information",
        "total_correlation",
        "dimension_wise_rate",
    )

    def __init__(
        self,
        encoder,
        decoder,
        output_distribution,
        dataset_size,
        beta=6.0,
        alpha=1.0,
        gamma=1.0,
        stratified=False,
        **kwargs,
    ):
        super().__init__(encoder, decoder, output_distribution, **kwargs)
        check_count(dataset_size, "dataset_size", 1)
        for name, weight in {"beta": beta, "alpha": alpha, "gamma": gamma}.items():
            check_number(weight, name, 0)
        check_boolean(stratified, "stratified")
        self.dataset_size, self.stratified = dataset_size, stratified
        self.beta, self.alpha, self.gamma = beta, alpha, gamma

    def loss_terms(self, batch, training):
        *halves, posterior, latents = self.bound_terms(batch, training)
        rate, distortion = map(tf.reduce_mean, halves)
        parts = self.decomposition(posterior, latents, batch.rows.row)
        weights = {
            "mutual_information": self.alpha,
            "total_correlation": self.beta,
            "dimension_wise_rate": self.gamma,
        }
        extra = [(at_step(self, w) - 1.0) * parts[name] for name, w in weights.items()]
        loss = total([distortion, rate, *extra])
        return {"loss": loss, "rate": rate, "distortion": distortion, **parts}

    def decomposition(self, posterior, latents, row) -> dict:
        """Estimates the three parts of the rate from a batch.

        Args:
            posterior: TFP distribution of the latents of each example.
            latents: Float32 tensor of shape `(batch, latent_dim)`, drawn from it.
            row: Int32 tensor of shape `(batch,)`, a number of its own for each example.

        Returns:
            Dict of float32 scalars, in nats. Their sum is the mean of `log q(z | x) -
            log p(z)` over the draws.
        """
        means, scales = map(whole_batch, (posterior.mean(), posterior.stddev()))
        # Each draw under the posterior of each example: (batch, batch, latent_dim).
        log_probs = tfd.Normal(means, scales).log_prob(latents[:, None])
        shares = self._log_shares(row[:, None] == whole_batch(row))
        log_q = tf.reduce_logsumexp(tf.reduce_sum(log_probs, -1) + shares, axis=1)
        log_q_of_each = tf.reduce_logsumexp(log_probs + shares[..., None], axis=1)
        log_product = tf.reduce_sum(log_q_of_each, axis=-1)
        log_ratios = {
            "mutual_information": posterior.log_prob(latents) - log_q,
            "total_correlation": log_q - log_product,
            "dimension_wise_rate": log_product - self.prior().log_prob(latents),
        }
        return {name: tf.reduce_mean(value) for name, value in log_ratios.items()}

    def _log_shares(self, is_own):
        """The logs of the shares of the examples of a batch in the density."""
        size, batch_size = self.dataset_size, tf.cast(tf.shape(is_own)[1], tf.float32)
        if not self.stratified:
            return tf.zeros_like(is_own, tf.float32) - tf.math.log(size * batch_size)
        # An example counts once; the others of the batch stand for all others.
        others = (size - 1.0) / (size * tf.maximum(batch_size - 1.0, 1.0))
        return tf.math.log(tf.where(is_own, 1.0 / size, others))
