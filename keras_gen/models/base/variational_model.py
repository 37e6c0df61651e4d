"""The base of variational autoencoders: two networks and a normal posterior."""

import tensorflow as tf
import tensorflow_probability as tfp

from keras_gen import domains
from keras_gen.distributions import kl_divergence
from keras_gen.distributions.likelihoods import REALS
from keras_gen.models.base.bits_back import BitsBackCoding
from keras_gen.models.base.decoders import check_likelihood, check_parameters
from keras_gen.models.base.latent_variable_model import LatentVariableModel
from keras_gen.models.base.output_range import check_reaches
from keras_gen.models.base.posterior_imputing import PosteriorImputing
from keras_gen.networks import check_latents, check_network

tfd = tfp.distributions


class VariationalModel(BitsBackCoding, PosteriorImputing, LatentVariableModel):
    """Abstract: an encoder to a diagonal normal posterior, and a decoder.

    The prior is the standard normal. A subclass implements `loss_terms()`. It can have
    another normal `prior()`. If it learns from pairs, it sets `num_inputs = 2` and its
    `y_domain`: then both networks take `y` as their second input.

    Args:
        encoder: Network from examples to `2 * latent_dim` numbers: the means of the
            posterior, then the logs of its scales.
        decoder: Network from latents of shape `(latent_dim,)` to the parameters of
            `output_distribution`. They have the shape of an example, with a last axis
            that is `parameters_per_value` times as long.
        output_distribution: `keras_gen.distributions.Likelihood`, the distribution of
            examples given the decoder's outputs, for instance `BernoulliLikelihood()`
            for black and white, `GaussianLikelihood(scale)` for a squared error.
        x_domain: Optional `keras_gen.domains.Domain`. By default, examples are images
            in [0, 1] if the encoder's input has three axes, else vectors. If it is
            `optional`, NaN stands for unknown values, and the encoder sees 0 there.

    Raises:
        ValueError: If the networks do not match, or one ends in an activation that
            cannot reach what its outputs are, such as a sigmoid for logits.
    """

    #: Integer, the inputs of each network: 2 if the second one is `y`.
    num_inputs = 1

    def __init__(
        self, encoder, decoder, output_distribution, *, x_domain=None, **kwargs
    ):
        super().__init__(**kwargs)
        check_likelihood(output_distribution)
        check_network("encoder", encoder, self.num_inputs)
        check_network("decoder", decoder, self.num_inputs)
        check_latents(encoder, decoder, per_latent=2)
        self.encoder = encoder
        self.decoder = decoder
        self.output_distribution = output_distribution
        self.x_domain = domains.for_network("x_domain", x_domain, encoder, True)
        check_parameters(decoder, output_distribution, self.x_domain)
        check_reaches("encoder", encoder, REALS, "means and logs of scales")
        self.latent_dim = encoder.output_shape[-1] // 2

    def prior(self, y=None) -> tfd.Distribution:
        """The normal TFP distribution of latents, with event shape `(latent_dim,)`."""
        zeros = tf.zeros((self.latent_dim,))
        return tfd.MultivariateNormalDiag(zeros, tf.ones_like(zeros))

    def posterior(self, x, y=None, training=False) -> tfd.Distribution:
        """The normal TFP distribution of the latents of each example."""
        if self.x_domain.optional:
            x = tf.where(tf.math.is_nan(x), 0.0, x)
        return normal_of(self.encoder(_inputs_of(x, y), training=training))

    def infer(self, x, noise, y=None, training=False):
        posterior = self.posterior(x, y, training)
        latents = posterior.mean() + posterior.stddev() * noise
        return latents, posterior.log_prob(latents)

    def likelihood(self, latents, y=None, training=False):
        return self.output_distribution(self.parameters(latents, y, training))

    def parameters(self, latents, y=None, training=False) -> tf.Tensor:
        """What `output_distribution` makes the distributions of examples from."""
        return self.decoder(_inputs_of(latents, y), training=training)

    def log_prior(self, latents, y=None):
        return self._prior_given(y).log_prob(latents)

    def latents_from_noise(self, noise, y=None):
        prior = self._prior_given(y)
        return prior.mean() + prior.stddev() * noise

    def bound_terms(self, batch, training=False) -> tuple:
        """The two halves of the evidence lower bound of each example, by one draw.

        Args:
            batch: `Batch`.
            training: Boolean, whether layers behave as in training.

        Returns:
            Rate and distortion, float32 tensors of shape `(batch,)`, in nats; the
            posterior, a TFP distribution; and the latents, of shape `(batch,
            latent_dim)`.
        """
        posterior = self.posterior(batch.x, batch.y, training)
        noise = self.posterior_noise(batch.rows)[None]
        latents = posterior.mean() + posterior.stddev() * noise
        likelihood = self.likelihood(latents[0], batch.y, training)
        prior = self._prior_given(batch.y)
        rate = kl_divergence(posterior, prior, latents)
        distortion = -self.log_prob_of_known(likelihood, batch.x)
        return rate, distortion, posterior, latents[0]

    def _prior_given(self, y):
        return self.prior() if y is None else self.prior(y)


def normal_of(outputs) -> tfd.Distribution:
    """The normal TFP distribution whose means and logs of scales a network gives.

    Args:
        outputs: Tensor of shape `(batch, 2 * latent_dim)`.
    """
    mean, log_scale = tf.split(tf.cast(outputs, tf.float32), 2, axis=-1)
    return tfd.MultivariateNormalDiag(mean, tf.exp(log_scale))


def _inputs_of(values, y):
    # Keras does not take tensors and arrays together.
    return values if y is None else [values, tf.convert_to_tensor(y)]
