"""The stack of the entropy coder: what was pushed last is popped first."""

import functools

import numpy as np

from keras_gen.lazy import optional_import


class Stack:
    """A stack of symbols as 32-bit words, by asymmetric numeral systems.

    `pop` is the exact inverse of `push`, and any stack can be popped with any table. So
    popping symbols from random words draws them, which bits-back coding needs.

    Args:
        words: Optional uint32 array, what the stack holds. Its last word is not zero.

    Raises:
        ImportError: If `constriction` is not installed.

    Reference:
        Duda, "Asymmetric numeral systems", 2013, arXiv:1311.2540; the implementation is
        that of Bamler, "Understanding Entropy Coding With Asymmetric Numeral Systems",
        2022, arXiv:2201.01741.

    Example:
    >>> import numpy as np
    >>> from keras_gen.compression import Stack, uniform
    >>> stack, tables = Stack(), np.tile(uniform(8), (3, 1))
    >>> stack.push([1, 7, 4], tables)
    >>> stack.pop(tables)
    array([1, 7, 4], dtype=int32)
    """

    def __init__(self, words=None):
        stream = _stream()
        arguments = () if words is None or not len(words) else (words,)
        self._coder = stream.stack.AnsCoder(*arguments)
        self._tables = stream.model.Categorical(perfect=False)

    def push(self, symbols, tables) -> None:
        """Puts symbols onto the stack, the first one on top.

        Args:
            symbols: Integer array of shape `(num,)`.
            tables: Integer array of shape `(num, num_symbols)`, see `integer_table()`.
        """
        symbols = np.ascontiguousarray(symbols, np.int32)
        self._coder.encode_reverse(symbols, self._tables, _shared(tables))

    def pop(self, tables) -> np.ndarray:
        """Takes symbols from the stack, the top one first.

        Args:
            tables: Integer array of shape `(num, num_symbols)`.

        Returns:
            Int32 array of shape `(num,)`.
        """
        return self._coder.decode(self._tables, _shared(tables))

    def push_normal(self, values, means, scales, largest) -> None:
        """Puts integers onto the stack that are normal variables rounded.

        Args:
            values: Integer array of shape `(num,)` in [-largest, largest].
            means: Float64 array of shape `(num,)`.
            scales: Float64 array of shape `(num,)`, standard deviations.
            largest: Integer.
        """
        values = np.ascontiguousarray(values, np.int32)
        self._coder.encode_reverse(values, _normal(largest), means, scales)

    def pop_normal(self, means, scales, largest) -> np.ndarray:
        """Takes from the stack what `push_normal()` has put there."""
        return self._coder.decode(_normal(largest), means, scales)

    def mask(self, words) -> None:
        """Flips bits of the words under the top one; the same mask flips them back.

        What was pushed last is on top as it is. Flipped at random, it is as good as
        random words, and symbols that are popped are distributed as their tables.

        Args:
            words: Uint32 array. The stack may hold fewer words.
        """
        held = self.words
        count = min(len(words), len(held) - 1)
        if count > 0:
            held[-1 - count : -1] ^= words[:count]
            self._coder = _stream().stack.AnsCoder(held)

    @property
    def words(self) -> np.ndarray:
        """Uint32 array, what the stack holds."""
        return self._coder.get_compressed()


def _shared(tables):
    # The coder gives each symbol one and shares out the rest in proportion to floats.
    # Integers are shared out as they are.
    return np.asarray(tables, np.float64) - 1.0


@functools.cache
def _normal(largest):
    return _stream().model.QuantizedGaussian(-largest, largest)


def _stream():
    return optional_import("constriction", "compress", "compression").stream
