"""The base of autoencoders: an encoder and a decoder."""

import tensorflow as tf

from keras_gen import domains
from keras_gen.models.base.abilities import Autoencoding
from keras_gen.models.base.generative_model import GenerativeModel
from keras_gen.models.base.output_range import check_reaches
from keras_gen.networks import check_mirrored


class EncoderDecoder(Autoencoding, GenerativeModel):
    """Abstract: an encoder and a decoder, without a prior.

    A subclass implements `loss_terms()`, or `phases()`. If its encoder takes or gives
    more than is said here, it sets `num_encoder_inputs` or `numbers_per_latent`, and
    implements `encode()`.

    Args:
        encoder: Network from examples to latents of shape `(latent_dim,)`.
        decoder: Network from latents to examples.
        x_domain: Optional `keras_gen.domains.Domain`. By default, examples are images
            in [0, 1] if the encoder's input has three axes, else vectors.

    Raises:
        ValueError: If the networks do not match, or the decoder's last activation
            cannot reach the range of examples.
    """

    #: Integer, the inputs of the encoder: 2 if the second one is noise.
    num_encoder_inputs = 1
    #: Integer, the numbers in which the encoder ends for each latent: 2 for a mean and
    #: the log of a scale.
    numbers_per_latent = 1

    def __init__(self, encoder, decoder, *, x_domain=None, **kwargs):
        super().__init__(**kwargs)
        check_mirrored(
            encoder, decoder, self.num_encoder_inputs, self.numbers_per_latent
        )
        self.encoder = encoder
        self.decoder = decoder
        self.x_domain = domains.for_network("x_domain", x_domain, encoder)
        check_reaches("decoder", decoder, self.x_domain.bounds, self.x_domain.noun)
        self.latent_dim = decoder.input_shape[-1]

    def encode(self, x):
        return tf.cast(self.encoder(x), tf.float32)

    def decode(self, latents):
        return tf.cast(self.decoder(latents), tf.float32)
