"""An importance-weighted bound on a likelihood that is an integral."""

import math
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from keras_gen.arguments import check_count
from keras_gen.domains import Domain, Scalars
from keras_gen.models.base.marks import marked
from keras_gen.models.base.scoring import Scoring
from keras_gen.random import Rows, check_seed

# Computed at once: few enough to stay in the processor's cache.
_VALUES_AT_ONCE = 1_000_000
# Draws of noise for the anomaly score of an example.
_SCORING_DRAWS = 16


class LogLikelihood(NamedTuple):
    """An importance-weighted lower bound on the log likelihood of examples, in nats.

    Attributes:
        per_example: Float32 array of shape `(num,)`.
        mean: Float, the mean over examples.
        standard_error: Float, the standard error of the mean over examples.
        monte_carlo_error: Float, the uncertainty of the mean that comes from the number
            of importance samples, by the delta method.
    """

    per_example: np.ndarray
    mean: float
    standard_error: float
    monte_carlo_error: float


class ImportanceWeighting(Scoring):
    """Ability: a model whose likelihood is the mean of importance weights.

    A subclass implements `posterior_noise()` and `log_weights()`.
    """

    #: Whether the bound is computed under XLA. It compiles for some seconds, which many
    #: draws make good.
    compiled_bound = True

    # Hooks

    def posterior_noise(self, rows) -> tf.Tensor:
        """The noise of `log_weights()`, one draw for each row.

        Args:
            rows: `keras_gen.random.Rows`.
        """
        raise NotImplementedError

    def log_weights(self, x, noise, y=None, training=False) -> tf.Tensor:
        """The log importance weights of examples, for each draw of noise.

        Args:
            x: Float32 tensor of shape `(batch, *x_domain.shape)`.
            noise: Tensor of shape `(num_draws, batch, ...)`, from `posterior_noise()`.
            y: Tensor of the `y_domain`, if there is one.
            training: Boolean, whether layers behave as in training.

        Returns:
            Float32 tensor of shape `(num_draws, batch)`, in nats. The mean of its
            exponentials over all noise is the likelihood.
        """
        raise NotImplementedError

    # What follows

    def domain_of(self, name) -> Domain | None:
        return Scalars() if name == "bound" else super().domain_of(name)

    def score_functions(self):
        if self.domain_of("bound") is None:
            return super().score_functions()

        def log_weights(x, **given):
            x = tf.convert_to_tensor(x, tf.float32)
            # One noise for all examples, so that a score does not depend on a place.
            noise = self.posterior_noise(Rows(_SCORING_DRAWS, 0))[:, None]
            shape = tf.concat([[_SCORING_DRAWS], tf.shape(x)[:1], noise.shape[2:]], 0)
            return self.log_weights(x, tf.broadcast_to(noise, shape), **given)

        def bound(x, **given):
            mean = tf.reduce_logsumexp(log_weights(x, **given), axis=0)
            return math.log(_SCORING_DRAWS) - mean

        def elbo(x, **given):
            return -tf.reduce_mean(log_weights(x, **given), axis=0)

        return {"bound": bound, "elbo": elbo, **super().score_functions()}

    @marked(("x", "y"), ("bound",), traced=None)
    def log_likelihood(
        self, x, num_importance_samples=5000, seed=0, y=None
    ) -> LogLikelihood:
        """Computes the importance-weighted bound on `log p(x)`, in constant memory.

        Draw `k` of example `i` depends on the seed, `i` and `k` only.

        Args:
            x: Array of shape `(num, *x_domain.shape)`.
            num_importance_samples: Integer of at least 1, the draws from the posterior
                of each example. With 1 the bound is the evidence lower bound.
            seed: Integer in [0, 2**31).
            y: Array of the `y_domain` for models that have one.

        Returns:
            `LogLikelihood`, in nats.

        Raises:
            ValueError: If an argument is wrong.

        Reference:
            Burda, Grosse and Salakhutdinov, "Importance Weighted Autoencoders", 2015,
            arXiv:1509.00519.
        """
        self.x_domain.check(x, "x")
        self.check_y(y, len(x))
        check_count(num_importance_samples, "num_importance_samples", 1)
        seed = tf.constant(check_seed(seed))
        parts = [np.asarray(x, self.x_domain.dtype)]
        if y is not None:
            parts.append(np.asarray(y, self.y_domain.dtype))
        rows_at_once = max(1, _VALUES_AT_ONCE // math.prod(self.x_domain.shape))
        draws = min(num_importance_samples, rows_at_once, 50)
        block = min(rows_at_once // draws, len(x))
        bound_of = self._compiled_bound if self.compiled_bound else self._plain_bound
        estimates, variances = [], []
        for first in range(0, len(x), block):
            # Every block is full, so that one trace serves all: surplus rows are cut.
            index = np.arange(first, first + block).clip(max=len(x) - 1)
            results = bound_of(
                [tf.constant(part[index]) for part in parts],
                tf.constant(first),
                seed,
                tf.constant(num_importance_samples),
                draws,
            )
            num = min(block, len(x) - first)
            estimates.append(results[0].numpy()[:num])
            variances.append(results[1].numpy()[:num])
        per_example, variance = np.concatenate(estimates), np.concatenate(variances)
        num = len(per_example)
        return LogLikelihood(
            per_example,
            float(per_example.mean(dtype=np.float64)),
            float(per_example.std(dtype=np.float64, ddof=1) / np.sqrt(num))
            if num > 1
            else float("nan"),
            float(np.sqrt(variance.sum(dtype=np.float64)) / num),
        )

    @tf.function(jit_compile=True)
    def _compiled_bound(self, *block):
        return self._bound_of_block(*block)

    @tf.function(autograph=False)
    def _plain_bound(self, *block):
        return self._bound_of_block(*block)

    def _bound_of_block(self, parts, first_row, seed, num_samples, draws):
        """The bound of each example and its Monte Carlo variance, `draws` at once."""
        x, given = parts[0], dict(zip(("y",), parts[1:], strict=False))
        batch = x.shape[0]
        row = tf.tile(first_row + tf.range(batch), (draws,))
        draw = tf.repeat(tf.range(draws), batch)

        def accumulate(start, largest, total, squares):
            rows = Rows.of(seed, row, step=start + draw)
            noise = self.posterior_noise(rows)
            noise = tf.reshape(noise, (draws, batch, *noise.shape[1:]))
            weights = self.log_weights(x, noise, **given)
            surplus = start + tf.range(draws) >= num_samples
            weights = tf.where(surplus[:, None], -np.inf, weights)
            new = tf.maximum(largest, tf.reduce_max(weights, axis=0))
            # Sums of weights and of their squares, both relative to the largest.
            scale, weights = tf.exp(largest - new), tf.exp(weights - new)
            total = total * scale + tf.reduce_sum(weights, axis=0)
            squares = squares * scale**2 + tf.reduce_sum(weights**2, axis=0)
            return start + draws, new, total, squares

        zeros = tf.zeros((batch,))
        _, largest, total, squares = tf.while_loop(
            lambda start, *_: start < num_samples,
            accumulate,
            (tf.constant(0), zeros + np.float32(-1e30), zeros, zeros),
        )
        count = tf.cast(num_samples, tf.float32)
        bound = largest + tf.math.log(total) - tf.math.log(count)
        return bound, tf.maximum(squares / total**2 - 1.0 / count, 0.0)
