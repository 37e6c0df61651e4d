"""Auxiliary classifier GAN (Odena et al., 2016)."""

import keras
import tensorflow as tf
from keras import ops

from keras_gen.arguments import check_count
from keras_gen.losses import (
    non_saturating_discriminator_loss,
    non_saturating_generator_loss,
)
from keras_gen.models.base import AdversarialModel, at_step, check_number, marked


@keras.saving.register_keras_serializable(package="keras_gen")
class ACGAN(AdversarialModel):
    """Learns to generate images of a given class, which the discriminator must name.

    The generator takes labels. The discriminator does not: it says whether an image is
    real and which class it has, and both players gain if it is right about the class.
    Images lie in [-1, 1]. `fit` takes images and labels. Reports `class_loss`, the
    cross-entropy of the classes of real images plus that of fakes, in nats.

    NOTE: The generator minimizes the non-saturating loss of the source.

    Args:
        generator: Network from `[latents, labels]` to images in [-1, 1].
        discriminator: Network from images to `1 + num_classes` logits: of being real,
            then of the classes.
        num_classes: Integer of at least 2.
        classification_weight: Float of at least 0, or a Keras schedule: the weight of
            the cross-entropies of classes in both losses.
        **kwargs: Options of every game, see `keras_gen.models.base.AdversarialModel`.

    Raises:
        ValueError: If the networks do not match, or an argument is wrong.

    Reference:
        [Conditional Image Synthesis With Auxiliary Classifier
        GANs](https://arxiv.org/abs/1610.09585), 2016, section 3, eq. 2 and 3.

    Example:
    >>> import numpy as np
    >>> from keras_gen.models import ACGAN
    >>> from keras_gen.networks import mlp
    >>> generator = mlp(
    ...     (2,), [16], (8, 8, 1), output_activation="tanh", num_classes=3
    ... )
    >>> model = ACGAN(generator, mlp((8, 8, 1), [16], (1 + 3,)), num_classes=3)
    >>> model.compile()
    >>> history = model.fit(np.zeros((6, 8, 8, 1)), np.arange(6) % 3, verbose=0)
    >>> model.classify(model.sample(4, seed=0, y=2)).shape
    TensorShape([4, 3])
    """

    term_names = ("discriminator_loss", "generator_loss", "class_loss")
    num_scores = None
    discriminator_takes_y = False

    def __init__(
        self,
        generator,
        discriminator,
        num_classes,
        classification_weight=1.0,
        **kwargs,
    ):
        check_count(num_classes, "num_classes", 2)
        super().__init__(generator, discriminator, num_classes=num_classes, **kwargs)
        self.check_num_scores(1 + num_classes, "the source, then the classes")
        check_number(classification_weight, "classification_weight", 0)
        self.classification_weight = classification_weight

    def default_optimizer(self):
        return keras.optimizers.Adam(2e-4, beta_1=0.5)

    def discriminator_terms(self, x, fakes, batch, training):
        real = self.score(x, batch.y, training)
        fake = self.score(fakes, batch.y, training)
        source_loss = non_saturating_discriminator_loss(real[:, :1], fake[:, :1])
        class_loss = _class_loss(real, batch.y) + _class_loss(fake, batch.y)
        weight = at_step(self, self.classification_weight)
        return {
            "discriminator_loss": source_loss + weight * class_loss,
            "class_loss": class_loss,
        }

    def generator_terms(self, fakes, batch, training):
        fake = self.score(fakes, batch.y, training)
        source_loss = non_saturating_generator_loss(None, fake[:, :1])
        weight = at_step(self, self.classification_weight)
        return {"generator_loss": source_loss + weight * _class_loss(fake, batch.y)}

    @marked(("x",), ("probabilities",))
    def classify(self, x) -> tf.Tensor:
        """Class probabilities of images, float32 of shape `(batch, num_classes)`."""
        return tf.nn.softmax(self.score(x, None, training=False)[:, 1:])


def _class_loss(scores, y):
    cross_entropy = keras.losses.sparse_categorical_crossentropy
    return ops.mean(cross_entropy(y, scores[:, 1:], from_logits=True))
