"""Progressive GAN (Karras et al., 2017)."""

import keras
import tensorflow as tf
from keras import ops

from keras_gen.arguments import check_count
from keras_gen.layers.growth import Growing, as_grown, growth_at
from keras_gen.losses import (
    total,
    wasserstein_discriminator_loss,
    wasserstein_generator_loss,
)
from keras_gen.models.base import (
    AdversarialModel,
    assign_everywhere,
    at_step,
    check_number,
    layers_of,
)
from keras_gen.models.gan.own_slopes import check_own_slopes, slope_penalty
from keras_gen.models.gan.restarted_adam import RestartedAdam


@keras.saving.register_keras_serializable(package="keras_gen")
class ProgressiveGAN(AdversarialModel):
    """Learns small images first, and fades in layers for larger ones.

    Each stage after the first doubles the height and width. A stage is trained for
    `stable_steps`, then the layers of the next one fade in during `fade_steps`. All
    weights are there from the start. Layers that have not grown yet are not computed,
    so early steps are fast. Images always have full size: samples of an early stage are
    enlarged, and the discriminator sees data with as little detail. With 0 for both
    numbers of steps the networks are fully grown from the start.

    Images lie in [-1, 1]. Reports `wasserstein_estimate` and `penalty` as `WGANGP`
    does; `drift`, the mean squared score of real images; and `growth`, the number of
    stages in use after the first, with a fraction while one fades in.

    NOTE: The batch size is that of all stages. With the default optimizer Adam's
    moments begin anew with each stage, as in the authors' code. If updates are skipped
    because they are not finite, the model grows that much later.

    NOTE: As in the authors' code, the slope of an example counts the scores of all that
    `keras_gen.layers.MinibatchStandardDeviation` couples with it.

    Args:
        generator: Network from latents of shape `(latent_dim,)` to images with one
            `GrowingDecoder`, such as `keras_gen.networks.progressive_generator()`.
        discriminator: Network from images to one score with one `GrowingEncoder`, such
            as `keras_gen.networks.progressive_discriminator()`.
        stable_steps: Integer of at least 0, the training steps of each stage before the
            next one fades in.
        fade_steps: Integer of at least 0, the training steps during which a stage fades
            in.
        penalty_weight: Float of at least 0, the weight of the penalty, or a Keras
            schedule.
        drift_weight: Float of at least 0, the weight of the drift, or a Keras schedule.
        **kwargs: Options of every game, see `keras_gen.models.base.AdversarialModel`:
            `discriminator_steps`, `average_decay` (0.999 in the paper),
            `instance_noise`, `num_classes`, `seed`, `name`.

    Raises:
        ValueError: If the networks do not grow in as many stages or do not match, the
            discriminator has batch normalization, or an argument is wrong.

    Reference:
        [Progressive Growing of GANs for Improved Quality, Stability, and
        Variation](https://arxiv.org/abs/1710.10196), 2017, sections 2 to 4.

    Example:
    >>> import numpy as np
    >>> from keras_gen.models import ProgressiveGAN
    >>> from keras_gen.networks import progressive_discriminator, progressive_generator
    >>> generator = progressive_generator(4, [8, 8], (8, 8, 3))
    >>> discriminator = progressive_discriminator((8, 8, 3), [8, 8])
    >>> model = ProgressiveGAN(generator, discriminator, stable_steps=4, fade_steps=2)
    >>> model.compile()
    >>> history = model.fit(np.zeros((40, 8, 8, 3)), batch_size=8, verbose=0)
    >>> float(model.growth)
    0.5
    >>> model.sample(5, seed=0).shape
    (5, 8, 8, 3)
    """

    term_names = (
        "discriminator_loss",
        "generator_loss",
        "wasserstein_estimate",
        "penalty",
        "drift",
        "growth",
    )

    def __init__(
        self,
        generator,
        discriminator,
        stable_steps,
        fade_steps,
        penalty_weight=10.0,
        drift_weight=1e-3,
        **kwargs,
    ):
        super().__init__(generator, discriminator, **kwargs)
        check_count(stable_steps, "stable_steps", 0)
        check_count(fade_steps, "fade_steps", 0)
        check_number(penalty_weight, "penalty_weight", 0)
        check_number(drift_weight, "drift_weight", 0)
        check_own_slopes(discriminator)
        self.stable_steps, self.fade_steps = stable_steps, fade_steps
        self.penalty_weight, self.drift_weight = penalty_weight, drift_weight
        self.num_stages, seen, *_ = (layer.num_stages for layer in self._growing)
        if self.num_stages != seen:
            raise ValueError(
                "`generator` and `discriminator` must grow in as many stages. Received "
                f"{self.num_stages} and {seen}"
            )
        # A weight, so that a training goes on from here.
        self.steps_grown = self.add_weight(
            shape=(),
            dtype="int32",
            initializer="zeros",
            trainable=False,
            aggregation="only_first_replica",
            name="steps_grown",
        )
        for layer in self._growing:
            layer.growth.assign(self.growth_at(0))

    def growth_at(self, step) -> tf.Tensor:
        """How far the networks have grown at a training step, a float32 scalar."""
        return growth_at(step, self.num_stages, self.stable_steps, self.fade_steps)

    @property
    def _growing(self) -> list:
        # No attribute, which Keras would save once more.
        networks = [
            ("generator", self.generator),
            ("discriminator", self.discriminator),
        ]
        if self.average_decay is not None:
            networks.append(("generator", self.averaged_generator))
        return [_growing(*named) for named in networks]

    @property
    def growth(self) -> tf.Tensor:
        """The number of stages in use after the first, a float32 scalar."""
        return ops.convert_to_tensor(self._growing[0].growth)

    def default_optimizer(self, learning_rate=1e-3):
        """That of the paper, whose moments begin anew with each stage."""
        return RestartedAdam(learning_rate, beta_1=0.0, beta_2=0.99)

    def examples(self, x):
        return as_grown(x, self.growth, self.num_stages)

    def discriminator_terms(self, x, fakes, batch, training):
        real_score = self.score(x, batch.y, training)
        fake_score = self.score(fakes, batch.y, training)
        distance = -wasserstein_discriminator_loss(real_score, fake_score)
        penalty = slope_penalty(self, x, fakes, batch, training)
        drift = ops.mean(ops.square(real_score))
        weights = [at_step(self, w) for w in (self.penalty_weight, self.drift_weight)]
        weighted = [weights[0] * penalty, weights[1] * drift]
        return {
            "discriminator_loss": total([-distance, *weighted]),
            "wasserstein_estimate": distance,
            "penalty": penalty,
            "drift": drift,
        }

    def generator_terms(self, fakes, batch, training):
        fake_score = self.score(fakes, batch.y, training)
        loss = wasserstein_generator_loss(None, fake_score)
        return {"generator_loss": loss, "growth": self.growth}

    def after_generator_update(self):
        before = ops.convert_to_tensor(self.steps_grown)
        old, new = self.growth_at(before), self.growth_at(before + 1)
        assign_everywhere(self.steps_grown, before + 1)
        for layer in self._growing:
            assign_everywhere(layer.growth, new)
        for optimizer in self.optimizer.optimizers:
            if isinstance(optimizer, RestartedAdam):
                optimizer.restart(ops.ceil(new) > ops.ceil(old))


def _growing(name, network):
    """The growing layer of a network."""
    found = [layer for layer in layers_of(network) if isinstance(layer, Growing)]
    if len(found) != 1:
        raise ValueError(
            f"`{name}` must have one layer that grows, such as that of "
            f"`keras_gen.networks.progressive_{name}()`. Received: {network.name!r} "
            f"with {len(found)}"
        )
    return found[0]
