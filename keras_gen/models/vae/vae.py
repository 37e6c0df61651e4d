"""Variational autoencoder (Kingma and Welling, 2013)."""

import keras
import tensorflow as tf

from keras_gen.models.base import VariationalModel, at_step, check_number


@keras.saving.register_keras_serializable(package="keras_gen")
class VAE(VariationalModel):
    """Learns to encode and decode by maximizing the evidence lower bound.

    The posterior is a normal distribution with diagonal covariance, the prior is the
    standard normal. Images lie in [0, 1]. Reports `rate`, the divergence between
    posterior and prior, and `distortion`, the negative log likelihood of an image given
    one draw of its latents. Both are in nats for an image. `loss` is
    `distortion + beta * rate`.

    With an `x_domain` that is `optional`, examples may have holes: NaN stands for a
    value that is unknown. The encoder sees 0 in its place, and the distortion is that
    of the known values alone, so that `-loss` is a bound on their likelihood.

    NOTE: The default optimizer is Adam with a rate of 1e-3. The paper has Adagrad.

    Args:
        encoder: Network from images to `2 * latent_dim` numbers: the means of the
            posterior, then the logs of its scales.
        decoder: Network from latents of shape `(latent_dim,)` to the parameters of
            `output_distribution`. They have the shape of an image, with a last axis
            that is `parameters_per_value` times as long.
        output_distribution: `keras_gen.distributions.Likelihood`, the distribution of
            images given the decoder's outputs, for instance `BernoulliLikelihood()` for
            black and white, `GaussianLikelihood(scale)` for a squared error.
        beta: Float of at least 0, the weight of the rate; 1 is the evidence lower
            bound. Or a Keras schedule of the training step, such as
            `keras.optimizers.schedules.PolynomialDecay(0.0, 10_000, 1.0)`, which
            increases the weight from 0 to 1 in 10,000 steps.
        **kwargs: Options of every model: `x_domain`, `seed`, `name`.

    Raises:
        ValueError: If the networks do not match, or an argument is wrong.

    Reference:
        [Auto-Encoding Variational Bayes](https://arxiv.org/abs/1312.6114), 2013; the
        closed-form rate is its appendix B.

    Example:
    >>> import numpy as np
    >>> from keras_gen.distributions import BernoulliLikelihood
    >>> from keras_gen.models import VAE
    >>> from keras_gen.networks import mlp
    >>> encoder = mlp((8, 8, 1), [16], (4,))
    >>> decoder = mlp((2,), [16], (8, 8, 1))
    >>> model = VAE(encoder, decoder, BernoulliLikelihood())
    >>> model.compile()
    >>> history = model.fit(np.zeros((32, 8, 8, 1)), verbose=0).history
    >>> sorted(history)
    ['distortion', 'loss', 'rate']
    >>> model.sample(5, seed=0).shape
    (5, 8, 8, 1)
    """

    term_names = ("loss", "rate", "distortion")

    def __init__(self, encoder, decoder, output_distribution, beta=1.0, **kwargs):
        super().__init__(encoder, decoder, output_distribution, **kwargs)
        check_number(beta, "beta", 0)
        self.beta = beta

    def loss_terms(self, batch, training):
        halves = self.bound_terms(batch, training)[:2]
        rate, distortion = map(tf.reduce_mean, halves)
        return {
            "loss": distortion + at_step(self, self.beta) * rate,
            "rate": rate,
            "distortion": distortion,
        }
