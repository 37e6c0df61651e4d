"""Models of latents, as the priors of other models."""

import tensorflow as tf

from keras_gen.arguments import shown
from keras_gen.models.base.abilities import ExactLikelihood
from keras_gen.models.base.sampling import Sampler


def check_prior(prior, domain) -> None:
    """Raises a ValueError unless `prior` is a model of latents.

    Args:
        prior: Any value.
        domain: `keras_gen.domains.Domain` of the latents.
    """
    if not (
        isinstance(prior, ExactLikelihood)
        and isinstance(prior, Sampler)
        and prior.x_domain == domain
        and prior.y_domain is None
        and prior.domain_of("log_prob") is not None
    ):
        raise ValueError(
            f"`prior` must be a model of the latents, {domain!r}, with `log_prob()` "
            f"and `sample()`. Received: {shown(prior)}"
            + (f" of {prior.x_domain!r}" if hasattr(prior, "x_domain") else "")
        )


def log_prob_of_draws(prior, latents) -> tf.Tensor:
    """The log-likelihood of several draws of latents.

    Args:
        prior: Model that `check_prior()` allows.
        latents: Tensor of shape `(num_draws, batch, *prior.x_domain.shape)`.

    Returns:
        Float32 tensor of shape `(num_draws, batch)`, in nats.
    """
    flat = tf.reshape(latents, (-1, *prior.x_domain.shape))
    return tf.reshape(prior.batch_log_prob(flat), tf.shape(latents)[:2])
