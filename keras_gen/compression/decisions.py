"""A level as a series of decisions between two halves of the levels."""

import numpy as np

from keras_gen.compression.grid import Grid
from keras_gen.compression.tables import integer_table

# Below the log probability of any level.
_NEVER = -1e9
# Where a decision is nearly certain, an error of its logit costs little. The length of
# a step that makes the most of a number of boundaries grows like p(1 - p) to the power
# of -1/3; in the logit, that is nearly like cosh(logit / 3).
_SCALE = 3.0
_STEP = 0.3
_MOST = 12.0


class Decisions:
    """Levels as binary decisions, from the highest bit to the lowest.

    A decision has a logit, which `grid` rounds, and `tables` has the integer table of
    each step of a grid.

    Args:
        num_levels: Integer of at least 2.

    Attributes:
        num_bits: Integer, the number of decisions.
        grid: `Grid` of logits.
        tables: Int64 array of shape `(num_shifts + 1, num_steps, 2)`.
    """

    def __init__(self, num_levels):
        self.num_levels = num_levels
        self.num_bits = (num_levels - 1).bit_length()
        self.grid = Grid(
            -_MOST,
            _MOST,
            _STEP,
            warp=lambda logits: np.arctan(np.sinh(logits / _SCALE)) * _SCALE,
            unwarp=lambda warped: np.arcsinh(np.tan(warped / _SCALE)) * _SCALE,
        )
        ones = 1.0 / (1.0 + np.exp(-self.grid.centres))
        self.tables = integer_table(np.stack([1.0 - ones, ones], axis=-1))

    def halves(self, log_probs) -> list:
        """The log probabilities of each half, quarter and so on of the levels.

        Args:
            log_probs: Float array of shape `(..., num_levels)`, in nats.

        Returns:
            List of `num_bits` float64 arrays; array `i` has the shape
            `(..., 2**(i + 1))`.
        """
        log_probs = np.maximum(np.asarray(log_probs, np.float64), _NEVER)
        surplus = 2**self.num_bits - self.num_levels
        widths = [(0, 0)] * (log_probs.ndim - 1) + [(0, surplus)]
        found = [np.pad(log_probs, widths, constant_values=_NEVER)]
        while found[0].shape[-1] > 2:
            whole = np.logaddexp(found[0][..., ::2], found[0][..., 1::2])
            found.insert(0, whole)
        return found

    def logits(self, halves, bit, prefix) -> np.ndarray:
        """The logits of a decision, given the bits before it.

        Args:
            halves: List from `halves()`.
            bit: Integer, the number of decisions before.
            prefix: Integer array of shape `(...)`, the bits before as a number.

        Returns:
            Float64 array of shape `(...)`.
        """
        here = halves[bit]
        if bit == 0:
            return here[..., 1] - here[..., 0]
        zero = np.take_along_axis(here, 2 * prefix[..., None], -1)[..., 0]
        one = np.take_along_axis(here, 2 * prefix[..., None] + 1, -1)[..., 0]
        return one - zero

    def of_levels(self, log_probs, levels) -> tuple:
        """The logits of all decisions for some levels, and the decisions.

        Args:
            log_probs: Float array of shape `(..., num_levels)`, in nats.
            levels: Integer array of shape `(...)`.

        Returns:
            Float64 array and int32 array, both of shape `(..., num_bits)`.
        """
        halves, levels = self.halves(log_probs), np.asarray(levels)
        logits, bits = [], []
        for bit in range(self.num_bits):
            prefix = levels >> (self.num_bits - bit)
            logits.append(self.logits(halves, bit, prefix))
            bits.append((levels >> (self.num_bits - bit - 1)) & 1)
        return np.stack(logits, axis=-1), np.stack(bits, axis=-1).astype(np.int32)

    def draw(self, log_probs, shifts, pop) -> np.ndarray:
        """The levels that a stack of decisions holds.

        Args:
            log_probs: Float array of shape `(num, ..., num_levels)`, in nats.
            shifts: Integer array of shape `(num,)`, the grid of each example.
            pop: Function from tables of shape `(count, 2)` to int32 decisions of shape
                `(count,)`.

        Returns:
            Int32 array of shape `(num, ...)`.
        """
        halves = self.halves(log_probs)
        levels = np.zeros(halves[0].shape[:-1], np.int32)
        for bit in range(self.num_bits):
            tables = self.tables_of(self.logits(halves, bit, levels), shifts)
            found = pop(tables.reshape(-1, 2))
            levels = 2 * levels + found.reshape(levels.shape)
        # A damaged stack may hold what is no level.
        return np.minimum(levels, self.num_levels - 1)

    def tables_of(self, logits, shifts) -> np.ndarray:
        """The integer tables of decisions.

        Args:
            logits: Float array of shape `(num, ...)`.
            shifts: Integer array of shape `(num,)`, the grid of each example.

        Returns:
            Int64 array of shape `(num, ..., 2)`.
        """
        steps = self.grid.steps(logits, shifts)
        return self.tables[np.reshape(shifts, (-1, *[1] * (steps.ndim - 1))), steps]
