"""Wasserstein GAN (Arjovsky et al., 2017)."""

import keras
from keras import ops

from keras_gen.losses import wasserstein_discriminator_loss, wasserstein_generator_loss
from keras_gen.models.base import (
    AdversarialModel,
    assign_everywhere,
    at_step,
    check_number,
)


@keras.saving.register_keras_serializable(package="keras_gen")
class WGAN(AdversarialModel):
    """Minimizes the Wasserstein distance, with a discriminator of clipped weights.

    Images lie in [-1, 1]. The discriminator, which the paper calls critic, has a score
    without bounds. Reports `wasserstein_estimate`, the difference between the mean
    scores of real and fake images. It estimates the distance up to an unknown factor,
    the largest slope of the discriminator, and falls as samples get better.

    Args:
        generator: Network from latents of shape `(latent_dim,)` to images in [-1, 1].
        discriminator: Network from images to one score. Its last layer needs no bias: a
            bias would not learn.
        clip: Float above 0, or a Keras schedule. After each update of the
            discriminator, its weights are clipped to [-clip, clip].
        discriminator_steps: Integer, the updates of the discriminator in a training
            step, each on its share of the batch.
        **kwargs: Options of every game, see `keras_gen.models.base.AdversarialModel`:
            `average_decay`, `instance_noise`, `num_classes`,
            `seed`, `name`.

    Raises:
        ValueError: If the networks do not match, or an argument is wrong.

    Reference:
        [Wasserstein GAN](https://arxiv.org/abs/1701.07875), 2017, Algorithm 1.

    Example:
    >>> import numpy as np
    >>> from keras_gen.models import WGAN
    >>> from keras_gen.networks import mlp
    >>> generator = mlp((2,), [16], (8, 8, 1), output_activation="tanh")
    >>> discriminator = mlp((8, 8, 1), [16], (1,), output_bias=False)
    >>> model = WGAN(generator, discriminator)
    >>> model.compile()
    >>> history = model.fit(np.zeros((32, 8, 8, 1)), verbose=0).history
    >>> sorted(history)
    ['discriminator_loss', 'generator_loss', 'wasserstein_estimate']
    >>> model.sample(5, seed=0).shape
    (5, 8, 8, 1)
    """

    term_names = ("discriminator_loss", "generator_loss", "wasserstein_estimate")

    def __init__(
        self,
        generator,
        discriminator,
        clip=0.01,
        discriminator_steps=5,
        **kwargs,
    ):
        super().__init__(
            generator,
            discriminator,
            discriminator_steps=discriminator_steps,
            **kwargs,
        )
        check_number(clip, "clip", above=0)
        self.clip = clip

    def default_optimizer(self):
        return keras.optimizers.RMSprop(5e-5)

    def discriminator_terms(self, x, fakes, batch, training):
        real_score = self.score(x, batch.y, training)
        fake_score = self.score(fakes, batch.y, training)
        loss = wasserstein_discriminator_loss(real_score, fake_score)
        return {"discriminator_loss": loss, "wasserstein_estimate": -loss}

    def after_discriminator_update(self):
        clip = at_step(self, self.clip)
        for variable in self.discriminator.trainable_variables:
            clipped = ops.clip(variable, -clip, clip)
            assign_everywhere(variable, clipped)

    def generator_terms(self, fakes, batch, training):
        fake_score = self.score(fakes, batch.y, training)
        return {"generator_loss": wasserstein_generator_loss(None, fake_score)}
