"""From the outputs of a network to a distribution of examples.

A likelihood is a small serializable object. A decoder computes the parameters of all
values of an example at once; called on these, a likelihood returns a TFP distribution
of examples. An autoregressive network computes the parameters of one site after the
other; a likelihood on levels then returns probabilities, cumulative probabilities and
quantiles of levels, which are the integers from 0 to `num_levels - 1`.
"""

import math
from typing import Self

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from keras_gen.arguments import check_count, check_positive, shown
from keras_gen.distributions.bernoulli_image import BernoulliImage
from keras_gen.distributions.discretized_logistic import DiscretizedLogistic
from keras_gen.distributions.most_probable import most_probable

tfd = tfp.distributions

#: All real numbers, as a logit, a score or the log of a scale may be any.
REALS = (-math.inf, math.inf)


class Likelihood:
    """Abstract: from the outputs of a network to a distribution of examples.

    A likelihood for decoders is a callable from outputs to a TFP distribution of
    examples. The outputs have the shape of a batch of examples, with a last axis that
    is `parameters_per_value` times as long: the first parameter of all values comes
    first, then the second.
    """

    #: Integer, how many outputs of a network describe one value of an example.
    parameters_per_value = 1
    #: Integer, how many levels a value can have; None if it is continuous.
    num_levels = None
    #: Pair of floats, what the outputs of a network must be able to come near to, such
    #: as `(-inf, inf)` for logits. None if it is the range of the values.
    parameter_range = None

    def center(self, distribution) -> tf.Tensor:
        """The example that stands for a distribution where none is drawn: its mean.

        Args:
            distribution: What the likelihood returned.

        Returns:
            Float32 tensor of the shape of a batch of examples.
        """
        return distribution.mean()

    def get_config(self) -> dict:
        return {}

    @classmethod
    def from_config(cls, config) -> Self:
        return cls(**config)


class LevelLikelihood(Likelihood):
    """Abstract: a likelihood of values on levels, for single sites."""

    num_levels = 2

    def log_prob(self, parameters, levels) -> tf.Tensor:
        """The log probability of levels, in nats.

        Args:
            parameters: Float32 tensor of shape `(..., parameters_per_value)`.
            levels: Int32 tensor of shape `(...)`.

        Returns:
            Float32 tensor of shape `(...)`.
        """
        raise NotImplementedError

    def level_log_probs(self, parameters) -> tf.Tensor:
        """The log probability of every level, in nats.

        Args:
            parameters: Float32 tensor of shape `(..., parameters_per_value)`.

        Returns:
            Float32 tensor of shape `(..., num_levels)`.
        """
        return self.log_prob(parameters[..., None, :], tf.range(self.num_levels))

    def cumulative(self, parameters, temperature=1.0) -> tf.Tensor:
        """The cumulative probability of each level except the highest.

        Args:
            parameters: Float32 tensor of shape `(..., parameters_per_value)`.
            temperature: Positive float, or float32 tensor that broadcasts to `(...)`;
                probabilities are raised to the power `1 / temperature`.

        Returns:
            Float32 tensor of shape `(..., num_levels - 1)`.
        """
        return _cumulative(self.level_log_probs(parameters), temperature)

    def mean(self, parameters, temperature=1.0) -> tf.Tensor:
        """The expected levels, float32 of shape `(...)`; see `cumulative()`."""
        # The mean of a level is the sum of its survival function.
        passed = self.cumulative(parameters, temperature)
        survival = tf.reduce_mean(1.0 - passed, axis=-1)
        return survival * (self.num_levels - 1)

    def quantile(
        self, parameters, uniform, temperature=1.0, top_k=None, top_p=None
    ) -> tf.Tensor:
        """The levels at which the cumulative probability passes uniform numbers.

        Args:
            parameters: Float32 tensor of shape `(..., parameters_per_value)`.
            uniform: Float32 tensor of shape `(...)` in [0, 1).
            temperature: As for `cumulative()`.
            top_k: Optional, see `keras_gen.distributions.most_probable()`. Levels that
                are not left have the probability 0; the others keep their ratios. The
                temperature comes first.
            top_p: Optional, as `top_k`.

        Returns:
            Int32 tensor of shape `(...)`.
        """
        if top_k is None and top_p is None:
            return _passed(uniform, self.cumulative(parameters, temperature))
        log_probs = self.level_log_probs(parameters) / _per_value(temperature)
        log_probs = tf.nn.log_softmax(log_probs)
        kept = most_probable(log_probs, top_k, top_p)
        left = tf.where(kept, log_probs, -math.inf)
        level = _passed(uniform, _cumulative(left, 1.0))
        # Rounded, the probabilities of those left may sum to less than 1.
        places = tf.where(kept, tf.range(self.num_levels), 0)
        return tf.minimum(level, tf.reduce_max(places, axis=-1))


