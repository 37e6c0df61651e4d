"""Semi-supervised adversarial autoencoder (Makhzani et al., 2015)."""

import keras
import tensorflow as tf

from keras_gen.arguments import check_count
from keras_gen.distributions.choices import draw_choice, one_hot
from keras_gen.distributions.likelihoods import REALS
from keras_gen.domains import Labels
from keras_gen.losses import (
    minimax_discriminator_loss,
    non_saturating_generator_loss,
    squared_error,
)
from keras_gen.models.base import EncoderDecoder, Phase, Sampler, check_reaches, marked
from keras_gen.networks import check_judge


@keras.saving.register_keras_serializable(package="keras_gen")
class SemiSupervisedAdversarialAutoencoder(Sampler, EncoderDecoder):
    """Learns classes and styles of images, most of which have no label.

    Latents are the probabilities of the classes, then a style. One discriminator tells
    these probabilities from one-hot codes, another one styles from standard normal
    numbers, and the encoder learns to make both fail. `fit` takes images and labels;
    -1 stands for none. Images lie in [0, 1], unless you pass another `x_domain`.
    Reports `reconstruction_loss`, the squared error summed over an image;
    `discriminator_loss`, 2 log 4 if neither can tell; `generator_loss`; and
    `classification_loss`, the cross-entropy in nats of the labels that are known,
    divided by the number of all images.

    `sample(num, y=...)` takes a class for each sample, or one for all; -1 is any class.

    NOTE: All phases use Adam with a rate of 1e-3. The paper has SGD with momentum.

    Args:
        encoder: Network from images to `num_classes` logits, then the style.
        decoder: Network from latents of shape `(num_classes + style_dim,)` to images.
        class_discriminator: Network from shape `(num_classes,)` to one logit.
        style_discriminator: Network from shape `(style_dim,)` to one logit.
        num_classes: Integer of at least 2.
        **kwargs: Options of every model: `x_domain`, `seed`, `name`.

    Raises:
        ValueError: If the networks do not match, or an argument is wrong.

    Reference:
        [Adversarial Autoencoders](https://arxiv.org/abs/1511.05644), 2015, section 5.

    Example:
    >>> import numpy as np
    >>> from keras_gen.models import SemiSupervisedAdversarialAutoencoder
    >>> from keras_gen.networks import mlp
    >>> model = SemiSupervisedAdversarialAutoencoder(
    ...     mlp((8, 8, 1), [16], (3 + 2,)),
    ...     mlp((3 + 2,), [16], (8, 8, 1)),
    ...     mlp((3,), [16], (1,)),
    ...     mlp((2,), [16], (1,)),
    ...     num_classes=3,
    ... )
    >>> model.compile()
    >>> labels = np.array([0, 1, 2, -1, -1, -1])
    >>> history = model.fit(np.zeros((6, 8, 8, 1)), labels, verbose=0)
    >>> model.classify(np.zeros((4, 8, 8, 1))).shape
    TensorShape([4, 3])
    """

    term_names = (
        "reconstruction_loss",
        "discriminator_loss",
        "generator_loss",
        "classification_loss",
    )

    def __init__(
        self,
        encoder,
        decoder,
        class_discriminator,
        style_discriminator,
        num_classes,
        **kwargs,
    ):
        super().__init__(encoder, decoder, **kwargs)
        check_count(num_classes, "num_classes", 2)
        check_reaches("encoder", encoder, REALS, "logits and styles")
        self.y_domain = Labels(num_classes, optional=True)
        self.num_classes = num_classes
        if self.latent_dim <= num_classes:
            raise ValueError(
                f"`decoder` must take more than the probabilities of {num_classes} "
                f"classes. Received latents of size {self.latent_dim}"
            )
        self.class_discriminator = class_discriminator
        self.style_discriminator = style_discriminator
        for name, size in (
            ("class_discriminator", num_classes),
            ("style_discriminator", self.latent_dim - num_classes),
        ):
            check_judge(name, getattr(self, name), (size,))
            check_reaches(name, getattr(self, name), REALS, "scores")

    def phases(self):
        encoder = self.encoder.trainable_variables
        both = encoder + self.decoder.trainable_variables
        judges = self.class_discriminator, self.style_discriminator
        judging = [v for judge in judges for v in judge.trainable_variables]
        return [
            Phase("reconstruction", self.reconstruction_terms, both),
            Phase("discriminator", self.discriminator_terms, judging),
            Phase("generator", self.generator_terms, encoder),
            Phase("classification", self.classification_terms, encoder),
        ]

    def reconstruction_terms(self, batch, training) -> dict:
        """The squared error of the autoencoder."""
        latents = tf.concat(self.codes(batch.x, training), axis=-1)
        rebuilt = self.decoder(latents, training=training)
        return {"reconstruction_loss": squared_error(batch.x, rebuilt)}

    def discriminator_terms(self, batch, training) -> dict:
        """The cross-entropies of which classes and styles come from the priors."""
        drawn = self.priors(batch.rows, "prior")
        codes = self.codes(batch.x, training)
        scores = [self.code_scores(latents, training) for latents in (drawn, codes)]
        losses = map(minimax_discriminator_loss, *scores)
        return {"discriminator_loss": sum(losses)}

    def generator_terms(self, batch, training) -> dict:
        """The loss of an encoder whose latents should pass for draws of the priors."""
        scores = self.code_scores(self.codes(batch.x, training), training)
        losses = [non_saturating_generator_loss(None, score) for score in scores]
        return {"generator_loss": sum(losses)}

    def classification_terms(self, batch, training) -> dict:
        """The cross-entropy of the labels that are known."""
        outputs = tf.cast(self.encoder(batch.x, training=training), tf.float32)
        log_probs = tf.nn.log_softmax(outputs[:, : self.num_classes])
        known = tf.cast(batch.y >= 0, tf.float32)[:, None]
        labels = known * one_hot(tf.maximum(batch.y, 0), self.num_classes)
        loss = -tf.reduce_mean(tf.reduce_sum(labels * log_probs, axis=-1))
        return {"classification_loss": loss}

    def codes(self, x, training=False) -> tuple:
        """The probabilities of the classes and the styles of images, a pair."""
        outputs = tf.cast(self.encoder(x, training=training), tf.float32)
        logits, style = outputs[:, : self.num_classes], outputs[:, self.num_classes :]
        return tf.nn.softmax(logits), style

    def priors(self, rows, stream) -> tuple:
        """One-hot classes and styles that are drawn, a pair."""
        classes = draw_choice(rows, self.num_classes, f"{stream}_class")
        size = self.latent_dim - self.num_classes
        return classes, rows.normal((size,), stream)

    def code_scores(self, codes, training) -> list:
        """The logits of classes and of styles of coming from the priors."""
        classes, style = codes
        scores = (
            self.class_discriminator(classes, training=training),
            self.style_discriminator(style, training=training),
        )
        return [tf.cast(score, tf.float32) for score in scores]

    @marked(("x",), ("probabilities",))
    def classify(self, x) -> tf.Tensor:
        """Class probabilities of images, float32 of shape `(batch, num_classes)`."""
        return self.codes(x)[0]

    def encode(self, x):
        return tf.concat(self.codes(x), axis=-1)

    def noise_rows(self, rows):
        return tf.concat(self.priors(rows, "latents"), axis=-1)

    def from_noise(self, noise, y=None):
        latents = self.take("noise", noise)
        if y is not None:
            drawn, style = (
                latents[:, : self.num_classes],
                latents[:, self.num_classes :],
            )
            asked = one_hot(tf.maximum(y, 0), self.num_classes)
            classes = tf.where(y[:, None] >= 0, asked, drawn)
            latents = tf.concat([classes, style], axis=-1)
        return self.decode(latents)
