"""Says how unlike the training data examples are."""

import math
import numbers

import numpy as np
import tensorflow as tf

from keras_gen.arguments import check_count, shown
from keras_gen.domains import Domain, Scalars
from keras_gen.images import compressed_bits
from keras_gen.models.base.batches import in_batches
from keras_gen.models.base.marks import marked, marks_of


class Scoring:
    """Ability: a model that scores how unlike its training data an example is.

    A family adds its scores to `score_functions()`.
    """

    # A function: Keras would count a background model among the parts of this one.
    _is_above = None

    # Hooks

    def score_functions(self) -> dict:
        """The scores of the model by their names, the default one first.

        Each is a function of a batch `x`, and of `y` if there is one, that returns a
        tensor of shape `(batch,)`, larger for what is less like the training data.
        """
        return {}

    # What follows

    def domain_of(self, name) -> Domain | None:
        return Scalars() if name == "score" else super().domain_of(name)

    def scores(self, x, y=None, method=None) -> tf.Tensor:
        """The scores of a batch, without checks.

        Args:
            x: Tensor of shape `(batch, *x_domain.shape)`.
            y: Tensor of the `y_domain`, if there is one.
            method: String, one of `score_functions()`; the first one if None.

        Returns:
            Float32 tensor of shape `(batch,)`.
        """
        functions = self.score_functions()
        given = {} if y is None else {"y": y}
        return functions[method or next(iter(functions))](x, **given)

    @marked(("x", "y"), ("score",), traced="scores")
    def anomaly_score(
        self,
        x,
        y=None,
        method=None,
        background=None,
        complexity=False,
        batch_size=256,
    ) -> np.ndarray | float:
        """Scores how unlike the training data examples are: the larger, the less like.

        A score depends on the model and the example alone, not on the other examples.

        - `"likelihood"` is the negative log-likelihood, in nats.
        - `"bound"` is minus the importance-weighted bound on it. It takes 16 draws of
          latents from the posterior or, in a flow, of values between two levels.
          `"elbo"` is minus the evidence lower bound, by the same draws. All examples
          share their noise.
        - `"reconstruction"` is the squared error of the reconstruction, of what is
          known.

        Plain likelihoods of images fail where others are simpler than the training
        data: these get a higher likelihood (Nalisnick et al., 2018, arXiv:1810.09136).
        `background` and `complexity` are two remedies.

        Args:
            x: Array of shape `(num, *x_domain.shape)`, or a single example.
            y: Array of the `y_domain` for models that have one.
            method: String, one of `score_functions()`, the first of which is the
                default.
            background: Optional model of more general data of the same kind. Its score
                by the same method, or by its default one if it has no such method, is
                subtracted. This gives a likelihood ratio (Ren et al., 2019,
                arXiv:1906.02845, eq. 5).
            complexity: Boolean, whether the nats of the compressed image, a PNG file,
                are subtracted (Serra et al., 2019, arXiv:1909.11480, eq. 1).
            batch_size: Integer of at least 1. It limits memory and does not change the
                result.

        Returns:
            Float32 array of shape `(num,)`; a float for a single example.

        Raises:
            ValueError: If an argument is wrong, or the score cannot be compared with
                nats and `background` or `complexity` is given.
        """
        check_count(batch_size, "batch_size", 1)
        method = self._score_named(method, background, complexity)
        if np.shape(x) == self.x_domain.shape:
            options = (method, background, complexity)
            y = None if y is None else np.asarray(y)[None]
            return float(self.anomaly_score(np.asarray(x)[None], y, *options)[0])
        self.x_domain.check(x, "x")
        parts = {"x": np.asarray(x, self.x_domain.dtype)}
        if complexity and np.isnan(parts["x"]).any():
            raise ValueError(
                "`complexity` must be False where `x` holds NaN: an image with unknown "
                "pixels has no file. Received: True"
            )
        if "y" in marks_of(self)["anomaly_score"].takes:
            self.check_y(y, len(x))
            parts["y"] = np.asarray(y, self.y_domain.dtype)
        elif y is not None:
            raise ValueError("`y` must be left out: the score does not depend on it.")
        scores = in_batches(
            lambda **some: self._traced_scores(some, method), parts, batch_size
        )
        if complexity:
            levels = self.x_domain.to_bytes(parts["x"])
            scores -= np.float32(math.log(2.0)) * compressed_bits(levels)
        if background is not None:
            told = "y" in marks_of(background)["anomaly_score"].takes
            given = {"y": y} if told else {}
            if method in background.score_functions():
                given["method"] = method
            scores -= background.anomaly_score(x, batch_size=batch_size, **given)
        return scores

    def fit_threshold(self, normal, quantile=0.95, y=None, **options) -> float:
        """Sets the score above which examples are anomalies, from normal data.

        Use normal data that the model has not learned from. The threshold belongs to
        this object and is not saved with the model.

        Args:
            normal: Array of shape `(num, *x_domain.shape)`.
            quantile: Float in (0, 1), the share of normal data to be at or below the
                threshold.
            y: As in `anomaly_score()`.
            **options: Further arguments of `anomaly_score()`. `is_anomaly()` takes the
                same.

        Returns:
            The threshold, a float.

        Raises:
            ValueError: If an argument is wrong.
        """
        _check_quantile(quantile)
        self.x_domain.check(normal, "normal")
        scores = self.anomaly_score(normal, y, **options)
        threshold = threshold_of(scores, quantile)

        def is_above(x, y=None):
            return self.anomaly_score(x, y, **options) > threshold

        self._is_above = is_above
        return threshold

    def is_anomaly(self, x, y=None) -> np.ndarray | bool:
        """Whether examples score above the threshold of `fit_threshold()`.

        Args:
            x: Array of shape `(num, *x_domain.shape)`, or a single example.
            y: As in `anomaly_score()`.

        Returns:
            Boolean array of shape `(num,)`; a boolean for a single example.

        Raises:
            ValueError: If there is no threshold, or an argument is wrong.
        """
        if self._is_above is None:
            raise ValueError(
                "`threshold` is not there yet: call `fit_threshold(normal, quantile)` "
                "first."
            )
        return self._is_above(x, y)

    def _score_named(self, method, background, complexity):
        """The checked name of a score."""
        names = list(self.score_functions())
        if method is not None and method not in names:
            raise ValueError(
                f"`method` must be one of {', '.join(names)} for "
                f"{type(self).__name__}. Received: {shown(method)}"
            )
        method = method or names[0]
        for name, value in (("background", background), ("complexity", complexity)):
            if value and method == "reconstruction":
                raise ValueError(
                    f"`{name}` must be left out: the score {method!r} is not in nats. "
                    f"Received: {shown(value)}"
                )
        if background is not None and not (
            "anomaly_score" in marks_of(background)
            and background.domain_of("x").shape == self.x_domain.shape
            and next(iter(background.score_functions())) != "reconstruction"
        ):
            raise ValueError(
                "`background` must be a model of examples of the shape "
                f"{self.x_domain.shape} that scores them in nats. Received: "
                f"{shown(background)}"
            )
        if complexity and len(self.x_domain.shape) != 3:
            raise ValueError(
                f"`complexity` must be False: {self.x_domain.noun} are no images. "
                f"Received: {shown(complexity)}"
            )
        return method

    @tf.function(autograph=False)
    def _traced_scores(self, parts, method):
        return self.scores(**parts, method=method)


def threshold_of(scores, quantile) -> float:
    """The score that a share of normal examples does not exceed.

    Args:
        scores: Array of the scores of normal examples.
        quantile: Float in (0, 1), that share.

    Raises:
        ValueError: If `quantile` is not such a number.
    """
    _check_quantile(quantile)
    return float(np.quantile(scores, quantile, method="higher"))


def _check_quantile(quantile):
    if not isinstance(quantile, numbers.Real) or not 0 < quantile < 1:
        raise ValueError(
            "`quantile` must lie between 0 and 1, ends excluded. Received: "
            f"{shown(quantile)}"
        )
