"""Tests of the random numbers."""

import itertools
import math
import zlib

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gen.random import (
    Rows,
    check_seed,
    fresh_seed,
    permutation,
    philox,
    seed_initializers,
)

SHAPES = [(), (1,), (2,), (3,), (4,), (5,), (7, 3), (2, 2, 2), (9, 1, 5)]
PI = (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344)
MORE_PI = (0xA4093822, 0x299F31D0)


def int32(words):
    return np.array(words, np.uint32).view(np.int32)


def assert_same(actual, expected, kind):
    """Bit for bit; the last digits of normals depend on how they are vectorized."""
    atol = 1e-5 if kind == "normal" else 0
    np.testing.assert_allclose(actual, expected, rtol=0, atol=atol)


def kolmogorov_smirnov(sample, cumulative):
    """`sqrt(n) D_n`, which exceeds 1.95 with probability 0.001."""
    sample = np.sort(np.ravel(sample).astype(np.float64))
    expected = cumulative(sample)
    count = len(sample)
    above = np.arange(1, count + 1) / count - expected
    below = expected - np.arange(count) / count
    return math.sqrt(count) * max(above.max(), below.max())


def normal_cumulative(x):
    return 0.5 * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))


def chi_square(counts):
    """The statistic of equal frequencies and its 0.1 % point (Wilson-Hilferty)."""
    counts = np.asarray(counts, np.float64)
    expected, degrees = counts.mean(), len(counts) - 1
    spread = 2 / (9 * degrees)
    limit = degrees * (1 - spread + 3.09 * math.sqrt(spread)) ** 3
    return ((counts - expected) ** 2 / expected).sum(), limit


