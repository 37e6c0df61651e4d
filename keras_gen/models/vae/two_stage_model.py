"""An autoencoder, and then a model of its latents as their prior."""

import math

import keras
import tensorflow as tf

from keras_gen.arguments import shown
from keras_gen.models.base import (
    Autoencoding,
    GenerativeModel,
    ImportanceWeighting,
    LatentVariableModel,
    Sampler,
    check_prior,
    log_prob_of_draws,
)


@keras.saving.register_keras_serializable(package="keras_gen")
class TwoStageModel(Sampler, Autoencoding, ImportanceWeighting, GenerativeModel):
    """A trained autoencoder and a model of its latents, together one generative model.

    Train the autoencoder first. `fit()` then trains the prior alone, on the latents of
    the examples. They are drawn from the posterior if the autoencoder has one. The
    autoencoder is frozen: its `trainable` is set to False.

    A sample is a sample of the prior, decoded. If the autoencoder has a likelihood, so
    has this model: the bound is that of the autoencoder, under the learned prior.

    Reports `loss`, the negative log-likelihood of the latents under the prior, in nats.
    `compile()` without arguments takes the optimizer of the prior.

    Args:
        autoencoder: Model of `keras_gen.models` that encodes and decodes, such as
            `VQVAE`, `VAE` or `Autoencoder`.
        prior: Model of its latents with `log_prob()` and `sample()`: a `GatedPixelCNN`
            of the codes of a `VQVAE`; `MAF`, `RealNVP` or `GaussianMixture` of vectors.
            Its `x_domain` must be `autoencoder.domain_of("latents")`.
        **kwargs: Options of every model: `seed`, `name`.

    Raises:
        ValueError: If one of the models is of another kind, or they do not match.

    Reference:
        [Neural Discrete Representation Learning](https://arxiv.org/abs/1711.00937),
        2017, section 3.3; for continuous latents: [From Variational to Deterministic
        Autoencoders](https://arxiv.org/abs/1903.12436), 2020.

    Example:
    >>> from keras_gen.distributions import BernoulliLikelihood, CategoricalLikelihood
    >>> from keras_gen.models import GatedPixelCNN, TwoStageModel, VQVAE
    >>> from keras_gen.networks import mlp
    >>> encoder, decoder = mlp((8, 8, 1), [], (2, 2, 3)), mlp((2, 2, 3), [], (8, 8, 1))
    >>> autoencoder = VQVAE(encoder, decoder, BernoulliLikelihood(), num_codes=5)
    >>> codes = autoencoder.domain_of("latents")
    >>> prior = GatedPixelCNN(codes, CategoricalLikelihood(5), filters=4, num_layers=2)
    >>> model = TwoStageModel(autoencoder, prior)
    >>> model.sample(3, seed=0).shape
    (3, 8, 8, 1)
    """

    def __init__(self, autoencoder, prior, **kwargs):
        super().__init__(**kwargs)
        if not isinstance(autoencoder, Autoencoding) or autoencoder.y_domain:
            raise ValueError(
                "`autoencoder` must be a model that encodes and decodes examples "
                f"without labels, such as `VQVAE`. Received: {shown(autoencoder)}"
            )
        check_prior(prior, autoencoder.domain_of("latents"))
        autoencoder.trainable = False
        self.autoencoder, self.prior = autoencoder, prior
        self.x_domain = autoencoder.x_domain
        self.latent_dim = autoencoder.latent_dim
        self.compiled_sampling = prior.compiled_sampling
        # What the prior keeps over an epoch, beside its means.
        self._kept = [m for m in prior.metrics if m.name not in prior.term_names]

    def domain_of(self, name):
        if name == "latents":
            return self.autoencoder.domain_of(name)
        if name == "temperature":
            return self.prior.domain_of(name)
        if name == "bound" and not isinstance(self.autoencoder, LatentVariableModel):
            return None
        return super().domain_of(name)

    def default_optimizer(self):
        return self.prior.default_optimizer()

    def check_optimizer(self, optimizer):
        self.prior.check_optimizer(optimizer)

    def encode(self, x):
        return self.autoencoder.encode(x)

    def decode(self, latents):
        return self.autoencoder.decode(latents)

    def conditions(self, num_samples, first_row=0, **given):
        return self.prior.conditions(num_samples, first_row, **given)

    def noise_rows(self, rows):
        return self.prior.noise_rows(rows)

    def from_noise(self, noise, temperature=None):
        given = {} if temperature is None else {"temperature": temperature}
        return self.decode(self.prior.from_noise(noise, **given))

    def posterior_noise(self, rows):
        return self.autoencoder.posterior_noise(rows)

    def log_weights(self, x, noise, training=False):
        latents, log_q = self.autoencoder.infer(x, noise)
        weights = self.autoencoder.log_joint(x, latents) - log_q
        # One prior in place of the other.
        weights -= self.autoencoder.log_prior(latents)
        return weights + log_prob_of_draws(self.prior, latents)

    def loss_terms(self, batch, training):
        if isinstance(self.autoencoder, LatentVariableModel):
            noise = self.posterior_noise(batch.rows)[None]
            latents = self.autoencoder.infer(batch.x, noise)[0][0]
        else:
            latents = self.encode(batch.x)
        coded = batch._replace(x=tf.stop_gradient(latents))
        loss = self.prior.loss_terms(coded, training)["loss"]
        # Codes do not show that an example is not finite.
        is_finite = tf.reduce_all(tf.math.is_finite(tf.cast(batch.x, tf.float32)))
        return {"loss": tf.where(is_finite, loss, math.nan)}
