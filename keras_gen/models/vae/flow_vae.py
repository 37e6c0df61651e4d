"""Variational autoencoder with inverse autoregressive flows (Kingma et al., 2016)."""

import keras
import tensorflow as tf

from keras_gen import domains
from keras_gen.arguments import check_count, shown
from keras_gen.distributions import standard_normal_log_prob
from keras_gen.distributions.likelihoods import REALS
from keras_gen.layers import MaskedAffine
from keras_gen.models.base import (
    ExpectationMaximization,
    LatentVariableModel,
    check_likelihood,
    check_parameters,
    check_prior,
    check_reaches,
    log_prob_of_draws,
)
from keras_gen.networks import check_network


@keras.saving.register_keras_serializable(package="keras_gen")
class FlowVAE(LatentVariableModel):
    """A VAE whose posterior, or whose prior, is a flow.

    Posterior: the encoder gives a normal distribution, and inverse autoregressive flows
    transform its draws: masked autoencoders scale and shift each latent by the earlier
    ones. Draws and their density take one pass of each. The masked autoencoders also
    see a context, which the encoder gives. The order of latents is reversed from one
    flow to the next.

    Prior: any model of vectors with an exact likelihood and a sampler that learns by
    gradients, such as `MAF` or `RealNVP`. It learns together with the autoencoder. Such
    a prior does what flows of the posterior do (Chen et al., 2017), and costs nothing
    when examples are encoded.

    Reports `rate`, the log density of a draw under the posterior less that under the
    prior, and `distortion`, the negative log-likelihood of an example given this draw,
    both in nats. `loss` is their sum. The flows are the identity at first, so training
    begins as that of a VAE.

    NOTE: A flow computes `(z - m) exp(-s)` with a bounded `s`. The paper has
    `sigmoid(s) z + (1 - sigmoid(s)) m`.

    Args:
        encoder: Network from examples to `2 * latent_dim + context_size` numbers: the
            means, the logs of the scales, and the context, which may be empty.
        decoder: Network from latents of shape `(latent_dim,)` to the parameters of
            `output_distribution`.
        output_distribution: `keras_gen.distributions.Likelihood`, the distribution of
            examples given the decoder's outputs.
        num_flows: Integer of at least 0, the flows of the posterior.
        hidden_units: Tuple of integers, the hidden layers of the masked autoencoder of
            each flow.
        prior: Optional model of vectors of shape `(latent_dim,)` that has
            `log_prob()` and `sample()`. Defaults to the standard normal distribution.
        x_domain: Optional `keras_gen.domains.Domain`. By default, examples are images
            in [0, 1] if the encoder's input has three axes, else vectors.
        **kwargs: Options of every model: `seed`, `name`.

    Raises:
        ValueError: If the networks do not match, or an argument is wrong.

    Reference:
        [Improving Variational Inference with Inverse Autoregressive
        Flow](https://arxiv.org/abs/1606.04934), 2016, algorithm 1. [Variational Lossy
        Autoencoder](https://arxiv.org/abs/1611.02731), 2017, section 3.2 (flow prior).

    Example:
    >>> from keras_gen.distributions import BernoulliLikelihood
    >>> from keras_gen.domains import Vectors
    >>> from keras_gen.models import MAF, FlowVAE
    >>> from keras_gen.networks import mlp
    >>> encoder, decoder = mlp((8, 8, 1), [16], (7,)), mlp((2,), [16], (8, 8, 1))
    >>> prior = MAF(Vectors(2), num_layers=2, hidden_units=(8,))
    >>> model = FlowVAE(encoder, decoder, BernoulliLikelihood(), prior=prior)
    >>> model.context_size
    3
    >>> model.sample(5, seed=0).shape
    (5, 8, 8, 1)
    """

    def __init__(
        self,
        encoder,
        decoder,
        output_distribution,
        num_flows=2,
        hidden_units=(64,),
        prior=None,
        *,
        x_domain=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        check_network("encoder", encoder, 1)
        check_network("decoder", decoder, 1)
        check_count(num_flows, "num_flows", 0)
        check_likelihood(output_distribution)
        self.encoder, self.decoder = encoder, decoder
        self.output_distribution = output_distribution
        self.num_flows, self.hidden_units = num_flows, hidden_units
        self.x_domain = domains.for_network("x_domain", x_domain, encoder)
        check_parameters(decoder, output_distribution, self.x_domain)
        check_reaches("encoder", encoder, REALS, "means and logs of scales")
        taken, given = tuple(decoder.input_shape[1:]), tuple(encoder.output_shape[1:])
        if len(taken) != 1:
            raise ValueError(
                "`decoder` must take latents of shape (latent_dim,). Received input "
                f"shape: {taken}"
            )
        self.latent_dim = taken[0]
        if len(given) != 1 or given[0] < 2 * self.latent_dim:
            raise ValueError(
                f"`encoder` must give at least {2 * self.latent_dim} numbers, a mean "
                f"and a log scale for each latent. Received output shape: {given}"
            )
        #: Integer, the values of the context that the encoder gives.
        self.context_size = given[0] - 2 * self.latent_dim
        self.prior = prior
        if prior is not None:
            check_prior(prior, self.domain_of("latents"))
        if isinstance(prior, ExpectationMaximization):
            raise ValueError(
                "`prior` must be a model that learns by gradients, such as `MAF`. "
                f"Received: {shown(prior)}"
            )
        self.flows = [
            MaskedAffine(
                hidden_units,
                reverse=index % 2 == 1,
                context_size=self.context_size,
                name=f"flow_{index}",
            )
            for index in range(num_flows)
        ]
        for flow in self.flows:
            flow.build((None, self.latent_dim))

    def infer(self, x, noise, training=False):
        outputs = tf.cast(self.encoder(x, training=training), tf.float32)
        sizes = [self.latent_dim, self.latent_dim, self.context_size]
        mean, log_scale, context = tf.split(outputs, sizes, axis=-1)
        latents = mean + tf.exp(log_scale) * noise
        log_q = standard_normal_log_prob(noise) - tf.reduce_sum(log_scale, axis=-1)
        flat = tf.reshape(latents, (-1, self.latent_dim))
        context = tf.tile(context, tf.stack([tf.shape(noise)[0], 1]))
        for flow in self.flows:
            flat, log_det = flow(flat, context if self.context_size else None)
            log_q -= tf.reshape(log_det, tf.shape(log_q))
        return tf.reshape(flat, tf.shape(latents)), log_q

    def likelihood(self, latents, training=False):
        return self.output_distribution(self.decoder(latents, training=training))

    def log_prior(self, latents):
        if self.prior is None:
            return standard_normal_log_prob(latents)
        return log_prob_of_draws(self.prior, latents)

    def noise_rows(self, rows):
        prior = self.prior
        return super().noise_rows(rows) if prior is None else prior.noise_rows(rows)

    def latents_from_noise(self, noise):
        return noise if self.prior is None else self.prior.from_noise(noise)
