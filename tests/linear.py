"""A linear model of vectors, whose probabilities and posterior are known exactly."""

import numpy as np
import tensorflow_probability as tfp

from keras_gen.distributions import GaussianLikelihood
from keras_gen.domains import Vectors
from keras_gen.models import VAE
from keras_gen.networks import mlp
from keras_gen.random import Rows, seed_initializers

tfd = tfp.distributions

SCALE = 0.3
# One latent drives each pair of values, so that the posterior is diagonal.
KERNEL = np.array([[1.0, 0.5, 0.0, 0.0], [0.0, 0.0, 0.7, -1.0]], "f4")
MEAN = np.array([0.5, -1.0, 0.2, 0.0], "f4")
COVARIANCE = KERNEL.T @ KERNEL + SCALE**2 * np.eye(4, dtype="f4")


def linear_model(shift=0.0, widening=1.0, optional=False):
    """Probabilistic principal component analysis as a `VAE` with its exact posterior.

    Args:
        shift: Float, by how much the means of the posterior are wrong.
        widening: Float, the factor by which its scales are wrong.
        optional: Boolean, whether values may be unknown.
    """
    seed_initializers(0)
    encoder, decoder = mlp((4,), [], (4,)), mlp((2,), [], (4,))
    domain = Vectors(4, optional=optional)
    model = VAE(encoder, decoder, GaussianLikelihood(SCALE), x_domain=domain)
    decoder.layers[-1].set_weights([KERNEL, MEAN])
    covariance = np.linalg.inv(np.eye(2) + KERNEL @ KERNEL.T / SCALE**2)
    gain = KERNEL.T @ covariance / SCALE**2
    log_scale = 0.5 * np.log(np.diag(covariance)) + np.log(widening)
    encoder.layers[-1].set_weights(
        [
            np.concatenate([gain, np.zeros((4, 2))], axis=1),
            np.concatenate([shift - MEAN @ gain, log_scale]),
        ]
    )
    return model


def examples(num, seed=0):
    """Examples that the model would draw."""
    noise = Rows(num, seed).normal((4,), "examples").numpy()
    return (MEAN + noise @ np.linalg.cholesky(COVARIANCE).T).astype("f4")


def marginal(known):
    """The exact distribution of some of the values."""
    return tfd.MultivariateNormalFullCovariance(
        MEAN[known], COVARIANCE[np.ix_(known, known)]
    )


def conditional(x, known):
    """The exact mean and covariance of unknown values given the known ones of `x`."""
    unknown = ~known
    gain = COVARIANCE[np.ix_(unknown, known)] @ np.linalg.inv(
        COVARIANCE[np.ix_(known, known)]
    )
    mean = MEAN[unknown] + gain @ (x[known] - MEAN[known])
    return mean, (
        COVARIANCE[np.ix_(unknown, unknown)] - gain @ COVARIANCE[np.ix_(known, unknown)]
    )