class MixableLikelihood(LevelLikelihood):
    """Abstract: a likelihood whose mixtures are of the same kind."""

    def mixture(self, parameters) -> tf.Tensor:
        """The parameters of the mean of several distributions.

        Args:
            parameters: Float32 tensor of shape `(num, ..., parameters_per_value)`.

        Returns:
            Float32 tensor of shape `(..., parameters_per_value)`.
        """
        raise NotImplementedError


@keras.saving.register_keras_serializable(package="keras_gen")
class BernoulliLikelihood(MixableLikelihood):
    """Black or white pixels: the parameter is the logit of white.

    Example:
    >>> import tensorflow as tf
    >>> from keras_gen.distributions import BernoulliLikelihood
    >>> uniform = tf.constant([0.4, 0.6])
    >>> BernoulliLikelihood().quantile(tf.zeros((2, 1)), uniform).numpy()
    array([0, 1], dtype=int32)
    """

    parameter_range = REALS

    def __call__(self, outputs):
        outputs = tf.cast(outputs, tf.float32)
        if outputs.shape.rank == 4:
            return BernoulliImage(outputs)
        return _independent(tfd.Bernoulli(outputs, dtype=tf.float32))

    def log_prob(self, parameters, levels):
        logits = parameters[..., 0]
        return tf.cast(levels, tf.float32) * logits - tf.nn.softplus(logits)

    def cumulative(self, parameters, temperature=1.0):
        return tf.sigmoid(-parameters / _per_value(temperature))

    def mixture(self, parameters):
        white = tf.reduce_logsumexp(tf.math.log_sigmoid(parameters), axis=0)
        return white - tf.reduce_logsumexp(tf.math.log_sigmoid(-parameters), axis=0)


@keras.saving.register_keras_serializable(package="keras_gen")
class CategoricalLikelihood(MixableLikelihood):
    """Any distribution on levels: the parameters are a logit for each level.

    Args:
        num_levels: Integer of at least 2.

    Raises:
        ValueError: If `num_levels` is not such an integer.

    Example:
    >>> import tensorflow as tf
    >>> from keras_gen.distributions import CategoricalLikelihood
    >>> uniform = tf.constant([0.1, 0.5, 0.9])
    >>> CategoricalLikelihood(3).quantile(tf.zeros((3, 3)), uniform).numpy()
    array([0, 1, 2], dtype=int32)
    """

    parameter_range = REALS

    def __init__(self, num_levels=256):
        check_count(num_levels, "num_levels", 2)
        self.num_levels = num_levels
        self.parameters_per_value = num_levels

    def log_prob(self, parameters, levels):
        # Not TensorFlow's cross-entropy of sparse labels, which TFLite lacks.
        is_level = levels[..., None] == tf.range(self.num_levels)
        log_probs = tf.nn.log_softmax(parameters)
        return tf.reduce_sum(tf.where(is_level, log_probs, 0.0), axis=-1)

    def level_log_probs(self, parameters):
        return tf.nn.log_softmax(parameters)

    def cumulative(self, parameters, temperature=1.0):
        return _cumulative(parameters, temperature)

    def mixture(self, parameters):
        return tf.reduce_logsumexp(tf.nn.log_softmax(parameters), axis=0)

    def get_config(self):
        return {"num_levels": self.num_levels}


@keras.saving.register_keras_serializable(package="keras_gen")
class GaussianLikelihood(Likelihood):
    """Real values with a fixed scale: the negative log density is a squared error.

    Args:
        scale: Positive float, the standard deviation of every value. With
            `1 / sqrt(2)` the distortion is the summed squared error plus a constant.

    Raises:
        ValueError: If `scale` is not positive.
    """

    def __init__(self, scale=1.0):
        check_positive(scale=scale)
        self.scale = float(scale)

    def __call__(self, outputs):
        return _independent(tfd.Normal(tf.cast(outputs, tf.float32), self.scale))

    def get_config(self):
        return {"scale": self.scale}


