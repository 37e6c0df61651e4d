"""The random numbers of the package: counter-based, with the same bits everywhere.

There is one generator, Philox4x32-10, written in int32 operations. It gives the same
bits eagerly, in a graph, under XLA and in TensorFlow Lite built-ins; no generator of
TensorFlow does. Numbers are organised in endless matrices: the key is (seed, stream),
the counter is (block of four columns, row, step). So row `i` of a draw depends on the
seed, the stream, the step and `i` only, not on how many rows are drawn together, and a
draw that starts at row 999,000 takes no longer.

Reference:
    Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", 2011,
    doi:10.1145/2063384.2063405, sections 3.3 and 4.
"""

import math
import secrets
import zlib
from typing import Self

import keras
import numpy as np
import tensorflow as tf

from keras_gen.arguments import shown

_MAX_SEED = 2**31 - 1
_ROUNDS = 10
_MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
_WEYL = (0x9E3779B9, 0xBB67AE85)


def fresh_seed() -> int:
    """A random seed from the operating system, an integer in [0, 2**31)."""
    return secrets.randbelow(_MAX_SEED + 1)


def check_seed(seed, name="seed") -> int:
    """`seed` as an int, or a ValueError unless it is an integer in [0, 2**31)."""
    is_integer = isinstance(seed, (int, np.integer)) and not isinstance(seed, bool)
    if not is_integer or not 0 <= seed <= _MAX_SEED:
        raise ValueError(
            f"`{name}` must be an integer from 0 to {_MAX_SEED}. Received: "
            f"{shown(seed)}"
        )
    return int(seed)


def seed_for(stream, seed) -> int:
    """A seed of its own for a purpose, an integer in [0, 2**31).

    Args:
        stream: String, the purpose.
        seed: Integer in [0, 2**31), of which it is a function.
    """
    return int(Rows(1, seed).bits((1,), stream)[0, 0]) & _MAX_SEED


def seed_initializers(seed) -> None:
    """Makes the initial weights of layers that you build next a function of `seed`.

    Keras initializers take their seed from the global state of Keras, not from a model.
    """
    keras.utils.set_random_seed(check_seed(seed))


def permutation(size, seed, stream, step=0) -> tf.Tensor:
    """A uniformly random order of `range(size)`, int32 of shape `(size,)`.

    Args:
        size: Integer, the number of items.
        seed: Integer in [0, 2**31), or an int32 scalar.
        stream: String, the purpose of the draw.
        step: Integer or int32 scalar, for instance the epoch.
    """
    # Sorting the full 32-bit words leaves a tie between two of 60,000 rows with
    # probability 0.35; stable sorting resolves it, with a bias far below notice.
    bits = Rows(1, seed, step=step).bits((size,), stream)[0]
    return tf.argsort(bits, stable=True)


