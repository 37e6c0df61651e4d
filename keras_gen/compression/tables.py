"""Integer tables: the probabilities that an entropy coder codes with."""

import numpy as np

#: Integer, the frequencies of a table sum to 2 to this power.
PRECISION = 24


def integer_table(probabilities) -> np.ndarray:
    """Probabilities as integer frequencies, none of them zero.

    Cumulative probabilities are rounded, so no error adds up.

    Args:
        probabilities: Array of shape `(..., num_symbols)`, not negative, with a sum of
            1 over the last axis.

    Returns:
        Int64 array of the same shape, with a sum of `2**PRECISION` over the last axis.

    Example:
    >>> from keras_gen.compression import integer_table
    >>> integer_table([0.25, 0.75, 0.0])
    array([ 4194304, 12582911,        1])
    """
    cumulative = np.cumsum(np.asarray(probabilities, np.float64), axis=-1)
    num_symbols = cumulative.shape[-1]
    # What is left after each symbol has got its one.
    shared = np.rint(cumulative.clip(0.0, 1.0) * (2**PRECISION - num_symbols))
    ends = shared.astype(np.int64) + np.arange(1, num_symbols + 1)
    ends[..., -1] = 2**PRECISION
    return np.diff(ends, axis=-1, prepend=0)


def uniform(num_symbols) -> np.ndarray:
    """The table of equally likely symbols, int64 of shape `(num_symbols,)`."""
    return integer_table(np.full(num_symbols, 1.0 / num_symbols))


def geometric(num_symbols, ratio=0.125) -> np.ndarray:
    """The table of symbols each of which is `ratio` times as likely as the one before.

    Args:
        num_symbols: Integer of at least 1.
        ratio: Float in (0, 1).

    Returns:
        Int64 array of shape `(num_symbols,)`.
    """
    weights = ratio ** np.arange(num_symbols)
    return integer_table(weights / weights.sum())
