"""Abilities: what a model can do, as mixins with marked methods."""

import math

import numpy as np
import tensorflow as tf

from keras_gen.arguments import check_count
from keras_gen.domains import Domain, Labels, Scalars, Vectors
from keras_gen.latents import linear_path
from keras_gen.models.base.batches import in_batches
from keras_gen.models.base.marks import marked, marks_of
from keras_gen.models.base.scoring import Scoring


class Decoding:
    """Ability: a model that makes examples from latents.

    A subclass implements `decode()` and sets `latent_dim`.
    """

    #: Integer, or tuple of integers: the latents of one example.
    latent_dim = None

    @marked(("latents", "y"), ("x",))
    def decode(self, latents, y=None) -> tf.Tensor:
        """Makes examples from latents.

        Args:
            latents: Array or tensor of shape `(batch, latent_dim)`.
            y: Array of the `y_domain` for models that have one.

        Returns:
            Float32 tensor of shape `(batch, *x_domain.shape)`.
        """
        raise NotImplementedError

    def domain_of(self, name) -> Domain | None:
        if name == "latents" and self.latent_dim is not None:
            return Vectors(self.latent_dim)
        return super().domain_of(name)

    def interpolate(
        self, start, end, num_steps=10, path=linear_path, y=None
    ) -> np.ndarray:
        """Makes examples along paths between latents.

        Args:
            start: Array of latents of shape `(num, latent_dim)`, such as `encode(x)`.
            end: Array of the same shape.
            num_steps: Integer of at least 2, the points on each path, with both ends.
            path: Function from `(start, end, num_steps)` to latents of shape
                `(num, num_steps, latent_dim)`, for instance
                `keras_gen.latents.spherical_path`.
            y: For models with a `y_domain`: one for each path, or one for all. Labels
                default to the classes in turn.

        Returns:
            Float32 array of shape `(num, num_steps, *x_domain.shape)`.

        Raises:
            ValueError: If an argument is wrong.
        """
        check_count(num_steps, "num_steps", 2)
        domain = self.domain_of("latents")
        domain.check(start, "start")
        domain.check(end, "end")
        start, end = np.asarray(start, np.float32), np.asarray(end, np.float32)
        if start.shape != end.shape:
            raise ValueError(
                "`start` and `end` must have one shape. Received: "
                f"{start.shape} and {end.shape}"
            )
        num, shape = len(start), start.shape[1:]
        flat = (num, math.prod(shape))
        latents = path(start.reshape(flat), end.reshape(flat), num_steps)
        latents = np.reshape(latents, (num * num_steps, *shape))
        given = {}
        if "y" in marks_of(self)["decode"].takes:
            given["y"] = np.repeat(self.y_for(num, y), num_steps, axis=0)
        elif y is not None:
            raise ValueError("`y` must be left out: latents are decoded without it.")
        x = np.asarray(self.decode(latents, **given))
        return x.reshape(num, num_steps, *x.shape[1:])


class PairDecoding(Decoding):
    """Ability: a model that makes a pair of examples, one of each domain, from latents.

    A subclass implements `decode_pairs()` and sets `latent_dim`. `decode()` and
    `call()` give the example of the first domain.
    """

    call_takes = ("latents",)

    @marked(("latents",), ("x", "y"))
    def decode_pairs(self, latents) -> tuple:
        """Makes a pair of examples, one of each domain, from each vector of latents.

        Args:
            latents: Array or tensor of shape `(batch, latent_dim)`.

        Returns:
            Pair of float32 tensors, examples of the first domain and of the second.
        """
        raise NotImplementedError

    @marked(("latents",), ("x",))
    def decode(self, latents) -> tf.Tensor:
        """Makes examples of the first domain from latents."""
        return self.decode_pairs(latents)[0]

    def call(self, latents) -> tf.Tensor:
        """The same as `decode()`."""
        return self.decode(latents)


class Autoencoding(Scoring, Decoding):
    """Ability: a model that encodes examples and decodes them again.

    A subclass implements `encode()` and `decode()`. `call()` reconstructs examples.
    """

    default_method = "reconstruct"
    call_takes = ("x", "y")

    @marked(("x", "y"), ("latents",))
    def encode(self, x, y=None) -> tf.Tensor:
        """Computes the latents of examples.

        Args:
            x: Array or tensor of shape `(batch, *x_domain.shape)`.
            y: Array of the `y_domain` for models that have one.

        Returns:
            Float32 tensor of shape `(batch, latent_dim)`.
        """
        raise NotImplementedError

    @marked(("x", "y"), ("x",))
    def reconstruct(self, x, y=None) -> tf.Tensor:
        """Encodes examples and decodes them again.

        Args:
            x: Array or tensor of shape `(batch, *x_domain.shape)`.
            y: Array of the `y_domain` for models that have one.

        Returns:
            Float32 tensor with the shape of `x`.
        """
        return self(x if y is None else (x, y))

    def score_functions(self):
        def reconstruction(x, y=None):
            x = tf.convert_to_tensor(x, tf.float32)
            errors = tf.square(x - self(x if y is None else (x, y)))
            if self.x_domain.optional:
                errors = tf.where(tf.math.is_nan(x), 0.0, errors)
            return tf.reduce_sum(errors, axis=tuple(range(1, len(x.shape))))

        return {**super().score_functions(), "reconstruction": reconstruction}

    def call(self, inputs) -> tf.Tensor:
        """Reconstructions of `x`, or of a pair `(x, y)`."""
        x, y = inputs if isinstance(inputs, (tuple, list)) else (inputs, None)
        latents = self.encode(x, **_told(self.encode, y))
        return self.decode(latents, **_told(self.decode, y))


