"""Generative adversarial network (Goodfellow et al., 2014)."""

import math

import keras

from keras_gen.losses import (
    non_saturating_discriminator_loss,
    non_saturating_generator_loss,
    r1_penalty,
)
from keras_gen.models.base import (
    AdversarialModel,
    at_step,
    check_number,
    is_schedule,
)
from keras_gen.models.gan.own_slopes import check_own_slopes


class NonSaturatingModel(AdversarialModel):
    """Abstract: the game of cross-entropies; a score is the logit of being real.

    By default the generator minimizes the non-saturating loss of section 3 of the
    paper, and both players use Adam with a rate of 2e-4 and `beta_1` 0.5 (Radford et
    al. 2015, arXiv:1511.06434, section 4).

    Args:
        generator: Network from latents to images in [-1, 1].
        discriminator: Network from images to one logit.
        label_smoothing: Float in [0, 1), or a Keras schedule: the discriminator's
            target for real images is `1 - label_smoothing` (Salimans et al. 2016,
            arXiv:1606.03498, section 3.4).
        r1_weight: Float of at least 0, or a Keras schedule: the weight of
            `losses.r1_penalty`, which holds the slope of the discriminator at real
            images near zero (Mescheder et al. 2018, arXiv:1801.04406, section 4.1).
            With it the model reports `penalty`, without the weight.

    Raises:
        ValueError: If an argument is wrong, or the discriminator has batch
            normalization beside an `r1_weight`.
    """

    #: Function `(real_score, fake_score)` that the generator minimizes.
    generator_loss = staticmethod(non_saturating_generator_loss)

    def __init__(
        self,
        generator,
        discriminator,
        *,
        label_smoothing=0.0,
        r1_weight=0.0,
        **kwargs,
    ):
        check_number(r1_weight, "r1_weight", 0)
        is_penalized = is_schedule(r1_weight) or r1_weight > 0
        if is_penalized:
            # Before the base makes a mean for each name.
            self.term_names = (*self.term_names, "penalty")
        super().__init__(generator, discriminator, **kwargs)
        check_number(label_smoothing, "label_smoothing", 0, 1)
        if is_penalized:
            check_own_slopes(discriminator)
        self.label_smoothing = label_smoothing
        self.r1_weight = r1_weight

    def default_optimizer(self):
        return keras.optimizers.Adam(2e-4, beta_1=0.5)

    def discriminator_terms(self, x, fakes, batch, training):
        loss = non_saturating_discriminator_loss(
            self.score(x, batch.y, training),
            self.score(fakes, batch.y, training),
            at_step(self, self.label_smoothing),
        )
        if "penalty" not in self.term_names:
            return {"discriminator_loss": loss}
        penalty = r1_penalty(self.slope(x, batch.y, training))
        weight = at_step(self, self.r1_weight)
        return {"discriminator_loss": loss + weight * penalty, "penalty": penalty}

    def generator_terms(self, fakes, batch, training):
        fake_score = self.score(fakes, batch.y, training)
        return {"generator_loss": self.generator_loss(None, fake_score)}

    @property
    def stopped_losses(self) -> dict | None:
        if is_schedule(self.label_smoothing):
            return None
        kept = 1.0 - self.label_smoothing
        # The entropy of the smoothed target, in nats.
        entropy = -sum(p * math.log(p) for p in (kept, self.label_smoothing) if p > 0)
        return {"won": entropy, "drawn": (math.log(4.0), math.log(2.0))}


@keras.saving.register_keras_serializable(package="keras_gen")
class GAN(NonSaturatingModel):
    """Learns to generate images that a discriminator cannot tell from data.

    Images lie in [-1, 1], so the generator should end in `tanh`. Reports
    `discriminator_loss`, a cross-entropy, which is log 4 if the discriminator cannot
    tell real from fake, and `generator_loss`.

    NOTE: By default both players use Adam with a rate of 2e-4 and `beta_1` 0.5. The
    paper has SGD with momentum.

    Args:
        generator: Network from latents of shape `(latent_dim,)` to images in [-1, 1].
        discriminator: Network from images to one logit.
        generator_loss: Function `(real_score, fake_score)` that the generator
            minimizes: `keras_gen.losses.non_saturating_generator_loss`, or
            `minimax_generator_loss`, whose gradient vanishes if the discriminator wins
            (section 3 of the paper).
        **kwargs: Options of `NonSaturatingModel`: `label_smoothing`, `r1_weight`. And
            those of every game, see `keras_gen.models.base.AdversarialModel`:
            `discriminator_steps`, `average_decay`, `instance_noise`, `num_classes`,
            `seed`, `name`.

    Raises:
        ValueError: If the networks do not match, or an argument is wrong.

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
        **kwargs,
    ):
        super().__init__(generator, discriminator, **kwargs)
        self.generator_loss = generator_loss
