"""Pure functions of tensors that return a scalar to minimize."""

from keras_gen.losses.adversarial import (
    check_label_smoothing,
    hinge_discriminator_loss,
    hinge_generator_loss,
    least_squares_discriminator_loss,
    least_squares_generator_loss,
    minimax_discriminator_loss,
    minimax_generator_loss,
    non_saturating_discriminator_loss,
    non_saturating_generator_loss,
    wasserstein_discriminator_loss,
    wasserstein_generator_loss,
)
from keras_gen.losses.penalties import (
    gradient_penalty,
    orthogonal_penalty,
    r1_penalty,
)
from keras_gen.losses.reconstruction import mean_absolute_error, squared_error
from keras_gen.losses.total import total

__all__ = [
    "check_label_smoothing",
    "gradient_penalty",
    "hinge_discriminator_loss",
    "hinge_generator_loss",
    "least_squares_discriminator_loss",
    "least_squares_generator_loss",
    "mean_absolute_error",
    "minimax_discriminator_loss",
    "minimax_generator_loss",
    "non_saturating_discriminator_loss",
    "non_saturating_generator_loss",
    "orthogonal_penalty",
    "r1_penalty",
    "squared_error",
    "total",
    "wasserstein_discriminator_loss",
    "wasserstein_generator_loss",
]
