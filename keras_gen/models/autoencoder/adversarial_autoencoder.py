"""Adversarial autoencoder (Makhzani et al., 2015)."""

import keras
import tensorflow as tf

from keras_gen.arguments import shown
from keras_gen.distributions import NormalPrior
from keras_gen.distributions.likelihoods import REALS
from keras_gen.losses import (
    minimax_discriminator_loss,
    non_saturating_generator_loss,
    squared_error,
)
from keras_gen.models.base import EncoderDecoder, Phase, Sampler, check_reaches
from keras_gen.networks import check_judge, check_network


@keras.saving.register_keras_serializable(package="keras_gen")
class AdversarialAutoencoder(Sampler, EncoderDecoder):
    """Learns an autoencoder whose latents have the distribution of a prior.

    First the autoencoder learns to reproduce images. Then a discriminator learns to
    tell latents of the prior from those of images, and the encoder to make it fail. The
    prior need have no density, only draws. Images lie in [0, 1], unless you pass
    another `x_domain`. Reports `reconstruction_loss`, the squared error summed over an
    image; `discriminator_loss`, which is log 4 if the discriminator cannot tell; and
    `generator_loss`, that of the encoder.

    The encoder may be of three kinds. Its latents are a function of images; or normal,
    if it ends in `2 * latent_dim` numbers, the means and the logs of the scales; or of
    any distribution, if it takes `[images, noise]`.

    NOTE: All phases use Adam with a rate of 1e-3. The paper has SGD with momentum.

    Args:
        encoder: Network from images, or from `[images, noise]`, to latents, or from
            images to means and logs of scales.
        decoder: Network from latents of shape `(latent_dim,)` to images.
        discriminator: Network from latents to one logit.
        prior: Optional `keras_gen.distributions.Prior`; by default `NormalPrior`.
        **kwargs: Options of every model: `x_domain`, `seed`, `name`.

    Raises:
        ValueError: If the networks do not match, or the prior has other latents.

    Reference:
        [Adversarial Autoencoders](https://arxiv.org/abs/1511.05644), 2015, section 2.

    Example:
    >>> import numpy as np
    >>> from keras_gen.distributions import RingPrior
    >>> from keras_gen.models import AdversarialAutoencoder
    >>> from keras_gen.networks import mlp
    >>> encoder, decoder = mlp((8, 8, 1), [16], (2,)), mlp((2,), [16], (8, 8, 1))
    >>> discriminator = mlp((2,), [16], (1,))
    >>> model = AdversarialAutoencoder(encoder, decoder, discriminator, RingPrior())
    >>> model.compile()
    >>> sorted(model.fit(np.zeros((32, 8, 8, 1)), verbose=0).history)
    ['discriminator_loss', 'generator_loss', 'reconstruction_loss']
    >>> model.sample(5, seed=0).shape
    (5, 8, 8, 1)
    """

    term_names = ("reconstruction_loss", "discriminator_loss", "generator_loss")

    def __init__(self, encoder, decoder, discriminator, prior=None, **kwargs):
        check_network("encoder", encoder)
        check_network("decoder", decoder, 1)
        self.num_encoder_inputs = min(len(encoder.inputs), 2)
        is_twice = encoder.output_shape[-1] == 2 * decoder.input_shape[-1]
        is_normal = is_twice and self.num_encoder_inputs == 1
        self.numbers_per_latent = 2 if is_normal else 1
        super().__init__(encoder, decoder, **kwargs)
        check_judge("discriminator", discriminator, (self.latent_dim,))
        check_reaches("discriminator", discriminator, REALS, "scores")
        self.discriminator = discriminator
        self.prior = NormalPrior(self.latent_dim) if prior is None else prior
        if getattr(self.prior, "latent_dim", None) != self.latent_dim:
            raise ValueError(
                f"`prior` must be a prior of {self.latent_dim} latents, such as "
                f"`NormalPrior({self.latent_dim})`. Received: {shown(self.prior)}"
            )

    def phases(self):
        both = self.encoder.trainable_variables + self.decoder.trainable_variables
        judge = self.discriminator.trainable_variables
        return [
            Phase("reconstruction", self.reconstruction_terms, both),
            Phase("discriminator", self.discriminator_terms, judge),
            Phase("generator", self.generator_terms, self.encoder.trainable_variables),
        ]

    def reconstruction_terms(self, batch, training) -> dict:
        """The squared error of the autoencoder."""
        latents = self.draw_codes(batch, "reconstruction", training)
        rebuilt = self.decoder(latents, training=training)
        return {"reconstruction_loss": squared_error(batch.x, rebuilt)}

    def discriminator_terms(self, batch, training) -> dict:
        """The cross-entropy of which latents come from the prior."""
        drawn = self.prior.from_noise(self.prior.noise(batch.rows, "prior"))
        codes = self.draw_codes(batch, "discriminator", training)
        scores = self.score(drawn, training), self.score(codes, training)
        return {"discriminator_loss": minimax_discriminator_loss(*scores)}

    def generator_terms(self, batch, training) -> dict:
        """The loss of an encoder whose latents should pass for draws of the prior."""
        score = self.score(self.draw_codes(batch, "generator", training), training)
        return {"generator_loss": non_saturating_generator_loss(None, score)}

    def score(self, latents, training) -> tf.Tensor:
        """The logits of latents of coming from the prior, of shape `(batch, 1)`."""
        return tf.cast(self.discriminator(latents, training=training), tf.float32)

    def draw_codes(self, batch, stream, training) -> tf.Tensor:
        """Latents of the images of a batch, with its noise."""
        noise = batch.rows.normal(self.code_noise_shape, f"{stream}_codes")
        return self.infer(batch.x, noise, training)

    def infer(self, x, noise, training=False) -> tf.Tensor:
        """Latents of images as a function of noise, float32 `(batch, latent_dim)`."""
        inputs = x if self.num_encoder_inputs == 1 else [x, noise]
        outputs = tf.cast(self.encoder(inputs, training=training), tf.float32)
        if self.numbers_per_latent == 1:
            return outputs
        mean, log_scale = tf.split(outputs, 2, axis=-1)
        return mean + tf.exp(log_scale) * noise

    @property
    def code_noise_shape(self) -> tuple:
        """Tuple, the shape of the noise that `infer()` takes for one image."""
        if self.num_encoder_inputs == 1:
            return (self.latent_dim,)
        return tuple(self.encoder.inputs[1].shape[1:])

    def encode(self, x):
        # The mean of normal latents; noise of zero for a network that takes noise.
        shape = tf.stack([tf.shape(x)[0], *self.code_noise_shape])
        return self.infer(x, tf.zeros(shape))

    def noise_rows(self, rows):
        return self.prior.noise(rows, "latents")

    def from_noise(self, noise):
        return self.decode(self.prior.from_noise(self.take("noise", noise)))
