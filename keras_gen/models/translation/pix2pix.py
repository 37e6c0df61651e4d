"""Image-to-image translation with conditional adversarial networks (Isola, 2016)."""

import keras
import tensorflow as tf
from keras import ops

from keras_gen.distributions.likelihoods import REALS
from keras_gen.domains import Images
from keras_gen.losses import (
    mean_absolute_error,
    non_saturating_discriminator_loss,
    non_saturating_generator_loss,
)
from keras_gen.models.base import (
    GenerativeModel,
    Phase,
    Translation,
    at_step,
    check_number,
    check_reaches,
)
from keras_gen.networks import check_network


@keras.saving.register_keras_serializable(package="keras_gen")
class Pix2Pix(Translation, GenerativeModel):
    """Learns from pairs to translate images, by their distance and a discriminator.

    The discriminator sees a source beside its target or its translation, and scores
    patches. Images of both domains lie in [-1, 1] and have one height and width.
    Reports `discriminator_loss`, half a cross-entropy, which is log 2 if it cannot
    tell; `adversarial`, the cross-entropy of the generator; `distance`, the mean
    absolute error of a value; and `generator_loss`, which is `adversarial_weight *
    adversarial + distance_weight * distance`.

    A generator of two inputs takes noise for its dropout, the only noise of the model.

    NOTE: Nothing is dropped in a translation, which is a function of the source alone.
    In the paper dropout stays on, with little effect on the images.

    Args:
        generator: Network from source images to target images in [-1, 1], such as
            `keras_gen.networks.unet`; with dropout it takes `[images, noise]`.
        discriminator: Network from images with the channels of both domains, those of
            the source first, to logits of any shape, such as
            `keras_gen.networks.patch_discriminator`.
        distance_weight: Float of at least 0, or a Keras schedule.
        adversarial_weight: Float of at least 0, or a Keras schedule. With 0 the model
            learns from the distance alone.
        **kwargs: Options of every model: `seed`, `name`.

    Raises:
        ValueError: If the networks do not match, or an argument is wrong.

    Reference:
        [Image-to-Image Translation with Conditional Adversarial
        Networks](https://arxiv.org/abs/1611.07004), 2016, section 3 and eq. 4.

    Example:
    >>> import numpy as np
    >>> from keras_gen.models import Pix2Pix
    >>> from keras_gen.networks import patch_discriminator, unet
    >>> generator = unet((16, 16, 1), [4, 8], output_channels=3)
    >>> model = Pix2Pix(generator, patch_discriminator((16, 16, 4), [4, 8]))
    >>> model.compile()
    >>> x, y = np.zeros((4, 16, 16, 1)), np.zeros((4, 16, 16, 3))
    >>> sorted(model.fit(x, y, verbose=0).history)
    ['adversarial', 'discriminator_loss', 'distance', 'generator_loss']
    >>> model.to_y(x).shape
    TensorShape([4, 16, 16, 3])
    """

    term_names = ("discriminator_loss", "generator_loss", "adversarial", "distance")

    def __init__(
        self,
        generator,
        discriminator,
        distance_weight=100.0,
        adversarial_weight=1.0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        check_number(distance_weight, "distance_weight", 0)
        check_number(adversarial_weight, "adversarial_weight", 0)
        check_network("generator", generator)
        check_network("discriminator", discriminator, 1)
        _check_shapes(generator, discriminator)
        self.generator = generator
        self.discriminator = discriminator
        self.distance_weight = distance_weight
        self.adversarial_weight = adversarial_weight
        self.x_domain = Images(generator.inputs[0].shape[1:], -1.0, 1.0)
        self.y_domain = Images(generator.output_shape[1:], -1.0, 1.0)
        check_reaches("generator", generator, self.y_domain.bounds, "images")
        check_reaches("discriminator", discriminator, REALS, "scores")

    def default_optimizer(self):
        return keras.optimizers.Adam(2e-4, beta_1=0.5)

    def phases(self):
        return [
            Phase(name, terms, network.trainable_variables)
            for name, terms, network in (
                ("discriminator", self.discriminator_terms, self.discriminator),
                ("generator", self.generator_terms, self.generator),
            )
        ]

    def discriminator_terms(self, batch, training) -> dict:
        """Half the cross-entropy of which pairs have the target of the data."""
        fakes = self._translate(batch.x, training, batch.rows, "discriminator")
        scores = [self.score(batch.x, y, training) for y in (batch.y, fakes)]
        return {"discriminator_loss": 0.5 * non_saturating_discriminator_loss(*scores)}

    def generator_terms(self, batch, training) -> dict:
        """The loss of the generator and its two parts."""
        fakes = self._translate(batch.x, training, batch.rows, "generator")
        score = self.score(batch.x, fakes, training)
        adversarial = non_saturating_generator_loss(None, score)
        distance = mean_absolute_error(batch.y, fakes)
        loss = at_step(self, self.adversarial_weight) * adversarial
        loss += at_step(self, self.distance_weight) * distance
        return {
            "generator_loss": loss,
            "adversarial": adversarial,
            "distance": distance,
        }

    def score(self, x, y, training) -> tf.Tensor:
        """The float32 scores of pairs of a source and a target, one for each patch."""
        pairs = ops.concatenate([x, y], axis=-1)
        return ops.cast(self.discriminator(pairs, training=training), "float32")

    def to_y(self, x):
        return self._translate(x, training=False)

    def _translate(self, x, training, rows=None, stream=None):
        inputs = x
        if len(self.generator.inputs) == 2:
            size = self.generator.inputs[1].shape[-1]
            drawn = rows.uniform((size,), stream) if training else None
            noise = tf.zeros((tf.shape(x)[0], size)) if drawn is None else drawn
            inputs = [x, noise]
        return ops.cast(self.generator(inputs, training=training), "float32")


def _check_shapes(generator, discriminator):
    inputs = [tuple(tensor.shape[1:]) for tensor in generator.inputs]
    source, target = inputs[0], tuple(generator.output_shape[1:])
    if len(inputs) > 2 or len(inputs) == 2 and len(inputs[1]) != 1:
        raise ValueError(
            "`generator` must take images, or a list of images and noise of shape "
            f"(size,). Received inputs of shapes {inputs}"
        )
    if not len(source) == len(target) == 3 or source[:2] != target[:2]:
        raise ValueError(
            "`generator` must map images of `x_domain` to images of `y_domain`, of one "
            f"height and width. Received shapes: {source} and {target}"
        )
    seen = (*source[:2], source[2] + target[2])
    found = tuple(discriminator.input_shape[1:])
    if found != seen:
        raise ValueError(
            f"`discriminator` must take shape {seen}, a source and a target with their "
            f"channels one after the other. Received input shape: {found}"
        )
