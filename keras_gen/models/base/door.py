"""Checks of the data of a model: a traced step cannot raise errors."""

import contextlib
import itertools
from collections.abc import Iterator

import keras
import numpy as np
import tensorflow as tf

from keras_gen.arguments import shown
from keras_gen.domains import Labels
from keras_gen.models.base import replicas
from keras_gen.models.base.batches import batches_of, first_batch, is_dataset
from keras_gen.models.base.marks import is_symbolic, mark_overrides
from keras_gen.models.base.rates import warn_of_zero_rate


class BadBatchError(ValueError):
    """A later batch of a dataset is wrong."""


class Door:
    """Abstract: `fit()`, `evaluate()` and marked methods that check their data."""

    _validation_data = _unread = None

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        mark_overrides(cls)

    def check_input(self, name, values) -> None:
        """Raises a ValueError unless `values` are valid for the argument `name`."""
        self.domain_of(name).check(values, name)

    def check_optimizer(self, optimizer) -> None:
        """Raises a ValueError unless the optimizer of `compile()` suits the model."""

    def take(self, name, values) -> tf.Tensor:
        """Checks an argument of a marked method and returns it as a tensor.

        Args:
            name: String, the name of the argument and of its domain.
            values: Array or tensor. For a tensor in a graph only the shape is checked.

        Raises:
            ValueError: If `values` do not belong to the domain.
        """
        domain = self.domain_of(name)
        if domain is None:
            raise ValueError(
                f"`{name}` must be left out: this {type(self).__name__} has none."
            )
        if tf.is_tensor(values) and values.dtype in (tf.bfloat16, tf.float16):
            # Keras casts inputs to half precision, and NumPy has no bfloat16.
            values = tf.cast(values, tf.float32)
        if is_symbolic(values):
            domain.check_shape(values, name)
        else:
            self.check_input(name, values)
        return domain.cast(values)

    def fit_callbacks(self) -> list:
        """Callbacks that the model needs in `fit()`, before those of the caller."""
        return []

    def train_on_batch(self, x, y=None, **kwargs) -> list | float | dict:
        """Takes a step on one batch, like `keras.Model.train_on_batch()`.

        Raises:
            ValueError: If the batch is wrong, as in `fit()`.
        """
        self._refuse_weights(kwargs)
        self.check_batch((x, y), self.num_shares)
        return super().train_on_batch(x, y, **kwargs)

    def test_on_batch(self, x, y=None, **kwargs) -> list | float | dict:
        """Computes the terms of one batch, like `keras.Model.test_on_batch()`.

        Raises:
            ValueError: If the batch is wrong, as in `evaluate()`.
        """
        self._refuse_weights(kwargs)
        self.check_batch((x, y))
        return super().test_on_batch(x, y, **kwargs)

    def _refuse_weights(self, kwargs):
        for name in ("sample_weight", "class_weight"):
            if kwargs.get(name) is not None:
                raise ValueError(
                    f"{type(self).__name__} weighs all examples equally: `{name}` must "
                    "be left out."
                )

    def fit(
        self, x=None, y=None, batch_size=None, epochs=1, **kwargs
    ) -> keras.callbacks.History:
        """Trains on `x`: examples, or a dataset of examples or of pairs `(x, y)`.

        It works like `keras.Model.fit()`, but all examples have the same weight: there
        is no `sample_weight` and no `class_weight`. A model without `y_domain` ignores
        `y`. Callbacks need `mode="min"` to monitor a term other than `"loss"`.

        Arrays are checked as a whole, and the first batch of a dataset. On one replica,
        the others are checked if a term becomes NaN or infinite or a step fails.

        Raises:
            ValueError: If the data are empty, have a wrong shape or dtype, or hold NaN,
                values outside the domain or weights; or if `y` is missing or wrong for
                a model that learns from pairs.
        """
        x = _checked(self, x, y, kwargs, self.num_shares)
        validation = kwargs.get("validation_data")
        if isinstance(validation, tuple):
            self.check_batch(validation)
            size = kwargs.get("validation_batch_size") or batch_size
            _divisible(self, validation[0], size)
        elif validation is not None:
            validation = _divisible(self, _checked(self, validation, None, {}), None)
            kwargs["validation_data"] = validation
        x = _divisible(self, x, batch_size, self.num_shares)
        if not hasattr(x, "shape"):
            # Keras shuffles arrays, and warns of datasets that it cannot shuffle.
            kwargs.setdefault("shuffle", False)
        if self.compiled:
            warn_of_zero_rate(self.optimizer)
        own = self.fit_callbacks()
        if own:
            given = kwargs.get("callbacks") or []
            kwargs["callbacks"] = own + keras.tree.flatten(given)
        self._validation_data, self._is_fitting = validation, True
        try:
            with self._explaining(x, lambda: int(self.optimizer.iterations) + 1):
                return super().fit(x, y, batch_size, epochs, **kwargs)
        finally:
            self._validation_data, self._is_fitting = None, False

    def evaluate(
        self, x=None, y=None, batch_size=None, **kwargs
    ) -> float | list | dict:
        """Computes the means of the terms over `x`, like `keras.Model.evaluate()`.

        Raises:
            ValueError: As in `fit()`.
        """
        # `fit()` evaluates on validation data that it has checked.
        checked = self._validation_data
        checked = checked[0] if isinstance(checked, tuple) else checked
        if x is None or x is not checked:
            x = _divisible(self, _checked(self, x, y, kwargs), batch_size)
        with self._explaining(x, lambda: kwargs.get("steps")):
            return super().evaluate(x, y, batch_size, **kwargs)

    @contextlib.contextmanager
    def _explaining(self, x, count):
        """Calls `look_for_bad_batch()` if the steps on `x` fail or give NaN."""
        before = self._unread
        is_read_again = is_dataset(x) and not isinstance(x, Iterator)
        # Machines must not wait for one that looks.
        if self.distribute_strategy.num_replicas_in_sync > 1:
            is_read_again = False
        self._unread = (x, count) if is_read_again else None
        try:
            yield
            self.look_for_bad_batch()
        except BadBatchError:
            raise
        except (tf.errors.InvalidArgumentError, ValueError) as error:
            self.look_for_bad_batch(error)
            raise
        finally:
            self._unread = before

    def look_for_bad_batch(self, error=None) -> None:
        """Raises a BadBatchError that names the bad batch which has spoilt a step.

        It reads the batches of a dataset again, if a term is NaN or infinite or a step
        has failed. A generator can be read only once, so nothing is looked for in it.

        Args:
            error: Optional exception, with which the steps have ended.
        """
        if self._unread is None:
            return
        terms = [float(tracker.result()) for tracker in self._trackers]
        has_failed = isinstance(error, tf.errors.InvalidArgumentError)
        if np.isfinite(terms).all() and not has_failed:
            return
        (x, count), self._unread = self._unread, None
        for index, batch in enumerate(itertools.islice(batches_of(x), count())):
            try:
                self.check_batch(batch)
            except ValueError as wrong:
                raise BadBatchError(f"Batch {index} is wrong: {wrong}") from error

    def check_batch(self, data, num_shares=1) -> None:
        """Raises a ValueError unless `data` is a batch that this model trains on.

        Args:
            data: Examples, or a tuple `(x, y)`; None if there was no batch.
        """
        if data is None:
            raise ValueError("`x` is empty: it gave no batch.")
        if isinstance(data, dict):
            raise ValueError(
                f"`x` must give {self.x_domain.noun} or pairs (x, y). Received a dict "
                f"with keys: {shown(sorted(data))}"
            )
        if isinstance(data, tuple) and len(data) > 2:
            raise ValueError(
                f"{type(self).__name__} weighs all examples equally: `x` must give "
                f"{self.x_domain.noun} or pairs (x, y). Received {len(data)} parts."
            )
        x, y, _ = keras.utils.unpack_x_y_sample_weight(data)
        self.x_domain.check(x, "x")
        if self.y_domain is not None:
            self.check_y(y, len(x), self.y_domain)
        if len(x) < num_shares:
            raise ValueError(
                f"{type(self).__name__} deals each batch into {num_shares} shares, so "
                f"a batch must have at least {num_shares} examples. Received: {len(x)}"
            )

    def check_y(self, y, num_rows, domain=None) -> None:
        """Raises a ValueError unless `y` is valid for this number of examples.

        Args:
            y: Array or tensor of the `y_domain`; None for a model without one.
            num_rows: Integer, the number of examples.
            domain: Optional `keras_gen.domains.Domain`. Defaults to that of methods,
                `domain_of("y")`; that of training is the `y_domain`.
        """
        domain = self.domain_of("y") if domain is None else domain
        if domain is None:
            if y is not None:
                raise ValueError(
                    f"`y` must be left out: this {type(self).__name__} learns from "
                    f"{self.x_domain.noun} alone."
                )
            return
        if y is None:
            raise ValueError(
                f"`y` must be given: {type(self).__name__} learns from pairs of "
                f"{self.x_domain.noun} and {domain.noun}."
            )
        domain.check(y, "y")
        if len(y) != num_rows:
            raise ValueError(
                f"`y` must have {num_rows} {domain.noun}, one a row. Received: {len(y)}"
            )

    def check_y_left_out(self) -> None:
        """Raises a ValueError if the model needs a `y`, because none was given."""
        domain = self.domain_of("y")
        if domain is not None and not domain.optional:
            self.check_y(None, 0)

    def y_for(self, num_rows, y=None, first_row=0) -> np.ndarray | None:
        """The array `y` for a number of examples; None for a model without `y_domain`.

        Args:
            num_rows: Integer, the number of examples.
            y: One for each example, or one for all. By default, row 0 has the first
                class, row 1 the second, and so on.
            first_row: Integer, the row of the first example.

        Raises:
            ValueError: If `y` is wrong.
        """
        domain = self.domain_of("y")
        if domain is not None and y is None and isinstance(domain, Labels):
            return domain.in_turn(num_rows, first_row)
        if domain is not None and y is not None and np.shape(y) == domain.shape:
            y = np.broadcast_to(y, (num_rows, *domain.shape))
        self.check_y(y, num_rows)
        return None if domain is None else np.asarray(y, domain.dtype)


def _checked(model, x, y, kwargs, num_shares=1):
    """Checks the first batch of `x` and returns `x` with all its batches."""
    model._refuse_weights(kwargs)
    noun = model.x_domain.noun
    if x is None:
        raise ValueError(f"`x` must be given: {noun}, or a dataset of {noun}.")
    if isinstance(x, tf.distribute.DistributedDataset):
        return x
    if hasattr(x, "shape"):
        model.check_batch((x, y), num_shares)
        return x
    if not is_dataset(x):
        raise ValueError(
            f"`x` must be an array of {noun}, a `tf.data.Dataset`, a "
            f"`keras.utils.PyDataset` or a generator. Received: {shown(x)}"
        )
    first, x = first_batch(x)
    model.check_batch(first, num_shares)
    return x


def _divisible(model, x, batch_size, num_shares=1):
    """Checks that the batches of `x` can be divided among replicas; returns `x`."""
    count = model.distribute_strategy.num_replicas_in_sync
    if count == 1:
        return x
    return replicas.check_batches(x, batch_size, count * num_shares)
