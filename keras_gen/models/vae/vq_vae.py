"""Vector-quantized VAE (van den Oord, Vinyals and Kavukcuoglu, 2017)."""

import math

import keras
import tensorflow as tf

from keras_gen import domains
from keras_gen.arguments import check_count
from keras_gen.layers import VectorQuantizer
from keras_gen.losses import squared_error
from keras_gen.models.base import (
    LatentVariableModel,
    at_step,
    check_likelihood,
    check_number,
    check_parameters,
    whole_batch,
)
from keras_gen.models.vae.code_usage import CodeUsage
from keras_gen.networks import check_network
from keras_gen.random import Rows


@keras.saving.register_keras_serializable(package="keras_gen")
class VQVAE(LatentVariableModel):
    """A VAE whose latents are codes: numbers of rows of a codebook.

    Each vector of the encoder becomes the nearest row of the codebook, and the decoder
    sees these rows. Gradients pass from a row to its vector unchanged. By default a
    row is the moving average of its vectors.

    Reports `distortion`, the negative log-likelihood of an example given its codes, in
    nats; `commitment`, the squared distance of the vectors to their rows, summed over
    an example; and `loss`, which is `distortion + commitment_weight * commitment`.
    Over all examples of an epoch, not of a batch, it reports `used_codes` and
    `perplexity`, how many equally frequent codes would have the entropy of these.

    Codes are uniform under the prior, which is the one that the paper trains with: the
    bound on the likelihood is `-distortion - num_sites * log(num_codes)`. Samples of
    this prior show what codes look like one by one. `TwoStageModel` learns another
    prior, and with it images.

    NOTE: The paper learns the codebook by a loss; with `decay=None` this model does so
    too, and `loss` has the squared distance a second time. The squared distances are
    summed over the vectors of an example, as the distortion is over its values, where
    the paper takes their mean.

    Args:
        encoder: Network from examples to vectors on a grid, of shape
            `(height, width, size)` or `(length, size)`.
        decoder: Network from such vectors to the parameters of `output_distribution`.
        output_distribution: `keras_gen.distributions.Likelihood`, the distribution of
            examples given the decoder's outputs.
        num_codes: Integer of at least 2, the rows of the codebook.
        commitment_weight: Float of at least 0, or a Keras schedule.
        decay: Float in [0, 1), how much of the moving averages a batch leaves; None for
            a codebook that learns by gradients.
        restart_below: Float of at least 0. A row is replaced by a vector of the batch
            if its uses in a batch fall below this number, as a moving average; 0 for
            never. It needs a `decay`. Try 0.5 if few codes are used.
        x_domain: Optional `keras_gen.domains.Domain`. By default, examples are images
            in [0, 1] if the encoder's input has three axes, else vectors.
        **kwargs: Options of every model: `seed`, `name`.

    Raises:
        ValueError: If the networks do not match, or an argument is wrong.

    Reference:
        [Neural Discrete Representation Learning](https://arxiv.org/abs/1711.00937),
        2017; restarts: [Jukebox](https://arxiv.org/abs/2005.00341), 2020.

    Example:
    >>> import numpy as np
    >>> from keras_gen.distributions import BernoulliLikelihood
    >>> from keras_gen.models import VQVAE
    >>> from keras_gen.networks import mlp
    >>> encoder, decoder = mlp((8, 8, 1), [], (2, 2, 3)), mlp((2, 2, 3), [], (8, 8, 1))
    >>> model = VQVAE(encoder, decoder, BernoulliLikelihood(), num_codes=5)
    >>> codes = model.encode(np.zeros((4, 8, 8, 1)))
    >>> codes.shape, codes.dtype
    (TensorShape([4, 2, 2]), tf.int32)
    """

    term_names = ("loss", "distortion", "commitment")

    def __init__(
        self,
        encoder,
        decoder,
        output_distribution,
        num_codes=512,
        commitment_weight=0.25,
        decay=0.99,
        restart_below=0.0,
        *,
        x_domain=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        check_likelihood(output_distribution)
        _check_networks(encoder, decoder)
        check_count(num_codes, "num_codes", 2)
        check_number(commitment_weight, "commitment_weight", 0)
        self.encoder, self.decoder = encoder, decoder
        self.output_distribution = output_distribution
        self.num_codes, self.commitment_weight = num_codes, commitment_weight
        self.decay, self.restart_below = decay, restart_below
        self.x_domain = domains.for_network("x_domain", x_domain, encoder)
        check_parameters(decoder, output_distribution, self.x_domain)
        self.latent_dim = tuple(encoder.output_shape[1:-1])
        self.quantizer = VectorQuantizer(
            num_codes, decay, restart_below, dtype="float32", name="quantizer"
        )
        self.quantizer.build(encoder.output_shape)
        self.usage = CodeUsage(num_codes)

    def domain_of(self, name):
        if name != "latents":
            return super().domain_of(name)
        *grid, length = self.latent_dim
        return domains.Symbols((*grid, length) if grid else length, self.num_codes)

    @property
    def posterior_noise_shape(self):
        # The codes of an example are certain.
        return ()

    def encode(self, x):
        return self.quantizer.codes_of(self.encoder(x))

    def infer(self, x, noise, training=False):
        codes = self.encode(x)
        shape = tf.concat([tf.shape(noise), self.latent_dim], axis=0)
        return tf.broadcast_to(codes[None], shape), tf.zeros_like(noise)

    def likelihood(self, latents, training=False):
        rows = self.quantizer.rows(latents)
        return self.output_distribution(self.decoder(rows, training=training))

    def log_prior(self, latents):
        nats = math.prod(self.latent_dim) * math.log(self.num_codes)
        return tf.fill(tf.shape(latents)[:2], -nats)

    def noise_rows(self, rows):
        return rows.uniform(self.latent_dim, "latents")

    def latents_from_noise(self, noise):
        return tf.cast(tf.floor(noise * self.num_codes), tf.int32)

    def loss_terms(self, batch, training):
        vectors = tf.cast(self.encoder(batch.x, training=training), tf.float32)
        rows, codes = self.quantizer(vectors)
        likelihood = self.output_distribution(self.decoder(rows, training=training))
        distortion = -tf.reduce_mean(likelihood.log_prob(batch.x))
        commitment = squared_error(vectors, tf.stop_gradient(rows))
        loss = distortion + at_step(self, self.commitment_weight) * commitment
        if self.decay is None:
            still = tf.stop_gradient(vectors)
            loss += squared_error(still, self.quantizer.rows(codes))
        elif training:
            # One draw for all replicas.
            draw = Rows(1, batch.rows.seed, step=batch.rows.step)
            uniform = draw.uniform((self.num_codes,), "restarts")[0]
            still = whole_batch(tf.stop_gradient(vectors))
            self.quantizer.update(still, whole_batch(codes), uniform)
        self.usage.update_state(codes)
        return {"loss": loss, "distortion": distortion, "commitment": commitment}


def _check_networks(encoder, decoder):
    check_network("encoder", encoder, 1)
    check_network("decoder", decoder, 1)
    vectors = tuple(encoder.output_shape[1:])
    if len(vectors) not in (2, 3):
        raise ValueError(
            "`encoder` must end in vectors on a grid, (height, width, size) or "
            f"(length, size). Received output shape: {vectors}"
        )
    if tuple(decoder.input_shape[1:]) != vectors:
        raise ValueError(
            f"`decoder` must take the vectors of `encoder`, of shape {vectors}. "
            f"Received input shape: {tuple(decoder.input_shape[1:])}"
        )
