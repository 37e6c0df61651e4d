"""Losses of a generator and of a discriminator that scores images.

Each loss takes the scores of real and of fake images, in this order. Scores are logits,
without an activation. All losses are registered with Keras, so a saved model can hold
one as an argument.
"""

import numbers

import keras
from keras import ops

from keras_gen.arguments import shown


def check_label_smoothing(label_smoothing) -> None:
    """Raises a ValueError unless `label_smoothing` lies in [0, 1), or is a tensor."""
    if isinstance(label_smoothing, numbers.Real) and not 0 <= label_smoothing < 1:
        raise ValueError(
            f"`label_smoothing` must lie in [0, 1). Received: {shown(label_smoothing)}"
        )


@keras.saving.register_keras_serializable(package="keras_gen")
def minimax_generator_loss(real_score, fake_score):
    """The generator's loss in the minimax game: the mean of `log(1 - D(fake))`.

    Its gradient vanishes if the discriminator is sure that the images are fake.

    Args:
        real_score: Not used; may be `None`.
        fake_score: Tensor of logits, of any shape.

    Returns:
        Float32 scalar of at most 0.

    Reference:
        Goodfellow et al., Generative Adversarial Networks, 2014 (arXiv:1406.2661),
        eq. 1 and Algorithm 1.

    Example:
    >>> import numpy as np
    >>> from keras_gen.losses import minimax_generator_loss
    >>> round(float(minimax_generator_loss(None, np.zeros((4, 1)))), 4)
    -0.6931
    """
    return -ops.mean(ops.softplus(ops.cast(fake_score, "float32")))


@keras.saving.register_keras_serializable(package="keras_gen")
def minimax_discriminator_loss(real_score, fake_score, label_smoothing=0.0):
    """The discriminator's cross-entropy: the value of the minimax game, negated.

    Without smoothing it is the mean of `-log D(real)` plus the mean of
    `-log(1 - D(fake))`. Its least value is `log 4` minus twice the Jensen-Shannon
    divergence between real and fake images.

    Args:
        real_score: Tensor of logits, of any shape.
        fake_score: Tensor of logits, of any shape.
        label_smoothing: Float in [0, 1). The target of real images is
            `1 - label_smoothing`; the target of fakes stays 0 (one-sided).

    Returns:
        Float32 scalar of at least 0.

    Raises:
        ValueError: If `label_smoothing` is outside [0, 1).

    Reference:
        Goodfellow et al., Generative Adversarial Networks, 2014 (arXiv:1406.2661),
        eq. 1 and Algorithm 1. Smoothing: Salimans et al., Improved Techniques for
        Training GANs, 2016 (arXiv:1606.03498), section 3.4.

    Example:
    >>> import numpy as np
    >>> from keras_gen.losses import minimax_discriminator_loss
    >>> round(float(minimax_discriminator_loss(np.zeros((4, 1)), np.zeros((4, 1)))), 4)
    1.3863
    """
    check_label_smoothing(label_smoothing)
    real_score = ops.cast(real_score, "float32")
    fake_score = ops.cast(fake_score, "float32")
    # (1 - a) softplus(-s) + a softplus(s), as softplus(s) = s + softplus(-s).
    real = ops.softplus(-real_score) + label_smoothing * real_score
    return ops.mean(real) + ops.mean(ops.softplus(fake_score))


@keras.saving.register_keras_serializable(package="keras_gen")
def non_saturating_generator_loss(real_score, fake_score):
    """The generator's non-saturating loss: the mean of `-log D(fake)`.

    It has the same fixed point as the minimax loss, but its gradient is large if the
    discriminator is sure that the images are fake.

    Args:
        real_score: Not used; may be `None`.
        fake_score: Tensor of logits, of any shape.

    Returns:
        Float32 scalar of at least 0.

    Reference:
        Goodfellow et al., Generative Adversarial Networks, 2014 (arXiv:1406.2661),
        section 3.

    Example:
    >>> import numpy as np
    >>> from keras_gen.losses import non_saturating_generator_loss
    >>> round(float(non_saturating_generator_loss(None, np.zeros((4, 1)))), 4)
    0.6931
    """
    return ops.mean(ops.softplus(-ops.cast(fake_score, "float32")))


@keras.saving.register_keras_serializable(package="keras_gen")
def non_saturating_discriminator_loss(real_score, fake_score, label_smoothing=0.0):
    """The discriminator's loss, equal to `minimax_discriminator_loss`.

    The two games differ only in the generator's loss.

    Args:
        real_score: Tensor of logits, of any shape.
        fake_score: Tensor of logits, of any shape.
        label_smoothing: Float in [0, 1). The target of real images is
            `1 - label_smoothing`; the target of fakes stays 0 (one-sided).

    Returns:
        Float32 scalar of at least 0.

    Raises:
        ValueError: If `label_smoothing` is outside [0, 1).

    Reference:
        Goodfellow et al., Generative Adversarial Networks, 2014 (arXiv:1406.2661),
        section 3.
    """
    return minimax_discriminator_loss(real_score, fake_score, label_smoothing)