class ExactLikelihood(Scoring):
    """Ability: a model that computes the exact likelihood of examples.

    A subclass implements `batch_log_prob()`.
    """

    def batch_log_prob(self, x, y=None) -> tf.Tensor:
        """The log-likelihood of the examples of one batch, without checks.

        Args:
            x: Tensor of shape `(batch, *x_domain.shape)`.
            y: Tensor of the `y_domain`, if there is one.

        Returns:
            Float32 tensor of shape `(batch,)`, in nats.
        """
        raise NotImplementedError

    def score_functions(self):
        if self.domain_of("log_prob") is None:
            return super().score_functions()

        def likelihood(x, **given):
            return -self.batch_log_prob(x, **given)

        return {"likelihood": likelihood, **super().score_functions()}

    def log_prob_conditions(self, num_rows, **given) -> dict:
        """Checks and completes the further arguments of `log_prob()`.

        Args:
            num_rows: Integer, the number of examples.
            **given: The arguments other than `x`, `y` and `batch_size`.

        Returns:
            Dict of arrays whose first axis is `num_rows`, for `batch_log_prob()`.

        Raises:
            ValueError: If an argument is unknown or wrong.
        """
        if given:
            raise ValueError(
                f"`log_prob()` of {type(self).__name__} takes no {', '.join(given)}."
            )
        return {}

    def domain_of(self, name) -> Domain | None:
        return Scalars() if name == "log_prob" else super().domain_of(name)

    @marked(("x", "y"), ("log_prob",), traced="batch_log_prob")
    def log_prob(self, x, y=None, batch_size=256, **conditions) -> np.ndarray:
        """Computes the exact log-likelihood of examples, in batches.

        Args:
            x: Array of shape `(num, *x_domain.shape)`.
            y: Array of the `y_domain` for models that have one.
            batch_size: Integer of at least 1. It limits memory and does not change the
                result.
            **conditions: Arguments of `log_prob_conditions()`.

        Returns:
            Float32 array of shape `(num,)`, in nats.

        Raises:
            ValueError: If an argument is wrong.
        """
        self.x_domain.check(x, "x")
        check_count(batch_size, "batch_size", 1)
        self.check_y(y, len(x))
        parts = {"x": np.asarray(x, self.x_domain.dtype)}
        if y is not None:
            parts["y"] = np.asarray(y, self.y_domain.dtype)
        parts |= self.log_prob_conditions(len(x), **conditions)
        return in_batches(self._traced_log_prob, parts, batch_size)

    @tf.function(autograph=False)
    def _traced_log_prob(self, **parts):
        return self.batch_log_prob(**parts)


class Classifying:
    """Ability: a model that tells the classes of examples.

    A subclass implements `classify()`. A model has it if its `y_domain` is `Labels`.
    """

    @marked(("x",), ("probabilities",))
    def classify(self, x) -> tf.Tensor:
        """Computes the probabilities of the classes.

        Args:
            x: Array or tensor of shape `(batch, *x_domain.shape)`.

        Returns:
            Float32 tensor of shape `(batch, num_classes)`, with a sum of 1 for each
            example.
        """
        raise NotImplementedError

    def domain_of(self, name) -> Domain | None:
        if name == "probabilities" and isinstance(self.y_domain, Labels):
            return Vectors(self.y_domain.num_classes)
        return super().domain_of(name)


class Classifier(Classifying):
    """Ability: a model that does nothing else than to classify."""

    default_method = "classify"
    call_takes = ("x",)

    def call(self, x) -> tf.Tensor:
        """The same as `classify()`."""
        return self.classify(x)

    def comparison(self, batch) -> tuple:
        return tf.one_hot(batch.y, self.y_domain.num_classes), self.classify(batch.x)


class Translation:
    """Ability: a model that maps examples to another domain.

    It learns from `(x, y)`, whose rows need not belong together if the model says so:
    see `keras_gen.datasets.unpaired`. A subclass implements `to_y()`.
    """

    default_method = "to_y"
    call_takes = ("x",)

    @marked(("x",), ("y",))
    def to_y(self, x) -> tf.Tensor:
        """Maps examples to the `y_domain`.

        Args:
            x: Array or tensor of shape `(batch, *x_domain.shape)`.

        Returns:
            Float32 tensor of shape `(batch, *y_domain.shape)`.
        """
        raise NotImplementedError

    def call(self, x) -> tf.Tensor:
        """The same as `to_y()`."""
        return self.to_y(x)

    def comparison(self, batch) -> tuple:
        return batch.y, self.to_y(batch.x)


class TwoWayTranslation(Translation):
    """Ability: a translation in both directions. A subclass implements `to_x()` too."""

    @marked(("y",), ("x",))
    def to_x(self, y) -> tf.Tensor:
        """Maps examples to the `x_domain`.

        Args:
            y: Array or tensor of shape `(batch, *y_domain.shape)`.

        Returns:
            Float32 tensor of shape `(batch, *x_domain.shape)`.
        """
        raise NotImplementedError


def _told(method, y):
    """`y` as a keyword argument, for a marked method that takes it."""
    return {"y": y} if y is not None and "y" in method.mark.takes else {}
