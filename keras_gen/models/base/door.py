"""Checks of the data of a model: a traced step cannot raise errors."""

import itertools

import keras
import numpy as np
import tensorflow as tf

from keras_gen.arguments import shown
from keras_gen.domains import Labels
from keras_gen.models.base import replicas
from keras_gen.models.base.marks import is_symbolic, mark_overrides


class Door:
    """Abstract: `fit()`, `evaluate()` and marked methods that check their data."""

    _validation_data = None

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        mark_overrides(cls)

    def check_input(self, name, values):
        """Raises a ValueError unless `values` are valid for the argument `name`."""
        self.domain_of(name).check(values, name)

    def take(self, name, values):
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
            # What Keras has cast on the way in; numpy does not know the former.
            values = tf.cast(values, tf.float32)
        if is_symbolic(values):
            domain.check_shape(values, name)
        else:
            self.check_input(name, values)
        return domain.cast(values)

    def fit(self, x=None, y=None, batch_size=None, epochs=1, **kwargs):
        """Trains on `x`: examples, or a dataset of examples or of pairs `(x, y)`.

        It works like `keras.Model.fit()`, but all examples have the same weight: there
        is no `sample_weight` and no `class_weight`. A model without `y_domain` ignores
        `y`.

        Raises:
            ValueError: If the first batch is empty, has a wrong shape or dtype, or
                holds NaN, values outside the domain or weights; or if `y` is missing or
                wrong for a model that learns from pairs.
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
        self._validation_data, self._is_fitting = validation, True
        try:
            return super().fit(x, y, batch_size, epochs, **kwargs)
        finally:
            self._validation_data, self._is_fitting = None, False

    def evaluate(self, x=None, y=None, batch_size=None, **kwargs):
        """Computes the means of the terms over `x`, like `keras.Model.evaluate()`.

        Raises:
            ValueError: As in `fit()`.
        """
        # `fit()` evaluates on validation data that it has checked.
        checked = self._validation_data
        checked = checked[0] if isinstance(checked, tuple) else checked
        if x is None or x is not checked:
            x = _divisible(self, _checked(self, x, y, kwargs), batch_size)
        return super().evaluate(x, y, batch_size, **kwargs)

    def check_batch(self, data, num_shares=1):
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
            self.check_y(y, len(x))
        if len(x) < num_shares:
            raise ValueError(
                f"{type(self).__name__} deals each batch into {num_shares} shares, so "
                f"a batch must have at least so many examples. Received: {len(x)}"
            )

    def check_y(self, y, num_rows):
        """Raises a ValueError unless `y` is valid for this number of examples.

        Args:
            y: Array or tensor of the `y_domain`; None for a model without one.
            num_rows: Integer, the number of examples.
        """
        if self.y_domain is None:
            if y is not None:
                raise ValueError(
                    f"`y` must be left out: this {type(self).__name__} learns from "
                    f"{self.x_domain.noun} alone."
                )
            return
        if y is None:
            raise ValueError(
                f"`y` must be given: {type(self).__name__} learns from pairs of "
                f"{self.x_domain.noun} and {self.y_domain.noun}."
            )
        self.y_domain.check(y, "y")
        if len(y) != num_rows:
            raise ValueError(
                f"`y` must have {num_rows} {self.y_domain.noun}, one a row. Received: "
                f"{len(y)}"
            )

    def check_y_left_out(self):
        """Raises a ValueError if the model is told a `y`, which then is missing."""
        if self.y_domain is not None and not getattr(self.y_domain, "optional", False):
            self.check_y(None, 0)

    def y_for(self, num_rows, y=None, first_row=0):
        """The array `y` for a number of examples; None for a model without `y_domain`.

        Args:
            num_rows: Integer, the number of examples.
            y: One for each example, or one for all. By default, row 0 has the first
                class, row 1 the second, and so on.
            first_row: Integer, the row of the first example.

        Raises:
            ValueError: If `y` is wrong.
        """
        domain = self.y_domain
        if domain is not None and y is None and isinstance(domain, Labels):
            return domain.in_turn(num_rows, first_row)
        if domain is not None and y is not None and np.shape(y) == domain.shape:
            y = np.broadcast_to(y, (num_rows, *domain.shape))
        self.check_y(y, num_rows)
        return None if domain is None else np.asarray(y, domain.dtype)


def _checked(model, x, y, kwargs, num_shares=1):
    """`x`, once its first batch has passed the checks."""
    for name in ("sample_weight", "class_weight"):
        if kwargs.get(name) is not None:
            raise ValueError(
                f"{type(model).__name__} weighs all examples equally: `{name}` must "
                "be left out."
            )
    noun = model.x_domain.noun
    if x is None:
        raise ValueError(f"`x` must be given: {noun}, or a dataset of {noun}.")
    if isinstance(x, tf.distribute.DistributedDataset):
        return x
    if hasattr(x, "shape"):
        model.check_batch((x, y), num_shares)
        return x
    if isinstance(x, keras.utils.PyDataset):
        model.check_batch(x[0] if len(x) else None, num_shares)
        return x
    if isinstance(x, tf.data.Dataset):
        model.check_batch(next(iter(x.take(1)), None), num_shares)
        return x
    if not hasattr(x, "__iter__") or isinstance(x, (list, tuple, dict, str)):
        raise ValueError(
            f"`x` must be an array of {noun}, a `tf.data.Dataset`, a "
            f"`keras.utils.PyDataset` or a generator. Received: {shown(x)}"
        )
    batches = iter(x)
    first = next(batches, None)
    model.check_batch(first, num_shares)
    if batches is not x:
        return x
    return (batch for batch in itertools.chain([first], batches))


def _divisible(model, x, batch_size, num_shares=1):
    """`x`, once its batches can be dealt to the replicas."""
    count = model.distribute_strategy.num_replicas_in_sync
    if count == 1:
        return x
    return replicas.check_batches(x, batch_size, count * num_shares)
