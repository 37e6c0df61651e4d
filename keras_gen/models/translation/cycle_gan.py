"""Cycle-consistent adversarial networks (Zhu et al., 2017)."""

import keras
from keras import ops

from keras_gen.losses import mean_absolute_error
from keras_gen.models.base import TwoWayTranslation, check_reaches
from keras_gen.models.translation.two_domain_game import LeastSquaresGame
from keras_gen.networks import check_maps, check_network


@keras.saving.register_keras_serializable(package="keras_gen")
class CycleGAN(TwoWayTranslation, LeastSquaresGame):
    """Learns to translate between two domains without pairs, there and back again.

    Each generator makes images that the discriminator of its domain takes for real, and
    the other generator must lead back to the image that was translated. Images of both
    domains lie in [-1, 1].

    Nothing says which image belongs to which: two translations that undo each other,
    such as both negatives, have no cycle loss. The identity loss rules out some of
    them: it asks a generator to leave images of its own domain as they are.

    Reports `discriminator_loss`, `adversarial`, `cycle` and `identity`, which are sums
    over both domains, the last two of mean absolute errors of a value; and
    `generator_loss`, which is `adversarial + cycle_weight * cycle + identity_weight *
    identity`. If `identity_weight` is 0, the identity loss is reported as 0.

    Args:
        generator_x: Network from images of the second domain to the first, such as
            `keras_gen.networks.residual_generator`.
        generator_y: Network from images of the first domain to the second.
        discriminator_x: Network from images of the first domain to scores of any shape,
            such as `keras_gen.networks.patch_discriminator`.
        discriminator_y: The same of the second domain.
        cycle_weight: Float of at least 0, or a Keras schedule.
        identity_weight: Float of at least 0, or a Keras schedule. It must be 0 if the
            domains differ in shape.
        buffer_size: Integer, how many past fakes of each domain are kept for the
            discriminators.
        **kwargs: Options of every model: `seed`, `name`.

    Raises:
        ValueError: If the networks do not match, or an argument is wrong.

    Reference:
        [Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial
        Networks](https://arxiv.org/abs/1703.10593), 2017, sections 3 and 4;
        the identity loss in section 5.2.

    Example:
    >>> import numpy as np
    >>> from keras_gen.models import CycleGAN
    >>> from keras_gen.networks import patch_discriminator, residual_generator
    >>> shape = (16, 16, 1)
    >>> generators = [residual_generator(shape, [2, 4], 1) for _ in range(2)]
    >>> discriminators = [patch_discriminator(shape, [4]) for _ in range(2)]
    >>> model = CycleGAN(*generators, *discriminators)
    >>> model.compile()
    >>> x, y = np.zeros((4, *shape)), np.ones((4, *shape))
    >>> sorted(model.fit(x, y, verbose=0).history)
    ['adversarial', 'cycle', 'discriminator_loss', 'generator_loss', 'identity']
    >>> model.to_y(x).shape, model.to_x(y).shape
    (TensorShape([4, 16, 16, 1]), TensorShape([4, 16, 16, 1]))
    """

    term_names = (
        *LeastSquaresGame.term_names,
        "adversarial",
        "cycle",
        "identity",
    )

    def __init__(
        self,
        generator_x,
        generator_y,
        discriminator_x,
        discriminator_y,
        cycle_weight=10.0,
        identity_weight=5.0,
        buffer_size=50,
        **kwargs,
    ):
        check_network("generator_x", generator_x, 1)
        x_shape, y_shape = generator_x.output_shape[1:], generator_x.input_shape[1:]
        check_maps("generator_y", generator_y, x_shape, y_shape)
        super().__init__(x_shape, y_shape, buffer_size=buffer_size, **kwargs)
        self.keep_discriminators(discriminator_x, discriminator_y)
        self.keep_weights(cycle=cycle_weight, identity=identity_weight)
        if x_shape != y_shape and identity_weight != 0:
            raise ValueError(
                "`identity_weight` must be 0 for domains that differ in shape, here "
                f"{x_shape} and {y_shape}. Received: {identity_weight}"
            )
        self.generator_x, self.generator_y = generator_x, generator_y
        for name in ("generator_x", "generator_y"):
            check_reaches(name, getattr(self, name), self.x_domain.bounds, "images")

    def players(self):
        discriminators = [self.discriminator_x, self.discriminator_y]
        return discriminators, [self.generator_x, self.generator_y]

    def fakes(self, batch, training):
        return self._x(batch.y, training), self._y(batch.x, training)

    def generator_terms(self, batch, training):
        fake_x, fake_y = self.fakes(batch, training)
        adversarial = self.adversarial(fake_x, fake_y, training)
        cycle = mean_absolute_error(batch.x, self._x(fake_y, training))
        cycle += mean_absolute_error(batch.y, self._y(fake_x, training))
        identity = ops.zeros(())
        if self.identity_weight != 0:
            identity += mean_absolute_error(batch.x, self._x(batch.x, training))
            identity += mean_absolute_error(batch.y, self._y(batch.y, training))
        weighted = {"cycle": cycle, "identity": identity}
        return {
            "generator_loss": adversarial + self.weighted(weighted),
            "adversarial": adversarial,
            **weighted,
        }

    def to_y(self, x):
        return self._y(x, training=False)

    def to_x(self, y):
        return self._x(y, training=False)

    def _x(self, images, training):
        return ops.cast(self.generator_x(images, training=training), "float32")

    def _y(self, images, training):
        return ops.cast(self.generator_y(images, training=training), "float32")
