"""Gaussian mixture, fitted by expectation maximization (Dempster et al., 1977)."""

import math

import keras
import numpy as np
import tensorflow as tf

from keras_gen.arguments import check_count, check_reals, shown
from keras_gen.distributions import Covariance, FullCovariance
from keras_gen.domains import Domain, Images, Vectors
from keras_gen.models.base import (
    ExactLikelihood,
    ExpectationMaximization,
    Sampler,
    marked,
)
from keras_gen.models.base.batches import some_examples
from keras_gen.models.mixture.k_means import k_means
from keras_gen.random import Rows

_TINY = 1e-12


@keras.saving.register_keras_serializable(package="keras_gen")
class GaussianMixture(Sampler, ExactLikelihood, ExpectationMaximization):
    """Fits vectors or images by a weighted sum of normal distributions.

    Call `adapt(x)` first: it starts from k-means. Then an epoch of `fit()` is a step of
    expectation maximization. Reports `loss`, the negative log-likelihood of an example
    in nats, and `collapsed`, the number of components that have shrunk in some
    direction to the floor of the variance: they fit few examples, or the data have a
    value that does not vary.

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
        [Maximum likelihood from incomplete data via the EM algorithm](
        https://doi.org/10.1111/j.2517-6161.1977.tb01600.x), 1977.

    Example:
    >>> import numpy as np
    >>> from keras_gen.models import GaussianMixture
    >>> x = np.array([[0.0], [1.0], [9.0], [11.0]], "float32")
    >>> model = GaussianMixture(2, 1)
    >>> model.adapt(x)
    >>> model.compile()
    >>> history = model.fit(x, epochs=5, verbose=0)
    >>> sorted(round(float(mean), 3) for mean in model.means()[:, 0])
    [0.5, 10.0]
    """

    term_names = ("loss", "collapsed")
    default_method = "responsibilities"
    call_takes = ("x",)

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
        if not isinstance(x_domain, (Vectors, Images)):
            raise ValueError(
                "`x_domain` must be Vectors or Images, or the size of vectors. "
                f"Received: {shown(x_domain)}"
            )
        covariance = FullCovariance() if covariance is None else covariance
        if not isinstance(covariance, Covariance):
            raise ValueError(
                "`covariance` must be an object such as `FullCovariance()`. Received: "
                f"{shown(covariance)}"
            )
        check_reals(regularization=regularization)
        if not 0.0 < regularization < math.inf:
            raise ValueError(
                "`regularization` must be positive, or singular covariances have no "
                f"density. Received: {shown(regularization)}"
            )
        self.num_components = num_components
        self.x_domain = x_domain
        self.covariance = covariance
        self.regularization = float(regularization)
        self.preprocessing = preprocessing
        self._size = math.prod(x_domain.shape)
        fixed = {"shape": (self._size,), "trainable": False}
        self._shift = self.add_weight(initializer="zeros", name="shift", **fixed)
        self._scale = self.add_weight(initializer="ones", name="scale", **fixed)
        # Without `adapt()`: as for standardized data.
        rows = Rows(num_components, self.seed)
        means = np.array(rows.normal((self._size,), "means"), np.float64)
        weights = np.full(num_components, 1.0 / num_components)
        self.hold(self._statistics_of(weights, means, np.ones_like(means)))

    def adapt(self, x, most=10_000) -> None:
        """Starts from the clusters that k-means finds in some of the data.

        All components begin with the variances within clusters. Statistics are kept in
        units of the mean and standard deviation of these examples, so that rounding
        does not depend on the units of the data.

        Args:
            x: Array of examples, or a dataset of batches of them.
            most: Integer, how many examples to use at most. An array is thinned out
                evenly. Of a dataset they are the first.

        Raises:
            ValueError: If `x` is wrong, or has fewer examples than components.
        """
        check_count(most, "most", 1)
        x = some_examples(x, most)
        self.x_domain.check(x, "x")
        if len(x) < self.num_components:
            raise ValueError(
                f"`num_components` must be at most the number of examples in `x`. "
                f"Received: {self.num_components} components and {len(x)} examples"
            )
        values = self.preprocess(self.x_domain.cast(x))[0].numpy().astype(np.float64)
        scale = values.std(axis=0)
        scale[scale == 0.0] = 1.0
        self._shift.assign(values.mean(axis=0))
        self._scale.assign(scale)
        values = (values - values.mean(axis=0)) / scale
        means, cluster = k_means(values, self.num_components, self.seed)
        weights = np.bincount(cluster, minlength=self.num_components) / len(values)
        within = np.square(values - means[cluster]).mean(axis=0) + self.regularization
        self.restart(self._statistics_of(weights, means, within + 0.0 * means))

    def _statistics_of(self, weights, means, variances):
        size = self.covariance.noise_size(self._size) - self._size
        rows = Rows(len(means), self.seed)
        noise = np.array(rows.normal((max(1, size * self._size),), "loadings"))
        weights = np.maximum(weights, _TINY)
        found = self.covariance.start(weights, means, variances, noise)
        return [np.asarray(value, "float32") for value in (weights, *found)]

    # Expectation and maximization

    def preprocess(self, x) -> tuple:
        """Examples as vectors `(batch, size)`, and the log-determinants `(batch,)`."""
        flat = tf.reshape(x, (-1, self._size))
        if self.preprocessing is None:
            return flat, tf.zeros_like(flat[:, 0])
        return self.preprocessing(flat)

    def log_joint(self, x, parameters) -> tf.Tensor:
        """The log density of standardized vectors and each component, `(batch, k)`."""
        weights, *rest = parameters
        return tf.math.log(weights) + self.covariance.log_density(x, rest)

    def standardize(self, x) -> tuple:
        """Standardized vectors and the log-determinant, of examples."""
        values, log_det = self.preprocess(x)
        log_det -= tf.reduce_sum(tf.math.log(tf.convert_to_tensor(self._scale)))
        return (values - self._shift) / self._scale, log_det

    def expect(self, x, parameters, training=False):
        values, log_det = self.standardize(x)
        joint = self.log_joint(values, parameters)
        bound = tf.reduce_logsumexp(joint, axis=1) + log_det
        if not training:
            return bound, None
        shares = tf.nn.softmax(joint)
        found = self.covariance.expect(values, shares, parameters[1:])
        return bound, [tf.reduce_mean(shares, axis=0), *found]

    def maximize(self, statistics, num_examples):
        weights = tf.maximum(statistics[0], _TINY)
        rest = self.covariance.maximize(weights, statistics[1:], self.regularization)
        return [weights / tf.reduce_sum(weights), *rest]

    def loss_terms(self, batch, training):
        terms = super().loss_terms(batch, training)
        least = self.covariance.smallest_variance(self.parameters()[1:])
        small = tf.cast(least < 2.0 * self.regularization, "float32")
        return {**terms, "collapsed": tf.reduce_sum(small)}

    def comparison(self, batch):
        means = tf.matmul(self.responsibilities(batch.x), self.means())
        return tf.reshape(batch.x, (-1, self._size)), means

    # What users call

    def weights_of_components(self) -> tf.Tensor:
        """The weights of the components, of shape `(num_components,)`; they sum to 1."""
        return self.parameters()[0]

    def means(self) -> tf.Tensor:
        """The means of the components, after preprocessing, `(num_components, size)`."""
        return self.parameters()[1] * self._scale + self._shift

    def batch_log_prob(self, x):
        return self.expect(x, self.parameters())[0]

    @marked(("x",), ("responsibilities",))
    def responsibilities(self, x) -> tf.Tensor:
        """Computes the probability of each component given an example.

        Args:
            x: Array or tensor of shape `(batch, *x_domain.shape)`.

        Returns:
            Float32 tensor of shape `(batch, num_components)`, whose rows sum to 1.
        """
        return tf.nn.softmax(self.log_joint(self.standardize(x)[0], self.parameters()))

    def call(self, x) -> tf.Tensor:
        """The same as `responsibilities()`."""
        return self.responsibilities(x)

    def domain_of(self, name) -> Domain | None:
        if name == "responsibilities":
            return Vectors(self.num_components)
        return super().domain_of(name)

    def noise_rows(self, rows):
        size = self.covariance.noise_size(self._size)
        uniform = rows.uniform((1,), "component")
        return tf.concat([uniform, rows.normal((size,), "values")], axis=1)

    def from_noise(self, noise):
        noise = self.take("noise", noise)
        weights, *rest = self.parameters()
        ends = tf.cumsum(weights)[:-1]
        passed = tf.cast(noise[:, :1] >= ends, "float32")
        # The differences of a falling row of ones and zeros.
        passed = tf.pad(passed, [[0, 0], [1, 0]], constant_values=1.0)
        chosen = passed - tf.pad(passed[:, 1:], [[0, 0], [0, 1]])
        values = self.covariance.draw(chosen, noise[:, 1:], rest)
        values = values * self._scale + self._shift
        if self.preprocessing is not None:
            values = self.preprocessing.inverse(values)
        return tf.reshape(values, (-1, *self.x_domain.shape))
