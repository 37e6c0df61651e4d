"""Gaussian mixture, fitted by expectation maximization (Dempster et al., 1977)."""

import math
import warnings

import keras
import numpy as np
import tensorflow as tf

from keras_gen.arguments import check_count, shown
from keras_gen.distributions import Covariance, FullCovariance
from keras_gen.domains import Images, Vectors
from keras_gen.layers import ActNorm, FlowChain, FlowLayer
from keras_gen.models.base import MixtureModel
from keras_gen.models.base.batches import some_examples
from keras_gen.models.mixture.k_means import k_means
from keras_gen.random import Rows

_TINY = 1e-12


@keras.saving.register_keras_serializable(package="keras_gen")
class GaussianMixture(MixtureModel):
    """Fits vectors or images by a weighted sum of normal distributions.

    Call `adapt(x)` first: it starts from k-means. Else means are random at first, which
    suits standardized data only, and `fit()` warns. An epoch of `fit()` is a step of
    expectation maximization. Reports `loss`, the negative log-likelihood of an example
    in nats, and `collapsed`, the number of components that have shrunk in some
    direction to the floor of the variance: they fit few examples, or some values of the
    data do not vary.

    Args:
        num_components: Integer of at least 1.
        x_domain: `keras_gen.domains.Vectors` or `Images`; or an integer, the size of
            vectors.
        covariance: What the components have for a covariance:
            `keras_gen.distributions.FullCovariance()`, `DiagonalCovariance()`,
            `TiedCovariance()` or `FactorCovariance(rank)`. Defaults to the first.
        regularization: Positive float, the floor: what is added to each variance, as a
            share of the variance of the data.
        preprocessing: Optional layer of a flow, such as `keras_gen.layers.Logit(1e-6)`:
            the mixture is one of its outputs, and likelihoods count its
            log-determinant.
        **kwargs: Options of every such model, see
            `keras_gen.models.base.ExpectationMaximization`: `stepwise`, `seed`, `name`.

    Raises:
        ValueError: If an argument is wrong.

    Reference:
        Dempster, Laird and Rubin, "Maximum likelihood from incomplete data via the EM
        algorithm", 1977, doi:10.1111/j.2517-6161.1977.tb01600.x.

    Example:
    >>> import numpy as np
    >>> from keras_gen.models import GaussianMixture
    >>> x = np.array([[0.0], [1.0], [9.0], [11.0]], "float32")
    >>> model = GaussianMixture(2, 1)
    >>> model.adapt(x)
    >>> model.compile()
    >>> history = model.fit(x, epochs=5, verbose=0)
    >>> sorted(round(float(mean), 1) for mean in model.means()[:, 0])
    [0.5, 10.0]
    """

    term_names = ("loss", "collapsed")

    def __init__(
        self,
        num_components,
        x_domain,
        covariance=None,
        regularization=1e-5,
        preprocessing=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        check_count(num_components, "num_components", 1)
        if isinstance(x_domain, int):
            x_domain = Vectors(x_domain)
        covariance = FullCovariance() if covariance is None else covariance
        for name, value, kinds, example in (
            ("x_domain", x_domain, Vectors | Images, "Vectors or Images without NaN"),
            ("covariance", covariance, Covariance, "one such as `FullCovariance()`"),
            ("preprocessing", preprocessing, FlowLayer | None, "a layer of a flow"),
        ):
            if not isinstance(value, kinds) or getattr(value, "optional", False):
                raise ValueError(
                    f"`{name}` must be {example}. Received: {shown(value)}"
                )
        if not (isinstance(regularization, float) and 0.0 < regularization < math.inf):
            raise ValueError(
                "`regularization` must be a positive float, or singular covariances "
                f"have no density. Received: {shown(regularization)}"
            )
        self.num_components, self.x_domain = num_components, x_domain
        self.covariance, self.regularization = covariance, regularization
        self.preprocessing, self._size = preprocessing, math.prod(x_domain.shape)
        before = [] if preprocessing is None else [preprocessing]
        self._flow = FlowChain([*before, ActNorm(least=0.0, trainable=False)])
        self._flow.build((None, self._size))
        # Without `adapt()`: as for standardized data.
        rows = Rows(num_components, self.seed)
        means = np.array(rows.normal((self._size,), "means"), np.float64)
        weights = np.full(num_components, 1.0 / num_components)
        start = self.statistics_of(weights, means, np.ones_like(means))
        self.hold(start)
        self._random_means = start[1]

    def fit_callbacks(self):
        return [keras.callbacks.LambdaCallback(on_train_begin=self._warn_if_random)]

    def _warn_if_random(self, logs):
        if np.array_equal(np.array(self._statistics[1]), self._random_means):
            warnings.warn(
                "The means are random: call `adapt(x)` before `fit()` to start from "
                "clusters of the data, unless these are standardized.",
                stacklevel=2,
            )

    def adapt(self, x, most=10_000) -> None:
        """Starts from the clusters that k-means finds in some of the data.

        All components begin with the variances within clusters. Statistics are kept in
        units of the mean and standard deviation of these examples, so that rounding
        does not depend on the units of the data.

        Args:
            x: Array of examples, or a dataset of batches of them.
            most: Integer, how many examples to use. An array is thinned out evenly. Of
                a dataset they are the first.

        Raises:
            ValueError: If `x` is wrong, or has fewer examples than components.
        """
        check_count(most, "most", 1)
        x = some_examples(x, most)
        self.x_domain.check(x, "x")
        if len(x) < self.num_components:
            raise ValueError(
                "`num_components` must be at most the number of examples in `x`. "
                f"Received: {self.num_components} components and {len(x)} examples"
            )
        flat = tf.reshape(self.x_domain.cast(x), (-1, self._size))
        values = np.array(self._flow.adapt(flat), np.float64)
        means, cluster = k_means(values, self.num_components, self.seed)
        weights = np.bincount(cluster, minlength=self.num_components) / len(values)
        within = np.square(values - means[cluster]).mean(axis=0) + self.regularization
        self.restart(self.statistics_of(weights, means, within + 0.0 * means))

    def statistics_of(self, weights, means, variances) -> list:
        """The statistics of a mixture without correlations, in standardized units."""
        shape = self.covariance.start_noise_shape(self._size)
        noise = Rows(len(means), self.seed).normal(shape, "start")
        weights = np.maximum(weights, _TINY)
        found = self.covariance.start(weights, means, variances, np.array(noise))
        return [np.asarray(value, "float32") for value in (weights, *found)]

    # Hooks

    def log_joint(self, x, parameters):
        values, log_det = self._flow(tf.reshape(x, (-1, self._size)))
        weights, *rest = parameters
        density = self.covariance.log_density(values, rest)
        return tf.math.log(weights) + density + log_det[:, None]

    def shared_statistics(self, x, shares, parameters):
        values, _ = self._flow(tf.reshape(x, (-1, self._size)))
        return self.covariance.expect(values, shares, parameters[1:])

    def maximize(self, statistics, num_examples):
        weights = tf.maximum(statistics[0], _TINY)
        rest = self.covariance.maximize(weights, statistics[1:], self.regularization)
        return [weights / tf.reduce_sum(weights), *rest]

    def further_terms(self, parameters):
        least = self.covariance.smallest_variance(parameters[1:])
        small = tf.cast(least < 2.0 * self.regularization, "float32")
        return {"collapsed": tf.reduce_sum(small)}

    def comparison(self, batch):
        means = tf.matmul(self.responsibilities(batch.x), self.means())
        return batch.x, tf.reshape(means, (-1, *self.x_domain.shape))

    def component_noise(self, rows):
        return rows.normal((self.covariance.noise_size(self._size),), "values")

    def draw_from(self, chosen, noise, parameters):
        values = self.covariance.draw(chosen, noise, parameters[1:])
        return tf.reshape(self._flow.inverse(values), (-1, *self.x_domain.shape))

    # What users call

    def means(self) -> tf.Tensor:
        """The means of the components, `(num_components, size)`, in units of the data.

        With a `preprocessing` they are its inverse of the means of its outputs.
        """
        return self._flow.inverse(self.parameters()[1])
