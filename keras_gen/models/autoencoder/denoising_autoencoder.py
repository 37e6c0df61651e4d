"""Denoising autoencoder (Vincent et al., 2008)."""

import keras
import tensorflow as tf

from keras_gen.arguments import check_count, shown
from keras_gen.distributions import BernoulliLikelihood
from keras_gen.losses import squared_error
from keras_gen.models.autoencoder.denoising_chain import DenoisingChain, drawn
from keras_gen.models.base import EncoderDecoder, Imputing, Noise, check_reaches, marked


@keras.saving.register_keras_serializable(package="keras_gen")
class DenoisingAutoencoder(DenoisingChain, Imputing, EncoderDecoder):
    """Learns to recover images from corrupted images.

    Each step corrupts its images with new noise; the loss compares the reconstructions
    with the clean images. Images lie in [0, 1]. Reports `loss`: the squared error
    summed over an image, or the negative log likelihood in nats.

    With a binary likelihood the model is generative (Bengio et al., 2013). A chain
    corrupts an image, draws the next one from the likelihood given the corrupted one,
    and so on. If the likelihood is the exact posterior of clean images, the chain draws
    from the distribution of the data. Walkback training also recovers the images from
    where the model's own chain has gone, which removes spurious modes.

    If the model learned from images with hidden pixels, `impute()` hides what is
    unknown in the same way, and takes it from the reconstruction.

    Args:
        encoder: Network from images to latents of shape `(latent_dim,)`.
        decoder: Network from latents to images, or to logits with a likelihood.
        corruption: Layer called as `corruption(images, noise)`, with standard normal
            noise of the same shape, such as `keras_gen.layers.GaussianCorruption`,
            `MaskingCorruption` or `SaltAndPepperCorruption`.
        likelihood: `keras_gen.distributions.BernoulliLikelihood()` for binary images;
            None for the squared error, without a chain.
        walkback_steps: Integer of at least 1, the steps of the chain from which a
            training step recovers its images. With 1 the training is the plain one.
        chain_steps: Integer of at least 1, the steps from random pixels to a sample.
        **kwargs: Options of every model: `x_domain`, `seed`, `name`.

    Raises:
        ValueError: If the networks do not match, or an argument is wrong.

    Reference:
        Vincent, Larochelle, Bengio and Manzagol, "Extracting and Composing Robust
        Features with Denoising Autoencoders", ICML 2008, doi:10.1145/1390156.1390294;
        the chain and walkback: Bengio, Yao, Alain and Vincent, 2013, arXiv:1305.6663,
        algorithm 1.

    Example:
    >>> import numpy as np
    >>> from keras_gen.layers import MaskingCorruption
    >>> from keras_gen.models import DenoisingAutoencoder
    >>> from keras_gen.networks import mlp
    >>> encoder, decoder = mlp((8, 8, 1), [16], (4,)), mlp((4,), [16], (8, 8, 1))
    >>> model = DenoisingAutoencoder(encoder, decoder, MaskingCorruption(0.5))
    >>> model.reconstruct(np.zeros((3, 8, 8, 1))).shape
    TensorShape([3, 8, 8, 1])
    """

    imputation_methods = ("reconstruction",)
    why_not = "learned from another corruption than hidden values"

    def __init__(
        self,
        encoder,
        decoder,
        corruption,
        likelihood=None,
        walkback_steps=1,
        chain_steps=100,
        **kwargs,
    ):
        super().__init__(encoder, decoder, **kwargs)
        check_count(walkback_steps, "walkback_steps", 1)
        check_count(chain_steps, "chain_steps", 1)
        if likelihood is not None:
            if not isinstance(likelihood, BernoulliLikelihood):
                raise ValueError(
                    "`likelihood` must be a BernoulliLikelihood, or None for the "
                    f"squared error. Received: {shown(likelihood)}"
                )
            check_reaches("decoder", decoder, likelihood.parameter_range, "logits")
        elif walkback_steps > 1:
            raise ValueError(
                "`walkback_steps` must be 1 without a `likelihood` to draw from. "
                f"Received: {walkback_steps}"
            )
        self.corruption = corruption
        self.likelihood = likelihood
        self.walkback_steps = walkback_steps
        self.chain_steps = chain_steps
        self.completes = hasattr(corruption, "hidden_value")

    @marked(("x", "corruption_noise"), ("x",), traced=None)
    def corrupt(self, x, corruption_noise) -> tf.Tensor:
        """Corrupts examples.

        Args:
            x: Array or tensor of shape `(batch, *x_domain.shape)`.
            corruption_noise: Standard normal array of the same shape.

        Returns:
            Float32 tensor of the same shape.
        """
        noise = self.take("corruption_noise", corruption_noise)
        return self.corruption(self.take("x", x), noise)

    def imputed(self, x, mask, method=None, steps=None, mean=None):
        mask = tf.reshape(tf.cast(mask, tf.bool), (-1, *self.x_domain.shape))
        hidden = tf.where(mask, x, self.corruption.hidden_value)
        return tf.where(mask, x, self(hidden))

    def domain_of(self, name):
        if name == "corruption_noise":
            return Noise(self.corruption_noise)
        # What is filled in is not drawn.
        return None if name == "seed" else super().domain_of(name)

    def decode(self, latents):
        outputs = tf.cast(self.decoder(latents), tf.float32)
        return outputs if self.likelihood is None else tf.sigmoid(outputs)

    def loss_terms(self, batch, training):
        x, losses = batch.x, []
        for step in range(self.walkback_steps):
            name = f"_{step}" if step else ""
            noise = batch.rows.normal(self.x_domain.shape, f"corruption{name}")
            latents = self.encoder(self.corruption(x, noise), training=training)
            outputs = self.decoder(latents, training=training)
            losses.append(self._distortion(batch.x, outputs))
            if step + 1 < self.walkback_steps:
                uniform = batch.rows.uniform(self.x_domain.shape, f"draw{name}")
                x = drawn(tf.sigmoid(tf.cast(outputs, tf.float32)), uniform)
        return {"loss": sum(losses) / self.walkback_steps}

    def _distortion(self, x, outputs):
        if self.likelihood is None:
            return squared_error(x, outputs)
        return -tf.reduce_mean(self.likelihood(outputs).log_prob(x))

    def check_input(self, name, values):
        # Corrupted examples may lie outside of the range of clean ones.
        self.domain_of(name).check_numbers(values, name)
