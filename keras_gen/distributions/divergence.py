"""Kullback-Leibler divergence, in closed form if TFP has one."""

import tensorflow as tf
import tensorflow_probability as tfp

tfd = tfp.distributions


def kl_divergence(posterior, prior, latents) -> tf.Tensor:
    """`KL(posterior || prior)` in nats, in closed form or estimated from `latents`.

    Args:
        posterior: TFP distribution with batch shape `(batch,)`.
        prior: TFP distribution over the same events.
        latents: Tensor of shape `(num_draws, batch, ...)` drawn from `posterior`. If
            TFP has no closed form, the result is the mean of `log posterior - log
            prior` over the draws.

    Returns:
        Float32 tensor of shape `(batch,)`.
    """
    try:
        return tfd.kl_divergence(posterior, prior)
    except NotImplementedError:
        log_ratio = posterior.log_prob(latents) - prior.log_prob(latents)
        return tf.reduce_mean(log_ratio, axis=0)
