"""Semi-supervised variational autoencoder, M2 (Kingma et al., 2014)."""

import keras
import tensorflow as tf

from keras_gen.distributions.choices import one_hot
from keras_gen.distributions.likelihoods import REALS
from keras_gen.domains import Labels
from keras_gen.models.base import (
    Batch,
    Classifying,
    VariationalModel,
    at_step,
    check_number,
    check_reaches,
)
from keras_gen.networks import check_classifier


@keras.saving.register_keras_serializable(package="keras_gen")
class SemiSupervisedVAE(Classifying, VariationalModel):
    """Learns to classify from few labels, because it also has to explain the images.

    An image comes from its class and from latents, which tell the rest of it, such as
    the style of a digit. `fit` takes images and labels; a label of -1 is unknown. For
    an image with a label the loss is the negative bound on `log p(x, y)`. For an image
    without one it is that on `log p(x)`: the mean over all classes, by the
    probabilities of the classifier, less the entropy of these probabilities. All
    classes are equally probable. Images lie in [0, 1].

    Reports `negative_bound`, in nats for an image; `cross_entropy`, that of the
    classifier on the images with labels, as a mean over all images; and `loss`, which
    is `negative_bound + alpha * cross_entropy`. `classify(x)` is the classifier. All
    other methods need the label of an image.

    To learn on features (M1+M2 of the paper), train a `VAE` first, and this model on
    its latents. Draw them anew in each epoch.

    Args:
        encoder: Network from `[images, labels]` to `2 * latent_dim` numbers: the means
            of the posterior, then the logs of its scales.
        decoder: Network from `[latents, labels]` to the parameters of
            `output_distribution`.
        output_distribution: `keras_gen.distributions.Likelihood`, the distribution of
            images given the decoder's outputs.
        classifier: Network from images to the logits of at least two classes.
        alpha: Float of at least 0, or a Keras schedule of the training step: the weight
            of the cross-entropy of an image. The paper has 0.1 times the number of all
            images over that of the images with labels.
        **kwargs: Options of every model: `x_domain`, `seed`, `name`.

    Raises:
        ValueError: If the networks do not match, or an argument is wrong.

    Reference:
        [Semi-Supervised Learning with Deep Generative
        Models](https://arxiv.org/abs/1406.5298), 2014, eq. 6 to 9.

    Example:
    >>> import numpy as np
    >>> from keras_gen.distributions import BernoulliLikelihood
    >>> from keras_gen.models import SemiSupervisedVAE
    >>> from keras_gen.networks import mlp
    >>> model = SemiSupervisedVAE(
    ...     mlp((8, 8, 1), [16], (4,), num_classes=3),
    ...     mlp((2,), [16], (8, 8, 1), num_classes=3),
    ...     BernoulliLikelihood(),
    ...     classifier=mlp((8, 8, 1), [16], (3,)),
    ...     alpha=0.1 * 6 / 2,
    ... )
    >>> model.compile()
    >>> labels = np.array([0, 1, -1, -1, -1, -1])
    >>> history = model.fit(np.zeros((6, 8, 8, 1)), labels, verbose=0)
    >>> model.classify(np.zeros((2, 8, 8, 1))).shape
    TensorShape([2, 3])
    """

    term_names = ("loss", "negative_bound", "cross_entropy")
    num_inputs = 2

    def __init__(
        self, encoder, decoder, output_distribution, classifier, alpha, **kwargs
    ):
        super().__init__(encoder, decoder, output_distribution, **kwargs)
        check_number(alpha, "alpha", 0)
        shape = self.x_domain.shape
        self.num_classes = check_classifier("classifier", classifier, shape)
        check_reaches("classifier", classifier, REALS, "logits")
        for name, network in (("encoder", encoder), ("decoder", decoder)):
            found = tuple(network.inputs[1].shape[1:])
            if found:
                raise ValueError(
                    f"`{name}` must take labels of shape () as its second input. "
                    f"Received shape: {found}"
                )
        self.classifier = classifier
        self.alpha = alpha
        self.y_domain = Labels(self.num_classes, optional=True)

    def loss_terms(self, batch, training):
        log_probs = self.log_probabilities(batch.x, training)
        labels = one_hot(tf.maximum(batch.y, 0), self.num_classes)
        is_known = batch.y[:, None] >= 0
        shares = tf.where(is_known, labels, tf.exp(log_probs))
        of_all = tf.where(is_known, 0.0, shares * log_probs)
        costs = self.costs_of_classes(batch, training)
        bounds = tf.reduce_sum(shares * costs + of_all, axis=1)
        cross_entropies = -tf.where(is_known, labels * log_probs, 0.0)
        terms = {
            "negative_bound": tf.reduce_mean(bounds),
            "cross_entropy": tf.reduce_mean(tf.reduce_sum(cross_entropies, axis=1)),
        }
        loss = terms["negative_bound"]
        loss += at_step(self, self.alpha) * terms["cross_entropy"]
        return {"loss": loss, **terms}

    def costs_of_classes(self, batch, training=False) -> tf.Tensor:
        """The negative bounds on `log p(x, y)` for each class, by one draw of noise.

        Args:
            batch: `Batch`, whose labels do not count.
            training: Boolean, whether layers behave as in training.

        Returns:
            Float32 tensor of shape `(batch, num_classes)`, in nats.
        """
        count, num = self.num_classes, tf.shape(batch.x)[0]
        # Each example with each class, the classes of an example together.
        row = tf.repeat(tf.range(num), count)
        y = tf.tile(tf.range(count), [num])
        each = Batch(tf.gather(batch.x, row), batch.rows.take(row), y)
        rate, distortion, _, _ = self.bound_terms(each, training)
        log_prior = -tf.math.log(float(count))
        return tf.reshape(rate + distortion, (-1, count)) - log_prior

    def log_probabilities(self, x, training=False) -> tf.Tensor:
        """The log-probabilities of the classifier, of shape `(batch, num_classes)`."""
        if self.x_domain.optional:
            x = tf.where(tf.math.is_nan(x), 0.0, x)
        logits = self.classifier(x, training=training)
        return tf.nn.log_softmax(tf.cast(logits, tf.float32))

    def classify(self, x) -> tf.Tensor:
        """Computes class probabilities by the classifier.

        Args:
            x: Array or tensor of shape `(batch, *x_domain.shape)`.

        Returns:
            Float32 tensor of shape `(batch, num_classes)`, with a sum of 1 for each
            example.
        """
        return tf.exp(self.log_probabilities(x))

    def comparison(self, batch):
        likely = tf.argmax(self.log_probabilities(batch.x), 1, output_type=tf.int32)
        return batch.x, self((batch.x, tf.where(batch.y < 0, likely, batch.y)))

    def domain_of(self, name):
        # Only in training a label may be unknown.
        return Labels(self.num_classes) if name == "y" else super().domain_of(name)
