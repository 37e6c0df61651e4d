"""Wasserstein GAN with gradient penalty (Gulrajani et al., 2017)."""

import keras

from keras_gen.losses import (
    wasserstein_discriminator_loss,
    wasserstein_generator_loss,
)
from keras_gen.models.base import AdversarialModel, at_step, check_number
from keras_gen.models.gan.own_slopes import check_own_slopes, slope_penalty


@keras.saving.register_keras_serializable(package="keras_gen")
class WGANGP(AdversarialModel):
    """Minimizes the Wasserstein distance, with a penalty on the discriminator's slope.

    Images lie in [-1, 1]. The discriminator, which the paper calls critic, has a score
    without bounds. Reports `wasserstein_estimate`, the difference between the mean
    scores of real and fake images, which estimates the distance and falls as samples
    get better; and `penalty`, the mean squared difference between its slope and one,
    without the weight.

    Args:
        generator: Network from latents of shape `(latent_dim,)` to images in [-1, 1].
        discriminator: Network from images to one score, without batch normalization,
            because the slope of each example is penalized. Its last layer needs no
            bias: a bias would not learn.
        penalty_weight: Float of at least 0, the weight of the penalty, or a Keras
            schedule.
        discriminator_steps: Integer, the updates of the discriminator in a training
            step, each on its share of the batch.
        **kwargs: Options of every game, see `keras_gen.models.base.AdversarialModel`:
            `average_decay`, `instance_noise`, `num_classes`,
            `seed`, `name`.

    Raises:
        ValueError: If the networks do not match, the discriminator has batch
            normalization, or an argument is wrong.

    Reference:
        [Improved Training of Wasserstein GANs](https://arxiv.org/abs/1704.00028), 2017,
        Algorithm 1.

    Example:
    >>> import numpy as np
    >>> from keras_gen.models import WGANGP
    >>> from keras_gen.networks import mlp
    >>> generator = mlp((2,), [16], (8, 8, 1), output_activation="tanh")
    >>> discriminator = mlp((8, 8, 1), [16], (1,), output_bias=False)
    >>> model = WGANGP(generator, discriminator)
    >>> model.compile()
    >>> history = model.fit(np.zeros((32, 8, 8, 1)), verbose=0).history
    >>> sorted(history)
    ['discriminator_loss', 'generator_loss', 'penalty', 'wasserstein_estimate']
    >>> model.sample(5, seed=0).shape
    (5, 8, 8, 1)
    """

    term_names = (
        "discriminator_loss",
        "generator_loss",
        "wasserstein_estimate",
        "penalty",
    )

    def __init__(
        self,
        generator,
        discriminator,
        penalty_weight=10.0,
        discriminator_steps=5,
        **kwargs,
    ):
        super().__init__(
            generator,
            discriminator,
            discriminator_steps=discriminator_steps,
            **kwargs,
        )
        check_number(penalty_weight, "penalty_weight", 0)
        check_own_slopes(discriminator)
        self.penalty_weight = penalty_weight

    def default_optimizer(self):
        return keras.optimizers.Adam(1e-4, beta_1=0.0, beta_2=0.9)

    def discriminator_terms(self, x, fakes, batch, training):
        real_score = self.score(x, batch.y, training)
        fake_score = self.score(fakes, batch.y, training)
        distance = -wasserstein_discriminator_loss(real_score, fake_score)
        penalty = slope_penalty(self, x, fakes, batch, training)
        weight = at_step(self, self.penalty_weight)
        return {
            "discriminator_loss": -distance + weight * penalty,
            "wasserstein_estimate": distance,
            "penalty": penalty,
        }

    def generator_terms(self, fakes, batch, training):
        fake_score = self.score(fakes, batch.y, training)
        return {"generator_loss": wasserstein_generator_loss(None, fake_score)}
