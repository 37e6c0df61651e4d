"""Generative adversarial network (Goodfellow et al., 2014)."""

import keras

from keras_gen.losses import check_label_smoothing, non_saturating_generator_loss
from keras_gen.models.base import AdversarialModel


@keras.saving.register_keras_serializable(package="keras_gen")
class GAN(AdversarialModel):
    """Learns to generate images that a discriminator cannot tell from data.

    Images lie in [-1, 1], so the generator should end in `tanh`. Reports
    `discriminator_loss`, the cross-entropy of telling real from fake, which is log 4
    where it cannot, and `generator_loss`.

    NOTE: `compile()` takes Adam with a rate of 2e-4 and `beta_1` 0.5 for both players,
    where the paper took SGD with momentum.

    Args:
        generator: Network from latents of shape `(latent_dim,)` to images in [-1, 1].
        discriminator: Network from images to one logit.
        generator_loss: Function `(real_score, fake_score)` that the generator
            minimizes: `keras_gen.losses.non_saturating_generator_loss`, or
            `minimax_generator_loss`, which vanishes as the discriminator wins (section
            3 of the paper).
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
        [Generative Adversarial Networks](https://arxiv.org/abs/1406.2661), 2014,
        Algorithm 1.

    Example:
    >>> import numpy as np
    >>> from keras_gen.models import GAN
    >>> from keras_gen.networks import mlp
    >>> generator = mlp((2,), [16], (8, 8, 1), output_activation="tanh")
    >>> discriminator = mlp((8, 8, 1), [16], (1,))
    >>> model = GAN(generator, discriminator)
    >>> model.compile()
    >>> history = model.fit(np.zeros((32, 8, 8, 1)), verbose=0).history
    >>> sorted(history)
    ['discriminator_loss', 'generator_loss']
    >>> model.sample(5, seed=0).shape
    (5, 8, 8, 1)
    """

    def __init__(
        self,
        generator,
        discriminator,
        generator_loss=non_saturating_generator_loss,
        label_smoothing=0.0,
        discriminator_steps=1,
        average_decay=None,
        instance_noise=0.0,
        seed=0,
        **kwargs,
    ):
        super().__init__(
            generator,
            discriminator,
            discriminator_steps,
            average_decay,
            instance_noise,
            seed=seed,
            **kwargs,
        )
        self.generator_loss = generator_loss
        check_label_smoothing(label_smoothing)
        self.label_smoothing = label_smoothing

    def generator_terms(self, fakes, batch, training):
        fake_score = self.score(fakes, batch.labels, training)
        return {"generator_loss": self.generator_loss(None, fake_score)}
