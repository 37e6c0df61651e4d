"""Conditional GAN (Mirza and Osindero, 2014)."""

import keras
from keras import ops

from keras_gen.arguments import check_count
from keras_gen.losses import check_label_smoothing
from keras_gen.models.base import AdversarialModel


@keras.saving.register_keras_serializable(package="keras_gen")
class ConditionalGAN(AdversarialModel):
    """Learns to generate images of a class that it is told.

    Both players are told the label: its one-hot code stands behind the latents, and
    behind the channels of each pixel. Images lie in [-1, 1]; `fit` takes
    `(images, labels)`, `sample(num, labels=...)` one label for each sample, or one for
    all; without labels, samples go through the classes in turn.

    Args:
        generator: Network from `latent_dim + num_classes` numbers to images in [-1, 1].
        discriminator: Network from images of `channels + num_classes` channels to one
            logit.
        num_classes: Integer of at least 2.
        label_smoothing: Float in [0, 1): the discriminator's target for real images is
            `1 - label_smoothing` (Salimans et al. 2016, arXiv:1606.03498, section 3.4).
        discriminator_steps: Integer, updates of the discriminator in a training step,
            each on its share of the batch.
        average_decay: Optional float in (0, 1), decay of the average of the generator's
            weights that samples are made with.
        instance_noise: Float or Keras schedule, scale of the noise on what the
            discriminator sees.
        seed: Integer, seed of the noise of training and evaluation.

    Raises:
        ValueError: If the networks do not fit each other, or an argument is not as
            stated.

    Reference:
        [Conditional Generative Adversarial Nets](https://arxiv.org/abs/1411.1784),
        2014, section 3.2.

    Example:
    >>> import numpy as np
    >>> from keras_gen.models import ConditionalGAN
    >>> from keras_gen.networks import mlp
    >>> generator = mlp((2 + 3,), [16], (8, 8, 1), output_activation="tanh")
    >>> discriminator = mlp((8, 8, 1 + 3), [16], (1,))
    >>> model = ConditionalGAN(generator, discriminator, num_classes=3)
    >>> model.compile()
    >>> history = model.fit(np.zeros((6, 8, 8, 1)), np.arange(6) % 3, verbose=0)
    >>> model.sample(2, seed=0, labels=[2, 0]).shape
    (2, 8, 8, 1)
    """

    def __init__(
        self,
        generator,
        discriminator,
        num_classes,
        label_smoothing=0.0,
        discriminator_steps=1,
        average_decay=None,
        instance_noise=0.0,
        seed=0,
        **kwargs,
    ):
        check_count(num_classes, "num_classes", 2)
        super().__init__(
            generator,
            discriminator,
            discriminator_steps,
            average_decay,
            instance_noise,
            num_classes,
            seed=seed,
            **kwargs,
        )
        check_label_smoothing(label_smoothing)
        self.label_smoothing = label_smoothing

    def generate(self, latents, labels, training):
        return self.generator(self._labelled(latents, labels), training=training)

    def score(self, images, labels, training):
        images = self._labelled(images, labels)
        return ops.cast(self.discriminator(images, training=training), "float32")

    def from_noise(self, noise, labels):
        return self((noise, labels))

    def call(self, inputs):
        """Samples of a pair: latents `(batch, latent_dim)`, labels `(batch,)`."""
        generator, latents = self.sampling_generator, self._labelled(*inputs)
        return ops.cast(generator(latents, training=False), "float32")

    def conditions(self, num_samples, first_row=0, labels=None):
        """One label for each sample: `labels`, or the classes in turn."""
        return {"labels": self.labels_of_samples(num_samples, labels, first_row)}

    def _labelled(self, values, labels):
        """Values with the one-hot code of the label behind the last axis of each."""
        # Not `one_hot()`, which the TFLite converter quantizes to other numbers.
        codes = ops.take(ops.eye(self.num_classes), ops.cast(labels, "int32"), axis=0)
        places = (1,) * (len(values.shape) - 2)
        codes = ops.reshape(codes, (-1, *places, self.num_classes))
        shape = (*ops.shape(values)[:-1], self.num_classes)
        codes = ops.broadcast_to(codes, shape)
        return ops.concatenate([values, ops.cast(codes, values.dtype)], axis=-1)