@keras.saving.register_keras_serializable(package="keras_gen")
class LearnedGaussianLikelihood(Likelihood):
    """Real values with learned scales: the outputs are means, then log scales.

    Args:
        least_scale: Positive float, added to every scale. Without it the density of
            grey values on 256 levels would be unbounded.

    Raises:
        ValueError: If `least_scale` is not positive.
    """

    parameters_per_value = 2
    parameter_range = REALS

    def __init__(self, least_scale=1e-2):
        check_positive(least_scale=least_scale)
        self.least_scale = float(least_scale)

    def __call__(self, outputs):
        mean, log_scale = tf.split(tf.cast(outputs, tf.float32), 2, axis=-1)
        return _independent(tfd.Normal(mean, self.least_scale + tf.exp(log_scale)))

    def get_config(self):
        return {"least_scale": self.least_scale}


@keras.saving.register_keras_serializable(package="keras_gen")
class DiscretizedLogisticLikelihood(LevelLikelihood):
    """Grey values in [0, 1] on levels, with probabilities instead of densities.

    The parameters are a location, relative to mid-grey, and a log scale. To get bits
    per dimension, divide the log probability of an image by `-log(2)` and by the number
    of its values.

    Args:
        num_levels: Integer of at least 2.
        center_by: `"mean"` or `"median"`: what stands for the distribution of a value
            where none is drawn, as in `decode()`. The mean of an uncertain black value
            is grey, since no value is darker than black; the median is black.

    Raises:
        ValueError: If an argument is not such.

    Reference:
        Salimans et al., "PixelCNN++", 2017, arXiv:1701.05517, eq. 2.

    Example:
    >>> import tensorflow as tf
    >>> from keras_gen.distributions import DiscretizedLogisticLikelihood
    >>> outputs = tf.constant([[-0.5, 0.0]])  # black, with a scale of exp(-2)
    >>> for center_by in ("mean", "median"):
    ...     likelihood = DiscretizedLogisticLikelihood(center_by=center_by)
    ...     print(likelihood.center(likelihood(outputs)).numpy().round(2))
    [[0.09]]
    [[0.]]
    """

    parameters_per_value = 2
    parameter_range = REALS

    def __init__(self, num_levels=256, center_by="mean"):
        check_count(num_levels, "num_levels", 2)
        if center_by not in ("mean", "median"):
            raise ValueError(
                f"`center_by` must be 'mean' or 'median'. Received: {shown(center_by)}"
            )
        self.num_levels = num_levels
        self.center_by = center_by

    def __call__(self, outputs):
        outputs = tf.cast(outputs, tf.float32)
        return _independent(self._values(*tf.split(outputs, 2, axis=-1)))

    def log_prob(self, parameters, levels):
        values = tf.cast(levels, tf.float32) / (self.num_levels - 1)
        return self._values(*tf.unstack(parameters, axis=-1)).log_prob(values)

    def center(self, distribution):
        if self.center_by == "mean":
            return distribution.mean()
        # Within half a level of the median of levels.
        return tf.clip_by_value(distribution.distribution.location, 0.0, 1.0)

    def get_config(self):
        return {"num_levels": self.num_levels, "center_by": self.center_by}

    def _values(self, location, log_scale):
        # Scales below exp(-7) are sharper than 256 levels lie apart, and their
        # gradients vanish.
        scale = tf.exp(tf.maximum(log_scale - 2.0, -7.0))
        return DiscretizedLogistic(0.5 + location, scale, self.num_levels)


def _independent(values):
    """The distribution of examples with independent values."""
    rank = values.batch_shape.rank - 1
    return tfd.Independent(values, reinterpreted_batch_ndims=rank)


def _cumulative(logits, temperature):
    # Below their greatest first: divided by a small temperature, it is infinite.
    logits -= tf.reduce_max(logits, axis=-1, keepdims=True)
    probabilities = tf.nn.softmax(logits / _per_value(temperature))
    return tf.cumsum(probabilities, axis=-1)[..., :-1]


def _passed(uniform, steps):
    passed = uniform[..., None] >= steps
    return tf.reduce_sum(tf.cast(passed, tf.int32), axis=-1)


def _per_value(temperature):
    return tf.convert_to_tensor(temperature, tf.float32)[..., None]