@keras.saving.register_keras_serializable(package="keras_gen")
def wasserstein_generator_loss(real_score, fake_score):
    """The generator's loss in the Wasserstein game: the mean score of fakes, negated.

    Args:
        real_score: Not used; may be `None`.
        fake_score: Tensor of scores, of any shape.

    Returns:
        Float32 scalar.

    Reference:
        Arjovsky et al., Wasserstein GAN, 2017 (arXiv:1701.07875), Algorithm 1.

    Example:
    >>> import numpy as np
    >>> from keras_gen.losses import wasserstein_generator_loss
    >>> float(wasserstein_generator_loss(None, np.full((4, 1), 2.0)))
    -2.0
    """
    return -ops.mean(ops.cast(fake_score, "float32"))


@keras.saving.register_keras_serializable(package="keras_gen")
def wasserstein_discriminator_loss(real_score, fake_score):
    """The mean score of fakes minus the mean score of real images.

    If the slope of the discriminator is at most K, the negated loss is at most K times
    the Wasserstein distance between real and fake images.

    Args:
        real_score: Tensor of scores, of any shape.
        fake_score: Tensor of scores, of any shape.

    Returns:
        Float32 scalar.

    Reference:
        Arjovsky et al., Wasserstein GAN, 2017 (arXiv:1701.07875), Algorithm 1.

    Example:
    >>> import numpy as np
    >>> from keras_gen.losses import wasserstein_discriminator_loss
    >>> float(wasserstein_discriminator_loss(np.ones((4, 1)), np.zeros((4, 1))))
    -1.0
    """
    real_score = ops.cast(real_score, "float32")
    fake_score = ops.cast(fake_score, "float32")
    return ops.mean(fake_score) - ops.mean(real_score)


@keras.saving.register_keras_serializable(package="keras_gen")
def least_squares_generator_loss(real_score, fake_score, target_code=1.0):
    """The generator's loss in the least-squares game.

    Args:
        real_score: Not used; may be `None`.
        fake_score: Tensor of scores, of any shape.
        target_code: Float, the score that the generator wants for fakes, `c` in the
            paper.

    Returns:
        Float32 scalar of at least 0.

    Reference:
        Mao et al., Least Squares Generative Adversarial Networks, 2016
        (arXiv:1611.04076), section 3.2.

    Example:
    >>> import numpy as np
    >>> from keras_gen.losses import least_squares_generator_loss
    >>> float(least_squares_generator_loss(None, np.zeros((4, 1))))
    0.5
    """
    return 0.5 * ops.mean(ops.square(ops.cast(fake_score, "float32") - target_code))


@keras.saving.register_keras_serializable(package="keras_gen")
def least_squares_discriminator_loss(
    real_score, fake_score, fake_code=0.0, real_code=1.0
):
    """The discriminator's loss in the least-squares game.

    Its least is at the score `(b p + a q) / (p + q)`, where `p` and `q` are the
    densities of real images and of fakes, `b` and `a` their codes.

    Args:
        real_score: Tensor of scores, of any shape.
        fake_score: Tensor of scores, of any shape.
        fake_code: Float, the score wanted for fakes, `a` in the paper.
        real_code: Float, the score wanted for real images, `b` in the paper.

    Returns:
        Float32 scalar of at least 0.

    Reference:
        Mao et al., Least Squares Generative Adversarial Networks, 2016
        (arXiv:1611.04076), section 3.2.

    Example:
    >>> import numpy as np
    >>> from keras_gen.losses import least_squares_discriminator_loss
    >>> float(least_squares_discriminator_loss(np.ones((4, 1)), np.zeros((4, 1))))
    0.0
    """
    real = ops.square(ops.cast(real_score, "float32") - real_code)
    fake = ops.square(ops.cast(fake_score, "float32") - fake_code)
    return 0.5 * (ops.mean(real) + ops.mean(fake))


@keras.saving.register_keras_serializable(package="keras_gen")
def hinge_generator_loss(real_score, fake_score):
    """The generator's loss in the hinge game: the mean score of fakes, negated.

    Args:
        real_score: Not used; may be `None`.
        fake_score: Tensor of scores, of any shape.

    Returns:
        Float32 scalar.

    Reference:
        Miyato et al., Spectral Normalization for Generative Adversarial Networks, 2018
        (arXiv:1802.05957), eq. 17.
    """
    return wasserstein_generator_loss(real_score, fake_score)


@keras.saving.register_keras_serializable(package="keras_gen")
def hinge_discriminator_loss(real_score, fake_score):
    """The discriminator's hinge loss: nothing is gained by scores beyond 1 and -1.

    Args:
        real_score: Tensor of scores, of any shape.
        fake_score: Tensor of scores, of any shape.

    Returns:
        Float32 scalar of at least 0.

    Reference:
        Miyato et al., Spectral Normalization for Generative Adversarial Networks, 2018
        (arXiv:1802.05957), eq. 16.

    Example:
    >>> import numpy as np
    >>> from keras_gen.losses import hinge_discriminator_loss
    >>> float(hinge_discriminator_loss(np.full((4, 1), 2.0), np.zeros((4, 1))))
    1.0
    """
    real = ops.relu(1.0 - ops.cast(real_score, "float32"))
    fake = ops.relu(1.0 + ops.cast(fake_score, "float32"))
    return ops.mean(real) + ops.mean(fake)
