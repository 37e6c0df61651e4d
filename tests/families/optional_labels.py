"""An autoencoder that also learns from the labels of those examples that have one."""

import keras
import tensorflow as tf

from keras_gen.domains import Labels, Vectors
from keras_gen.losses import squared_error
from keras_gen.models.base import EncoderDecoder, marked


@keras.saving.register_keras_serializable(package="families")
class OptionalLabels(EncoderDecoder):
    """Its first latents are the logits of the classes; a label of -1 is none."""

    term_names = ("loss", "error", "cross_entropy")

    def __init__(self, encoder, decoder, num_classes, **kwargs):
        super().__init__(encoder, decoder, **kwargs)
        self.num_classes = num_classes
        self.y_domain = Labels(num_classes, optional=True)

    def domain_of(self, name):
        is_asked = name == "probabilities"
        return Vectors(self.num_classes) if is_asked else super().domain_of(name)

    @marked(("x",), ("probabilities",))
    def probabilities(self, x):
        return tf.nn.softmax(self.encoder(x)[:, : self.num_classes])

    def loss_terms(self, batch, training):
        latents = self.encoder(batch.x, training=training)
        error = squared_error(batch.x, self.decoder(latents, training=training))
        is_known = batch.y >= 0
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(
            tf.maximum(batch.y, 0), latents[:, : self.num_classes]
        )
        cross_entropy = tf.reduce_mean(tf.where(is_known, losses, 0.0))
        return {
            "loss": error + cross_entropy,
            "error": error,
            "cross_entropy": cross_entropy,
        }
