"""A game in two domains: a discriminator of each, and networks that fake both."""

import keras
import tensorflow as tf
from keras import ops

from keras_gen.arguments import check_count
from keras_gen.distributions.likelihoods import REALS
from keras_gen.domains import Images
from keras_gen.losses import (
    least_squares_discriminator_loss,
    least_squares_generator_loss,
    non_saturating_discriminator_loss,
    non_saturating_generator_loss,
    total,
)
from keras_gen.models.base import (
    GenerativeModel,
    PastFakes,
    Phase,
    at_step,
    check_number,
    check_reaches,
)
from keras_gen.networks import check_maps


class TwoDomainGame(GenerativeModel):
    """Abstract: a discriminator of each domain against networks that fake both.

    It learns from images of two domains in [-1, 1], which need not belong together: see
    `keras_gen.datasets.unpaired`. A discriminator never sees the other domain. A
    subclass implements `fakes()`, `generator_terms()` and `players()`, and calls
    `keep_discriminators()` or implements `score_x()` and `score_y()`. It sets the two
    losses of the game if they are no cross-entropies.

    Args:
        x_shape: Tuple `(height, width, channels)` of the first domain.
        y_shape: The same of the second domain.
        buffer_size: Integer of at least 0, how many past fakes of each domain are kept
            for the discriminators, see `keras_gen.models.base.PastFakes`.

    Raises:
        ValueError: If an argument is wrong.
    """

    term_names = ("discriminator_loss", "generator_loss")
    #: Functions `(real_score, fake_score)` of the game, in each domain.
    discriminator_loss = staticmethod(non_saturating_discriminator_loss)
    generator_loss = staticmethod(non_saturating_generator_loss)
    #: Pair of floats, what scores must be able to come near to.
    score_range = REALS

    def __init__(self, x_shape, y_shape, *, buffer_size=0, **kwargs):
        super().__init__(**kwargs)
        check_count(buffer_size, "buffer_size", 0)
        self.x_domain = Images(x_shape, -1.0, 1.0)
        self.y_domain = Images(y_shape, -1.0, 1.0)
        self.buffer_size = buffer_size
        if buffer_size:
            self.past_x = PastFakes(buffer_size, x_shape, "past_x")
            self.past_y = PastFakes(buffer_size, y_shape, "past_y")

    def keep_discriminators(self, discriminator_x, discriminator_y) -> None:
        """Keeps the discriminators, once it is checked that they fit the domains."""
        for name, network, domain in (
            ("discriminator_x", discriminator_x, self.x_domain),
            ("discriminator_y", discriminator_y, self.y_domain),
        ):
            check_maps(name, network, domain.shape)
            check_reaches(name, network, self.score_range, "scores")
            setattr(self, name, network)

    def keep_weights(self, **weights) -> None:
        """Keeps the weights of terms as `<term>_weight`, once they are checked."""
        for name, weight in weights.items():
            check_number(weight, f"{name}_weight", 0)
            setattr(self, f"{name}_weight", weight)

    # Hooks

    def fakes(self, batch, training) -> tuple:
        """Fakes of both domains, a pair of float32 tensors of images.

        Args:
            batch: `Batch` of examples of both domains.
            training: Boolean, whether layers behave as in training.
        """
        raise NotImplementedError

    def score_x(self, x, training) -> tf.Tensor:
        """Scores of images of the first domain, a float32 tensor of any shape."""
        return ops.cast(self.discriminator_x(x, training=training), "float32")

    def score_y(self, y, training) -> tf.Tensor:
        """Scores of images of the second domain, a float32 tensor of any shape."""
        return ops.cast(self.discriminator_y(y, training=training), "float32")

    def generator_terms(self, batch, training) -> dict:
        """The loss of the generators, `"generator_loss"`, and further terms."""
        raise NotImplementedError

    def players(self) -> tuple:
        """The networks of the discriminators and those of the generators, two lists."""
        raise NotImplementedError

    # What follows

    def default_optimizer(self) -> keras.optimizers.Optimizer:
        return keras.optimizers.Adam(2e-4, beta_1=0.5)

    def phases(self) -> list[Phase]:
        discriminators, generators = (
            [v for network in networks for v in network.trainable_variables]
            for networks in self.players()
        )
        return [
            Phase("discriminator", self._discriminator_phase, discriminators),
            Phase("generator", self.generator_terms, generators),
        ]

    def _discriminator_phase(self, batch, training):
        fake_x, fake_y = self.fakes(batch, training)
        if training and self.buffer_size:
            fake_x = self.past_x.show(fake_x, batch.rows)
            fake_y = self.past_y.show(fake_y, batch.rows)
        loss = sum(
            self.discriminator_loss(score(real, training), score(fakes, training))
            for score, real, fakes in (
                (self.score_x, batch.x, fake_x),
                (self.score_y, batch.y, fake_y),
            )
        )
        return {"discriminator_loss": loss}

    def weighted(self, terms) -> tf.Tensor:
        """The sum of terms, each times the weight that `keep_weights()` has kept."""
        return total(
            at_step(self, getattr(self, f"{name}_weight")) * term
            for name, term in terms.items()
        )

    def adversarial(self, fake_x, fake_y, training) -> tf.Tensor:
        """The loss of the generators in the game, summed over both domains."""
        return self.generator_loss(
            None, self.score_x(fake_x, training)
        ) + self.generator_loss(None, self.score_y(fake_y, training))


class LeastSquaresGame(TwoDomainGame):
    """Abstract: the game of squared differences of scores from 1 and from 0.

    The discriminators minimize half of both, the generators that of fakes from 1 (Zhu
    et al. 2017, arXiv:1703.10593, section 4).
    """

    score_range = (0.0, 1.0)
    discriminator_loss = staticmethod(least_squares_discriminator_loss)

    @staticmethod
    def generator_loss(real_score, fake_score) -> tf.Tensor:
        """The mean squared difference of the scores of fakes from 1."""
        return 2.0 * least_squares_generator_loss(real_score, fake_score)
