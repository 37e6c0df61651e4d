"""An autoencoder of symbols whose prior is another model, learned beside it."""

import keras
import tensorflow as tf

from keras_gen.domains import Images
from keras_gen.losses import squared_error
from keras_gen.models.base import Autoencoding, GenerativeModel, Phase, Sampler


@keras.saving.register_keras_serializable(package="families")
class LearnedPrior(Sampler, Autoencoding, GenerativeModel):
    """Latents are symbols: their prior is an autoregressive model of these."""

    term_names = ("autoencoder_loss", "prior_loss")
    compiled_sampling = True

    def __init__(self, encoder, decoder, prior, **kwargs):
        super().__init__(**kwargs)
        self.encoder, self.decoder, self.prior = encoder, decoder, prior
        self.x_domain = Images(encoder.input_shape[1:])

    def phases(self):
        both = self.encoder.trainable_variables + self.decoder.trainable_variables
        return [
            Phase("autoencoder", self._rebuild, both),
            Phase("prior", self._model_codes, self.prior.trainable_variables),
        ]

    def _rebuild(self, batch, training):
        soft = tf.nn.softmax(self.encoder(batch.x))
        hard = self._one_hot(self.encode(batch.x))
        rebuilt = self.decoder(soft + tf.stop_gradient(hard - soft))
        return {"autoencoder_loss": squared_error(batch.x, rebuilt)}

    def _model_codes(self, batch, training):
        codes = tf.stop_gradient(self.encode(batch.x))
        terms = self.prior.loss_terms(batch._replace(x=codes), training)
        return {"prior_loss": terms["loss"]}

    def _one_hot(self, codes):
        return tf.gather(tf.eye(self.prior.x_domain.num_levels), codes)

    def domain_of(self, name):
        return self.prior.x_domain if name == "latents" else super().domain_of(name)

    def encode(self, x):
        return tf.argmax(self.encoder(x), axis=-1, output_type=tf.int32)

    def decode(self, latents):
        return self.decoder(self._one_hot(latents))

    def noise_rows(self, rows):
        return self.prior.noise_rows(rows)

    def from_noise(self, noise):
        return self.decode(self.prior.from_noise(noise))
