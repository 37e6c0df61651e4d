"""The base of models that draw an example site by site."""

import math

import numpy as np
import tensorflow as tf

from keras_gen.arguments import check_image_shape, shown
from keras_gen.distributions import LevelLikelihood
from keras_gen.domains import Domain, Images, Labels
from keras_gen.models.base.abilities import Classifying, ExactLikelihood
from keras_gen.models.base.config import arguments_of
from keras_gen.models.base.generative_model import GenerativeModel
from keras_gen.models.base.marks import marked
from keras_gen.models.base.site_coding import SiteCoding
from keras_gen.models.base.site_imputing import SiteImputing
from keras_gen.models.base.site_sampling import SiteSampler


class AutoregressiveModel(
    SiteCoding,
    SiteImputing,
    SiteSampler,
    ExactLikelihood,
    Classifying,
    GenerativeModel,
):
    """Abstract: the probability of an example as a product over its sites.

    Each site has a distribution on its levels, given the earlier sites in raster order
    with the channels innermost. Images are a grid of sites, symbols and sound a single
    row. Reports `loss`, the negative log-likelihood of an example in nats, and
    `bits_per_dimension`.

    A subclass implements `site_parameters()`, `initial_cache()` and `advance()`. It can
    also implement `enter_row()`, to compute whole rows, and `training_parameters()`, if
    training differs from evaluation.

    Args:
        x_domain: `keras_gen.domains.Images`, `Symbols` or `Waveforms` with the levels
            of `output_distribution`; or a tuple `(height, width, channels)` for images
            in [0, 1].
        output_distribution: `keras_gen.distributions.LevelLikelihood`, the distribution
            of a site given the outputs of the network.
        num_classes: Optional integer of at least 2. If given, the model learns from
            labels.

    Raises:
        ValueError: If an argument is wrong.
    """

    term_names = ("loss", "bits_per_dimension")
    call_takes = ("x", "y")
    #: Integer, for a single row: the first sites, which the loss of a step leaves out.
    num_unscored = 0

    def __init__(self, x_domain, output_distribution, num_classes=None, **kwargs):
        super().__init__(**kwargs)
        if not isinstance(output_distribution, LevelLikelihood):
            raise ValueError(
                "`output_distribution` must be a likelihood on levels, such as "
                f"`BernoulliLikelihood()`. Received: {shown(output_distribution)}"
            )
        if num_classes is not None and "num_classes" not in arguments_of(type(self)):
            raise ValueError(
                f"`num_classes` must be left out: {type(self).__name__} learns from "
                f"examples alone. Received: {shown(num_classes)}"
            )
        num_levels = output_distribution.num_levels
        if not isinstance(x_domain, Domain):
            check_image_shape(x_domain)
            x_domain = Images(x_domain, levels=num_levels)
        if x_domain.num_levels != num_levels:
            raise ValueError(
                f"`x_domain` must have the {num_levels} levels of "
                f"{type(output_distribution).__name__}. Received: {x_domain!r}"
            )
        if x_domain.optional:
            raise ValueError(
                f"`x_domain` must be without unknown values: {type(self).__name__} "
                f"does not learn from them. Received: {x_domain!r}"
            )
        self.x_domain = x_domain
        self.y_domain = None if num_classes is None else Labels(num_classes)
        self.output_distribution = output_distribution

    # Hooks

    def site_parameters(self, x, y=None, training=False) -> tf.Tensor:
        """The parameters of the distribution of every site, given the earlier ones.

        Args:
            x: Tensor of shape `(batch, *x_domain.shape)`.
            y: Tensor of the `y_domain`, if there is one.
            training: Boolean, whether layers behave as in training.

        Returns:
            Float32 tensor of shape `(batch, *sites, parameters_per_value)`, or that
            shape without the axes of one element.
        """
        raise NotImplementedError

    def training_parameters(self, batch) -> tf.Tensor:
        """The parameters of every site of a `Batch` in training."""
        return self.site_parameters(batch.x, batch.y, training=True)

    def log_prob_of_sites(self, x, y=None) -> list:
        """The log probability of every site, for each component of a mixture.

        Args:
            x: Tensor of shape `(batch, *x_domain.shape)`.
            y: Tensor of the `y_domain`, if there is one.

        Returns:
            List of float32 tensors of shape `(batch, *sites)`. The probability of an
            example is the mean over the list of its product over the sites.
        """
        return [self._log_probs(self.site_parameters(x, y), x)]

    # Likelihood

    def loss_terms(self, batch, training):
        num = math.prod(self.x_domain.sites)
        if training:
            log_probs = [self._log_probs(self.training_parameters(batch), batch.x)]
            if self.num_unscored:
                log_probs = [some[:, :, self.num_unscored :] for some in log_probs]
                num -= self.num_unscored
        else:
            log_probs = self.log_prob_of_sites(batch.x, batch.y)
        loss = -tf.reduce_mean(_log_mean_prob(log_probs))
        bits = loss / (math.log(2.0) * num)
        return {"loss": loss, "bits_per_dimension": bits}

    def log_prob_conditions(self, num_rows, mask=None, **given) -> dict:
        """Checks and completes the further arguments of `log_prob()`.

        Args:
            num_rows: Integer, the number of examples.
            mask: Optional boolean array of known sites, as in `impute()`. If given,
                the result is the log-likelihood of the other sites given these.
            **given: No other argument is allowed.

        Raises:
            ValueError: If an argument is unknown or wrong.
        """
        known = {} if mask is None else {"mask": self.known_sites(mask, num_rows)}
        return {**super().log_prob_conditions(num_rows, **given), **known}

    def batch_log_prob(self, x, y=None, mask=None):
        log_probs = self.log_prob_of_sites(x, y)
        if mask is not None:
            log_probs = [tf.where(mask, 0.0, log_prob) for log_prob in log_probs]
        return _log_mean_prob(log_probs)

    @marked(("x",), ("probabilities",), traced=None)
    def classify(self, x, batch_size=256) -> np.ndarray:
        """Computes class probabilities by Bayes' rule, with equal prior probabilities.

        Args:
            x: Array of shape `(num, *x_domain.shape)`.
            batch_size: Integer of at least 1. It limits memory and does not change the
                result.

        Returns:
            Float32 array of shape `(num, num_classes)`, with a sum of 1 for each
            example.

        Raises:
            ValueError: If an argument is wrong, or the model has no classes.
        """
        if self.y_domain is None:
            raise ValueError(
                f"This {type(self).__name__} has no classes. Received: num_classes=None"
            )
        self.x_domain.check(x, "x")
        scores = [
            self.log_prob(x, np.full(len(x), label), batch_size=batch_size)
            for label in range(self.y_domain.num_classes)
        ]
        return tf.nn.softmax(np.stack(scores, axis=-1)).numpy()

    def _log_probs(self, parameters, x):
        return self.output_distribution.log_prob(
            self.by_site(parameters), self.levels_of(x)
        )

    # What the network gives

    def call(self, inputs) -> tf.Tensor:
        """The parameters of every site of examples, or of a pair `(x, y)`."""
        is_pair = isinstance(inputs, (tuple, list)) and len(inputs) == 2
        x, y = inputs if is_pair else (inputs, None)
        if (y is None) != (self.y_domain is None):
            raise ValueError(
                f"`y` must be {'left out' if y is not None else 'given'}: this "
                f"{type(self).__name__} takes "
                + ("`x` alone." if y is not None else "pairs (x, y).")
            )
        self.x_domain.check_shape(x, "x")
        y = None if y is None else self.y_domain.cast(y)
        return self.site_parameters(self.x_domain.cast(x), y)

    def comparison(self, batch):
        parameters = self.by_site(self.site_parameters(batch.x, batch.y))
        means = self.output_distribution.mean(parameters)
        means = tf.reshape(means, (-1, *self.x_domain.shape))
        return batch.x, self.x_domain.from_levels(means)


def _log_mean_prob(log_probs):
    """The log of the mean probability of examples, from the log of those of sites."""
    totals = [tf.reduce_sum(log_prob, axis=(1, 2, 3)) for log_prob in log_probs]
    return tf.reduce_logsumexp(totals, axis=0) - math.log(len(totals))
