"""VAE with a mixture of posteriors as the prior (Tomczak and Welling, 2018)."""

import math

import keras
import numpy as np
import tensorflow as tf

from keras_gen import domains
from keras_gen.arguments import check_count
from keras_gen.distributions import standard_normal_log_prob
from keras_gen.distributions.likelihoods import REALS
from keras_gen.models.base import (
    LatentVariableModel,
    check_likelihood,
    check_parameters,
    check_reaches,
)
from keras_gen.networks import check_latents, check_network


@keras.saving.register_keras_serializable(package="keras_gen")
class VampVAE(LatentVariableModel):
    """A VAE whose prior is the mean of the posteriors of learned examples.

    The learned examples are the pseudo-inputs. With all training data in their place
    the prior would be the one that makes the rate smallest, the mean of the posteriors
    of all data. A few hundred stand for these.

    Reports `rate`, the log density of a draw under the posterior less that under the
    prior, and `distortion`, the negative log-likelihood of an example given this draw,
    both in nats. `loss` is their sum.

    NOTE: A sigmoid keeps pseudo-inputs in the range of the domain. They begin as noise
    around its middle; after `adapt()` they begin as examples.

    Args:
        encoder: Network from examples to `2 * latent_dim` numbers: the means of the
            posterior, then the logs of its scales.
        decoder: Network from latents of shape `(latent_dim,)` to the parameters of
            `output_distribution`.
        output_distribution: `keras_gen.distributions.Likelihood`, the distribution of
            examples given the decoder's outputs.
        num_components: Integer of at least 1, the number of pseudo-inputs.
        x_domain: Optional `keras_gen.domains.Domain`. By default, examples are images
            in [0, 1] if the encoder's input has three axes, else vectors.
        **kwargs: Options of every model: `seed`, `name`.

    Raises:
        ValueError: If the networks do not match, or an argument is wrong.

    Reference:
        [VAE with a VampPrior](https://arxiv.org/abs/1705.07120), 2018.

    Example:
    >>> from keras_gen.distributions import BernoulliLikelihood
    >>> from keras_gen.models import VampVAE
    >>> from keras_gen.networks import mlp
    >>> encoder, decoder = mlp((8, 8, 1), [16], (4,)), mlp((2,), [16], (8, 8, 1))
    >>> model = VampVAE(encoder, decoder, BernoulliLikelihood(), num_components=5)
    >>> model.pseudo_inputs().shape
    TensorShape([5, 8, 8, 1])
    >>> model.sample(3, seed=0).shape
    (3, 8, 8, 1)
    """

    def __init__(
        self,
        encoder,
        decoder,
        output_distribution,
        num_components=500,
        *,
        x_domain=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        check_likelihood(output_distribution)
        check_network("encoder", encoder, 1)
        check_network("decoder", decoder, 1)
        check_latents(encoder, decoder, per_latent=2)
        check_reaches("encoder", encoder, REALS, "means and logs of scales")
        check_count(num_components, "num_components", 1)
        self.encoder, self.decoder = encoder, decoder
        self.output_distribution = output_distribution
        self.num_components = num_components
        self.x_domain = domains.for_network("x_domain", x_domain, encoder)
        check_parameters(decoder, output_distribution, self.x_domain)
        self.latent_dim = decoder.input_shape[-1]
        self._pseudo_inputs = self.add_weight(
            (num_components, *self.x_domain.shape),
            initializer=keras.initializers.RandomNormal(stddev=0.5),
            name="pseudo_inputs",
        )

    def adapt(self, x) -> None:
        """Makes the first examples the pseudo-inputs, before a training.

        Args:
            x: Array of shape `(num, *x_domain.shape)`, at least `num_components`.

        Raises:
            ValueError: If `x` is wrong, or there are fewer.
        """
        self.x_domain.check(x, "x")
        if len(x) < self.num_components:
            raise ValueError(
                f"`x` must hold at least {self.num_components} examples, one for each "
                f"pseudo-input. Received: {len(x)}"
            )
        x = np.asarray(x[: self.num_components], np.float64)
        if self.x_domain.bounds is not None:
            low, high = self.x_domain.bounds
            # The ends of the range would be infinite.
            share = np.clip((x - low) / (high - low), 0.01, 0.99)
            x = np.log(share) - np.log1p(-share)
        self._pseudo_inputs.assign(x)

    def pseudo_inputs(self) -> tf.Tensor:
        """The learned examples, of shape `(num_components, *x_domain.shape)`."""
        values = tf.convert_to_tensor(self._pseudo_inputs)
        if self.x_domain.bounds is None:
            return values
        low, high = self.x_domain.bounds
        return low + (high - low) * tf.sigmoid(values)

    def infer(self, x, noise, training=False):
        mean, log_scale = self._posterior(x, training)
        latents = mean + tf.exp(log_scale) * noise
        log_q = standard_normal_log_prob(noise) - tf.reduce_sum(log_scale, axis=-1)
        return latents, log_q

    def likelihood(self, latents, training=False):
        return self.output_distribution(self.decoder(latents, training=training))

    def log_prior(self, latents):
        mean, log_scale = self._posterior(self.pseudo_inputs())
        scaled = (latents[..., None, :] - mean) * tf.exp(-log_scale)
        log_probs = standard_normal_log_prob(scaled)
        log_probs -= tf.reduce_sum(log_scale, axis=-1)
        total = tf.reduce_logsumexp(log_probs, axis=-1)
        return total - math.log(self.num_components)

    def noise_rows(self, rows):
        # The first number chooses a component.
        choice = rows.uniform((1,), "component")
        return tf.concat([choice, rows.normal((self.latent_dim,), "latents")], axis=1)

    def latents_from_noise(self, noise):
        mean, log_scale = self._posterior(self.pseudo_inputs())
        chosen = tf.cast(tf.floor(noise[:, 0] * self.num_components), tf.int32)
        scale = tf.gather(tf.exp(log_scale), chosen)
        return tf.gather(mean, chosen) + scale * noise[:, 1:]

    def _posterior(self, x, training=False):
        outputs = tf.cast(self.encoder(x, training=training), tf.float32)
        return tf.split(outputs, 2, axis=-1)