@pytest.mark.parametrize(
    ("counter", "key", "expected"),
    [
        (
            (0, 0, 0, 0),
            (0, 0),
            (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8),
        ),
        (
            (0xFFFFFFFF,) * 4,
            (0xFFFFFFFF,) * 2,
            (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD),
        ),
        (
            PI,
            MORE_PI,
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_philox_gives_the_published_words(counter, key, expected):
    words = philox([int32([w]) for w in counter], [int32([w]) for w in key])
    assert [int(w.numpy().view(np.uint32)[0]) for w in words] == list(expected)


@pytest.mark.parametrize(
    ("seed", "row", "step"), [(0, 0, 0), (7, 3, 1), (2**31 - 1, 999_000, 123_456)]
)
@pytest.mark.parametrize("size", [1, 6, 64])
def test_uniforms_are_those_of_tensorflow(seed, row, step, size):
    ours = Rows(2, seed, first_row=row, step=step).uniform((size,), "noise")
    key = seed | zlib.crc32(b"noise") << 32
    for index in range(2):
        theirs = tf.raw_ops.StatelessRandomUniformV2(
            shape=[size],
            key=tf.constant([key], tf.uint64),
            counter=tf.constant([(row + index) << 32, step], tf.uint64),
            alg=1,
        )
        np.testing.assert_array_equal(ours[index], theirs)


@pytest.mark.parametrize("shape", SHAPES)
def test_bits_are_the_same_eagerly_in_a_graph_and_under_xla(shape):
    def draw():
        rows = Rows(3, seed=5, first_row=11, step=2)
        return (
            rows.bits(shape, "noise"),
            rows.uniform(shape, "noise"),
            rows.normal(shape, "noise"),
        )

    bits, uniform, normal = draw()
    assert bits.shape == uniform.shape == normal.shape == (3, *shape)
    assert (bits.dtype, uniform.dtype, normal.dtype) == (
        tf.int32,
        tf.float32,
        tf.float32,
    )
    for compiled in (tf.function(draw), tf.function(draw, jit_compile=True)):
        other_bits, other_uniform, other_normal = compiled()
        np.testing.assert_array_equal(bits, other_bits)
        np.testing.assert_array_equal(uniform, other_uniform)
        np.testing.assert_allclose(normal, other_normal, atol=1e-5)


@pytest.mark.parametrize("kind", ["bits", "uniform", "normal"])
def test_a_row_does_not_depend_on_how_many_are_drawn(kind):
    many = getattr(Rows(1000, seed=7), kind)((5,), "noise").numpy()
    few = getattr(Rows(3, seed=7, first_row=500), kind)((5,), "noise").numpy()
    one = getattr(Rows(1, seed=7), kind)((5,), "noise").numpy()
    assert_same(many[500:503], few, kind)
    assert_same(many[:1], one, kind)


def test_a_narrow_row_begins_a_wide_one():
    wide = Rows(4, seed=1).bits((40,), "noise").numpy()
    for size in range(1, 10):
        narrow = Rows(4, seed=1).bits((size,), "noise").numpy()
        np.testing.assert_array_equal(wide[:, :size], narrow)


@pytest.mark.parametrize("kind", ["bits", "uniform", "normal"])
def test_rows_named_one_by_one_are_the_same_rows(kind):
    seeds, rows, steps = [3, 3, 9, 0], [0, 70_000, 4, 4], [0, 1, 1, 8]
    together = getattr(Rows.of(seeds, rows, steps), kind)((2, 3), "noise").numpy()
    for index, (seed, row, step) in enumerate(zip(seeds, rows, steps, strict=True)):
        alone = Rows(1, seed, first_row=row, step=step)
        assert_same(together[index], getattr(alone, kind)((2, 3), "noise")[0], kind)


def test_rows_share_a_scalar_seed_and_step():
    named = Rows.of(4, [5, 6, 7], 2).uniform((3,), "noise")
    np.testing.assert_array_equal(named, Rows(3, 4, 5, 2).uniform((3,), "noise"))


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("kind", ["bits", "uniform", "normal"])
def test_the_number_of_rows_may_be_a_tensor(kind, jit_compile):
    many = tf.zeros((6, 1))

    @tf.function(
        jit_compile=jit_compile, input_signature=[tf.TensorSpec((None, 1), tf.float32)]
    )
    def draw(like):
        return getattr(Rows(tf.shape(like)[0], 7), kind)((3,), "noise")

    expected = getattr(Rows(6, 7), kind)((3,), "noise")
    for count in (1, 6):
        drawn = draw(many[:count])
        assert drawn.shape == (count, 3)
        assert_same(drawn, expected[:count], kind)


def test_named_rows_may_be_unknown_while_tracing():
    @tf.function(input_signature=[tf.TensorSpec((None, 2), tf.int32)])
    def draw(seed):
        return Rows.of(seed[:, 0], seed[:, 1]).uniform((3,), "noise")

    drawn = draw(tf.constant([[7, 0], [7, 1]]))
    np.testing.assert_array_equal(drawn, Rows(2, 7).uniform((3,), "noise"))


@pytest.mark.parametrize(
    "change",
    [{"seed": 1}, {"first_row": 1}, {"step": 1}, {"stream": "other"}],
    ids=lambda change: next(iter(change)),
)
def test_draws_that_differ_in_one_name_are_uncorrelated(change):
    size = 40_000

    def draw(stream="noise", seed=0, first_row=0, step=0):
        return Rows(1, seed, first_row, step).normal((size,), stream)[0].numpy()

    a, b = draw(), draw(**change)
    for power in (1, 2):
        assert abs(np.corrcoef(a**power, b**power)[0, 1]) < 4 / math.sqrt(size)


@pytest.mark.parametrize("lag", [1, 2, 3, 4, 20_000])
def test_columns_are_uncorrelated(lag):
    normal = Rows(1, seed=3).normal((40_000,), "noise")[0].numpy()
    for power in (1, 2):
        r = np.corrcoef(normal[:-lag] ** power, normal[lag:] ** power)[0, 1]
        assert abs(r) < 4 / math.sqrt(len(normal) - lag)


def test_every_bit_is_balanced():
    bits = Rows(100, seed=2).bits((400,), "noise").numpy().view(np.uint32).ravel()
    shares = [np.mean(bits >> place & 1) for place in range(32)]
    np.testing.assert_allclose(shares, 0.5, atol=4 * 0.5 / math.sqrt(bits.size))


@pytest.mark.parametrize("rows", [1, 200, 40_000])
def test_uniforms_are_uniform(rows):
    sample = Rows(rows, seed=11).uniform((40_000 // rows,), "noise").numpy()
    assert sample.min() >= 0
    assert sample.max() < 1
    np.testing.assert_array_equal(sample * 2**23, np.rint(sample * 2**23))
    assert sample.mean() == pytest.approx(1 / 2, abs=4 / math.sqrt(12 * sample.size))
    assert sample.var() == pytest.approx(1 / 12, abs=4 / math.sqrt(180 * sample.size))
    assert kolmogorov_smirnov(sample, lambda x: x) < 1.95


@pytest.mark.parametrize("rows", [1, 200, 40_000])
def test_normals_are_normal(rows):
    sample = Rows(rows, seed=12).normal((40_000 // rows,), "noise").numpy()
    size = sample.size
    assert sample.mean() == pytest.approx(0, abs=4 / math.sqrt(size))
    assert sample.var() == pytest.approx(1, abs=4 * math.sqrt(2 / size))
    assert (sample**3).mean() == pytest.approx(0, abs=4 * math.sqrt(15 / size))
    assert (sample**4).mean() == pytest.approx(3, abs=4 * math.sqrt(96 / size))
    assert np.abs(sample).max() < 5.7
    assert kolmogorov_smirnov(sample, normal_cumulative) < 1.95


def test_normals_are_exact_to_float32():
    rows = Rows(10_000, seed=14)
    uniform = rows.uniform((2, 2), "noise").numpy().astype(np.float64)
    normal = rows.normal((4,), "noise").numpy().reshape(-1, 2, 2)
    radius = np.sqrt(-2 * np.log1p(-uniform[:, 0]))
    turn = 2 * np.pi * uniform[:, 1]
    expected = np.stack([radius * np.sin(turn), radius * np.cos(turn)], axis=1)
    sign = np.sign((normal * expected).sum(axis=1, keepdims=True))
    np.testing.assert_allclose(normal, sign * expected, rtol=0, atol=5e-6)


def test_the_two_normals_of_a_pair_are_independent():
    normal = Rows(20_000, seed=13).normal((2,), "noise").numpy()
    radius = (normal**2).sum(axis=1)
    angle = np.arctan2(normal[:, 0], normal[:, 1]) / (2 * math.pi) + 0.5
    assert kolmogorov_smirnov(radius, lambda x: 1 - np.exp(-x / 2)) < 1.95
    assert kolmogorov_smirnov(angle, lambda x: x) < 1.95
    assert abs(np.corrcoef(radius, angle)[0, 1]) < 4 / math.sqrt(len(normal))


@pytest.mark.parametrize("size", [1, 2, 10, 1000])
def test_a_permutation_holds_every_item_once(size):
    order = permutation(size, 0, "order").numpy()
    assert order.dtype == np.int32
    np.testing.assert_array_equal(np.sort(order), np.arange(size))


def test_a_permutation_is_a_function_of_seed_stream_and_step():
    def order(*args):
        return permutation(100, *args).numpy().tolist()

    first = order(0, "order", 0)
    assert order(0, "order", 0) == first
    assert order(0, "order") == first
    assert tf.function(permutation)(100, 0, "order").numpy().tolist() == first
    for other in (order(0, "order", 1), order(1, "order", 0), order(0, "other", 0)):
        assert other != first


def test_all_orders_of_a_permutation_are_equally_likely():
    @tf.function
    def draw(steps):
        return tf.map_fn(lambda step: permutation(4, 0, "order", step), steps)

    orders = draw(tf.range(4800)).numpy()
    statistic, limit = chi_square(np.bincount(orders[:, 0], minlength=4))
    assert statistic < limit
    drawn = [tuple(order) for order in orders.tolist()]
    counts = [drawn.count(order) for order in itertools.permutations(range(4))]
    assert sum(counts) == len(drawn)
    statistic, limit = chi_square(counts)
    assert statistic < limit


@pytest.mark.parametrize("seed", [-1, 2**31, 1.5, True, "a", None, np.float32(1), [1]])
def test_a_bad_seed_is_named_with_its_value(seed):
    with pytest.raises(ValueError, match="`seed` must be an integer") as error:
        check_seed(seed)
    assert repr(seed) in str(error.value)


def test_a_bad_seed_is_named_as_its_argument():
    with pytest.raises(ValueError, match="`first_seed`.*-1"):
        check_seed(-1, "first_seed")


@pytest.mark.parametrize("seed", [0, 2**31 - 1, np.int64(5), np.uint8(5)])
def test_a_good_seed_becomes_an_int(seed):
    checked = check_seed(seed)
    assert type(checked) is int
    assert checked == seed


def test_fresh_seeds_are_good_seeds_that_vary():
    seeds = [fresh_seed() for _ in range(200)]
    assert [check_seed(seed) for seed in seeds] == seeds
    assert len(set(seeds)) > 190
    assert max(seeds) > 2**30
    assert min(seeds) < 2**30


def test_seeded_initializers_give_equal_weights():
    def weights(seed):
        seed_initializers(seed)
        network = keras.Sequential([keras.layers.Dense(3), keras.layers.Dense(2)])
        network.build((None, 4))
        return np.concatenate([w.ravel() for w in network.get_weights()])

    first = weights(1)
    np.testing.assert_array_equal(first, weights(1))
    assert not np.array_equal(first, weights(2))


def test_seeded_initializers_refuse_a_bad_seed():
    with pytest.raises(ValueError, match="`seed`.*-1"):
        seed_initializers(-1)
