"""Fills in what is missing of examples."""

import numpy as np
import tensorflow as tf

from keras_gen.arguments import check_count, shown
from keras_gen.domains import Domain
from keras_gen.models.base.batches import in_batches
from keras_gen.models.base.known_sites import KnownSites, Seeds
from keras_gen.models.base.marks import marked, marks_of
from keras_gen.random import check_seed, fresh_seed


class Imputing:
    """Ability: a model that fills in what is missing of examples.

    A subclass implements `imputed()` and names its methods.
    """

    #: Names of the methods of `impute()`, the default one first.
    imputation_methods = ()
    #: Integer, the steps of `impute()` unless others are given.
    imputation_steps = 1
    #: Whether known values must come first in raster order.
    known_in_order = False
    #: Whether there are masks that it can fill in, and why not if there are none.
    completes = True
    why_not = "fills in nothing"

    @property
    def compiled_imputing(self) -> bool:
        """Whether XLA compiles `impute()`; by default as it does `sample()`."""
        return self.compiled_sampling

    # Hooks

    def imputed(
        self, seed, x, mask, y=None, temperature=1.0, method=None, steps=None, mean=None
    ) -> tf.Tensor:
        """Fills in what is missing of a batch, without checks.

        A subclass leaves out the arguments that it has no use for, but not the last
        three.

        Args:
            seed: Int32 tensor of shape `(batch, 2)`, a pair (seed, row) for each
                example.
            x: Tensor of shape `(batch, *x_domain.shape)`; unknown values mean nothing.
            mask: Boolean tensor of shape `(batch, *sites)`, which values are known.
            y: Tensor of the `y_domain`, if there is one.
            temperature: Float32 tensor of shape `(batch,)`, if there is one.
            method: String, one of `imputation_methods`; the first one if None.
            steps: Integer or int32 scalar; `imputation_steps` if None.
            mean: Boolean, whether to give expected values.

        Returns:
            Tensor with the shape of `x`.
        """
        raise NotImplementedError

    def domain_of(self, name) -> Domain | None:
        if name == "seed":
            return Seeds()
        if name == "mask" and self.completes:
            return KnownSites(self.x_domain.sites, self.known_in_order)
        return super().domain_of(name)

    # What follows

    @marked(("seed", "x", "mask", "y", "temperature"), ("x",), traced="imputed")
    def impute(
        self,
        x,
        mask=None,
        method=None,
        steps=None,
        seed=None,
        mean=False,
        batch_size=256,
        first_row=0,
        **conditions,
    ) -> np.ndarray:
        """Fills in what is missing of examples, given what is known of them.

        Args:
            x: Array of shape `(num, *x_domain.shape)`; only known values are read.
            mask: Boolean array, which values are known; of shape `(height, width)`,
                `sites` or `(num, *sites)`, for sequences and vectors also `(length,)`
                or `(num, length)`. By default the values that are not NaN. A model that
                draws sites in raster order needs the first ones: rows from the top,
                pixels of a row from the left, channels of a pixel in the order R, G, B.
                The number of known values may differ between examples.
            method: String, one of the model's `imputation_methods`, the first of which
                is the default.
            steps: Integer of at least 1: the steps of a Markov chain, or how many
                completions `mean` averages. Defaults to the model's `imputation_steps`.
            seed: Integer in [0, 2**31); the same seed gives the same values. By default
                a random one. A model that draws nothing ignores it.
            mean: Boolean. If True, unknown values are their expected values given the
                known ones, estimated over the steps, instead of a draw.
            batch_size: Integer of at least 1. It limits memory and does not change the
                result.
            first_row: Integer of at least 0, the row of the seed that draws for the
                first example.
            **conditions: Arguments of `conditions()`, such as `y` and `temperature`.

        Returns:
            Numpy array with the shape of `x`. Known values are those of `x`, to the
            last bit if `x` holds floats.

        Raises:
            ValueError: If an argument is wrong, `mask` knows nothing or everything, or
                a chain of values without bounds diverges.
        """
        check_count(batch_size, "batch_size", 1)
        check_count(first_row, "first_row", 0)
        method = self._method_of(method)
        steps = self.imputation_steps if steps is None else steps
        check_count(steps, "steps", 1)
        if mean and self.x_domain.dtype != "float32":
            raise ValueError(
                f"`mean` must be False: {self.x_domain.noun} have no mean. Received: "
                f"{shown(mean)}"
            )
        seed = fresh_seed() if seed is None else check_seed(seed)
        self.x_domain.check_shape(x, "x")
        given = np.asarray(x)
        mask = self.known_sites(self._known_by_default(given, mask), len(given))
        parts = {"x": self._where_known(given, mask), "mask": mask}
        parts |= self._conditions_of(len(given), first_row, conditions)
        _check_is_some(mask)
        pairs = np.stack(np.broadcast_arrays(seed, first_row + np.arange(len(given))))
        if "seed" in marks_of(self)["impute"].takes:
            parts["seed"] = pairs.T.astype(np.int32)
        fill = self._compiled_fill if self.compiled_imputing else self._fill
        steps = tf.constant(steps)
        found = in_batches(
            lambda **some: fill(some, method, steps, bool(mean)), parts, batch_size
        )
        if not np.isfinite(found).all():
            raise ValueError(
                "`x` has been filled in with values that are not finite: the chain has "
                "diverged. Train the model, or take fewer `steps`."
            )
        is_float = given.dtype.kind == "f" and found.dtype.kind == "f"
        dtype = np.result_type(given, found) if is_float else found.dtype
        return np.where(mask.reshape(found.shape), given, found).astype(dtype)

    def known_sites(self, mask, num_rows) -> np.ndarray:
        """The mask of each example, a boolean array of shape `(num_rows, *sites)`.

        Raises:
            ValueError: If `mask` is wrong, see `impute()`, or the model fills in
                nothing.
        """
        domain = self.domain_of("mask")
        if domain is None:
            raise ValueError(
                f"`mask` must be left out: this {type(self).__name__} {self.why_not}."
            )
        return domain.full(mask, num_rows)

    def _method_of(self, method):
        if method is None:
            return self.imputation_methods[0]
        if method not in self.imputation_methods:
            raise ValueError(
                f"`method` must be one of {', '.join(self.imputation_methods)} for "
                f"{type(self).__name__}. Received: {shown(method)}"
            )
        return method

    def _known_by_default(self, x, mask):
        if mask is not None:
            return mask
        if x.dtype.kind != "f" or not np.isnan(x).any():
            raise ValueError(
                "`mask` must be given, because `x` holds no NaN that marks what is "
                "missing."
            )
        return ~np.isnan(x).reshape(len(x), *self.x_domain.sites)

    def _where_known(self, x, mask):
        """Checks the known values of examples and sets the others to some value."""
        if x.dtype.kind not in "biuf":
            raise ValueError(f"`x` must hold numbers. Received dtype: {x.dtype}")
        lowest = 0 if self.x_domain.bounds is None else self.x_domain.bounds[0]
        x = np.where(mask.reshape(x.shape), x, np.asarray(lowest, self.x_domain.dtype))
        self.x_domain.check(x, "x")
        wrong = np.count_nonzero(np.isnan(x))
        if wrong:
            raise ValueError(
                f"`x` holds NaN where `mask` says that values are known: {wrong} of "
                f"{x.size} values."
            )
        return x.astype(self.x_domain.dtype)

    def _conditions_of(self, num_rows, first_row, given):
        """What `imputed()` takes beside `x`, `mask` and `seed`: a dict of arrays."""
        if "sample" in marks_of(self):
            return self.conditions(num_rows, first_row=first_row, **given)
        if given:
            raise ValueError(
                f"`impute()` of {type(self).__name__} takes no {', '.join(given)}."
            )
        return {}

    @tf.function(autograph=False)
    def _fill(self, parts, method, steps, mean):
        return self.imputed(**parts, method=method, steps=steps, mean=mean)

    @tf.function(autograph=False, jit_compile=True)
    def _compiled_fill(self, parts, method, steps, mean):
        return self.imputed(**parts, method=method, steps=steps, mean=mean)


def _check_is_some(mask):
    """Raises a ValueError if nothing or everything is known in all examples."""
    if mask.all() or not mask.any():
        known = "everything" if mask.all() else "nothing"
        raise ValueError(
            f"`mask` must know a part of the examples. Received one that knows {known}."
        )
