"""Rounds numbers so that two computations of them give the same result.

A network gives nearly the same numbers with another batch size, number of threads or
order of operations, and an entropy coder needs exactly the same. Rounding alone does
not help: a number near the boundary of two steps may be rounded either way. So there
are several grids, shifted against each other. The one who encodes takes the first in
which no number of an example lies near a boundary, and writes down which. The one who
decodes then finds the same steps, if the numbers agree within the tolerance.
"""

import numpy as np


class Grid:
    """Grids of steps between two bounds, each shifted by a part of a step.

    Args:
        low: Float, the lower bound. Numbers below are rounded like it.
        high: Float above `low`, the upper bound.
        step: Float, the length of a step after `warp`.
        warp: Increasing function of arrays. Steps are equal after it; by default they
            are equal as they are.
        unwarp: The inverse of `warp`.
        fallback: Float, what every number is rounded to if no grid is safe.

    Example:
    >>> import numpy as np
    >>> from keras_gen.compression import Grid
    >>> grid = Grid(-4.0, 4.0, step=1.0)
    >>> values = np.array([[0.3, 1.99995], [0.3, 1.5]])
    >>> shifts = grid.safe_shifts(values, tolerance=1e-3)
    >>> bool((shifts < grid.num_shifts).all())
    True
    >>> np.array_equal(grid.steps(values, shifts), grid.steps(values + 1e-4, shifts))
    True
    """

    #: Integer, the number of grids. This number itself stands for none of them.
    num_shifts = 16

    def __init__(
        self,
        low,
        high,
        step,
        warp=lambda values: values,
        unwarp=lambda values: values,
        fallback=0.0,
    ):
        self.low, self.high, self._warp = low, high, warp
        first, last = warp(np.float64(low)), warp(np.float64(high))
        num_bounds = int(np.ceil((last - first) / step))
        # Boundary i of a grid lies between steps i and i + 1.
        shifts = (np.arange(self.num_shifts) + 0.5) / self.num_shifts
        bounds = first + step * (np.arange(num_bounds) + shifts[:, None])
        self._first, self._cells_per_unit = first, self.num_shifts / step
        ends = np.pad(bounds, ((0, 0), (1, 1)), constant_values=((first, last),))
        ends = ends.clip(first, last)
        centres = unwarp((ends[:, 1:] + ends[:, :-1]) / 2.0)
        none = np.full((1, centres.shape[1]), fallback)
        #: Float64 array of shape `(num_shifts + 1, num_steps)`, what steps stand for.
        self.centres = np.concatenate([centres, none])

    def near_boundaries(self, values, tolerance) -> np.ndarray:
        """Whether a value of an example lies near a boundary, for each grid.

        Args:
            values: Array of shape `(num, ...)`.
            tolerance: Float, how near is near. After `warp` it must be less than half
                of the distance of two grids.

        Returns:
            Boolean array of shape `(num, num_shifts)`.
        """
        values = np.asarray(values, np.float64).reshape(len(values), -1)
        below = self._cells(values - tolerance)
        above = self._cells(values + tolerance)
        rows, columns = np.nonzero(below != above)
        found = np.zeros((len(values), self.num_shifts), bool)
        found[rows, above[rows, columns] % self.num_shifts] = True
        return found

    def safe_shifts(self, values, tolerance) -> np.ndarray:
        """The first grid in which no value of an example lies near a boundary.

        Args:
            values, tolerance: As in `near_boundaries()`.

        Returns:
            Int64 array of shape `(num,)`, `num_shifts` for none.
        """
        is_near = self.near_boundaries(values, tolerance)
        return np.where(is_near.all(axis=1), self.num_shifts, is_near.argmin(axis=1))

    def steps(self, values, shifts) -> np.ndarray:
        """The step that each value lies in.

        Args:
            values: Array of shape `(num, ...)`.
            shifts: Integer array of shape `(num,)`.

        Returns:
            Int64 array with the shape of `values`.
        """
        cells = self._cells(np.asarray(values, np.float64))
        shifts = np.reshape(shifts, (-1, *[1] * (cells.ndim - 1)))
        found = (cells - shifts) // self.num_shifts + 1
        return np.where(shifts < self.num_shifts, found, 0)

    def _cells(self, values):
        """How many boundaries of all grids together lie below each value, less one."""
        warped = self._warp(values.clip(self.low, self.high)) - self._first
        return np.floor(warped * self._cells_per_unit - 0.5).astype(np.int64)

    def round(self, values, shifts) -> np.ndarray:
        """The centre of the step of each value, float64 with the shape of `values`."""
        steps = self.steps(values, shifts)
        shifts = np.reshape(shifts, (-1, *[1] * (steps.ndim - 1)))
        return self.centres[shifts, steps]