class Rows:
    """Rows `first_row ... first_row + num_rows - 1` of the random matrices of a seed.

    Args:
        num_rows: Integer or int32 scalar, the number of rows.
        seed: Integer in [0, 2**31), or an int32 tensor: a scalar, or one seed for each
            row.
        first_row: Integer or int32 scalar, at least 0.
        step: Integer or int32 tensor: a scalar, or one step for each row. Draws of
            different steps are independent.

    Example:
    >>> from keras_gen.random import Rows
    >>> many = Rows(1000, seed=7).uniform((2,), "noise")
    >>> few = Rows(3, seed=7, first_row=500).uniform((2,), "noise")
    >>> bool((many[500:503] == few).numpy().all())
    True
    """

    def __init__(self, num_rows, seed, first_row=0, step=0):
        self.seed = tf.cast(seed, tf.int32)
        self.row = tf.cast(first_row, tf.int32) + tf.range(num_rows, dtype=tf.int32)
        self.step = tf.cast(step, tf.int32)

    @classmethod
    def of(cls, seed, row, step=0) -> Self:
        """Rows that are given one by one.

        Args:
            seed: Int32 tensor, a scalar or of shape `(batch,)`.
            row: Int32 tensor of shape `(batch,)`.
            step: Int32 tensor, a scalar or of shape `(batch,)`.
        """
        rows = cls(0, seed, step=step)
        rows.row = tf.cast(row, tf.int32)
        return rows

    def take(self, index) -> "Rows":
        """The rows at some positions; all rows must have the same seed and step."""
        return Rows.of(self.seed, tf.gather(self.row, index), self.step)

    def bits(self, shape, stream) -> tf.Tensor:
        """Random 32-bit words, int32 of shape `(num_rows, *shape)`."""
        size = math.prod(shape)
        blocks = -(-size // 4)
        if tf.executing_eagerly():
            seed, step = (
                tf.broadcast_to(value, self.row.shape)
                for value in (self.seed, self.step)
            )
            words = _traced_words(self.row, seed, step, _stream_id(stream), blocks)
        else:
            words = _words(self.row, self.seed, self.step, _stream_id(stream), blocks)
        words = words[:, :size] if size % 4 else words
        num_rows = self.row.shape[0]
        return tf.reshape(words, (-1 if num_rows is None else num_rows, *shape))

    def uniform(self, shape, stream) -> tf.Tensor:
        """Uniform multiples of 2**-23 in [0, 1), float32 of shape `(num_rows, *shape)`.

        Args:
            shape: Tuple of integers, the shape of one row.
            stream: String, the purpose of the draw. Draws of different streams are
                independent.
        """
        return _unit(self.bits(shape, stream))

    def normal(self, shape, stream) -> tf.Tensor:
        """Standard normal numbers, float32 of shape `(num_rows, *shape)`.

        Box and Muller, "A note on the generation of random normal deviates", 1958: two
        uniform numbers give two normal ones, at most 5.7 in size. The uniform
        numbers have the same bits everywhere; the last digits of the normal ones may
        differ.

        Args:
            shape: Tuple of integers, the shape of one row.
            stream: String, the purpose of the draw.
        """
        size = math.prod(shape)
        pairs = -(-size // 2)
        uniform = self.uniform((2, pairs), stream)
        polar = _traced_polar if tf.executing_eagerly() else _polar
        normal = polar(uniform)
        normal = normal[:, :size] if size % 2 else normal
        num_rows = self.row.shape[0]
        return tf.reshape(normal, (-1 if num_rows is None else num_rows, *shape))


def _words(row, seed, step, stream, blocks):
    """The first words of each row, int32 of shape `(num_rows, 4 * blocks)`.

    Args:
        row: Int32 tensor of shape `(num_rows,)`.
        seed: Int32 tensor of that shape, or a scalar.
        step: Int32 tensor of that shape, or a scalar.
        stream: Int32 scalar.
        blocks: Integer, or int32 scalar.
    """
    matrix = tf.stack([tf.shape(row)[0], blocks])

    def column(value):
        value = value[:, None] if len(value.shape) == 1 else value
        return tf.broadcast_to(value, matrix)

    counter = [
        column(tf.range(blocks, dtype=tf.int32)[None, :]),
        column(row),
        column(step),
        column(tf.constant(0)),
    ]
    key = [column(seed), column(stream)]
    words = tf.stack(philox(counter, key), axis=-1)
    return tf.reshape(words, tf.stack([tf.shape(row)[0], 4 * blocks]))


def _polar(uniform):
    """Normals of shape `(num_rows, 2 * pairs)` of uniforms `(num_rows, 2, pairs)`."""
    radius = tf.sqrt(-2.0 * tf.math.log(1.0 - uniform[:, 0]))
    sine, cosine = _circle(uniform[:, 1])
    return tf.concat([radius * sine, radius * cosine], axis=1)


def philox(counter, key) -> list:
    """Philox4x32-10: four pseudorandom words for each counter and key.

    Args:
        counter: Four int32 tensors of one shape.
        key: Two int32 tensors of that shape.

    Returns:
        Four int32 tensors of that shape.
    """
    state = [tf.convert_to_tensor(word) for word in (*counter, *key)]

    # A loop, because XLA would copy unrolled rounds into each operation that it fuses
    # them with, and because they would make exported files large.
    def body(index, c0, c1, c2, c3, k0, k1):
        high0, low0 = _multiply(c0, _MULTIPLIERS[0])
        high1, low1 = _multiply(c2, _MULTIPLIERS[1])
        return (
            index + 1,
            _xor(high1, c1, k0),
            low1,
            _xor(high0, c3, k1),
            low0,
            k0 + _int32(_WEYL[0]),
            k1 + _int32(_WEYL[1]),
        )

    shapes = (tf.TensorShape([]), *(word.shape for word in state))
    return tf.while_loop(
        lambda index, *_: index < _ROUNDS,
        body,
        (tf.constant(0), *state),
        shape_invariants=shapes,
        maximum_iterations=_ROUNDS,
    )[1:5]


# TensorFlow Lite has no bitwise "and": shifts, products and differences do its work.


def _multiply(x, multiplier):
    """High and low 32 bits of an unsigned product, by 16-bit halves."""
    low, high = _int32(multiplier & 0xFFFF), _int32(multiplier >> 16)
    x_low, x_high = _low_bits(x, 16), _shift_right(x, 16)
    middle = x_high * low + _shift_right(x_low * low, 16)
    carry = _shift_right(x_low * high + _low_bits(middle, 16), 16)
    return x_high * high + _shift_right(middle, 16) + carry, x * _int32(multiplier)


def _shift_right(x, bits):
    """Logical shift: on int32 the operation shifts copies of the sign bit in."""
    sign = tf.bitwise.right_shift(x, 31)
    return tf.bitwise.right_shift(x, bits) - sign * _int32(1 << (32 - bits))


def _low_bits(x, bits):
    return x - tf.bitwise.right_shift(x, bits) * _int32(1 << bits)


def _xor(a, b, c):
    return tf.bitwise.bitwise_xor(tf.bitwise.bitwise_xor(a, b), c)


def _unit(bits):
    """The low 23 bits as the fraction of a float32, which is TensorFlow's rule."""
    return tf.cast(_low_bits(bits, 23), tf.float32) * np.float32(2.0**-23)


def _circle(turn):
    """Sine and cosine of `2 pi turn` for `turn` in [0, 1), up to one common sign.

    These series of the half angle, which lies in [-pi/2, pi/2], are within 5e-7 of the
    exact values. They cost XLA less than sines and cosines, for which it calls the C
    library.
    """
    half = np.float32(np.pi) * (turn - 0.5)
    square = half * half
    sine, cosine = tf.zeros_like(half), tf.zeros_like(half)
    for power in range(6, -1, -1):
        sine = (-1) ** power / math.factorial(2 * power + 1) + square * sine
        cosine = (-1) ** power / math.factorial(2 * power) + square * cosine
    sine = half * sine
    return 2.0 * sine * cosine, (cosine - sine) * (cosine + sine)


def _int32(word):
    return np.uint32(word).view(np.int32)


def _stream_id(stream):
    return tf.constant(_int32(zlib.crc32(stream.encode())))


# Some hundred operations take 30 ms one by one, and 1 ms as a graph of their own. One
# trace serves all shapes. Within another graph the operations are used directly,
# because an exported graph must not hold functions that a converter has to inline.
_WORDS = tf.TensorSpec((None,), tf.int32)
_WORD = tf.TensorSpec((), tf.int32)
_traced_words = tf.function(
    _words, input_signature=[_WORDS] * 3 + [_WORD] * 2, autograph=False
)
_traced_polar = tf.function(
    _polar,
    input_signature=[tf.TensorSpec((None, 2, None), tf.float32)],
    autograph=False,
)
