import numpy as np
import pytest

from keras_gen.compression import PRECISION, Stack, integer_table, uniform


@pytest.fixture
def generator():
    return np.random.default_rng(0)


@pytest.fixture
def words(generator):
    return generator.integers(1, 2**32, 50, dtype=np.uint32)


def test_pop_is_the_inverse_of_push(generator, words):
    stack = Stack(words)
    tables = integer_table(generator.dirichlet(np.full(7, 0.1), size=1000))
    symbols = generator.integers(0, 7, 1000)
    stack.push(symbols, tables)
    assert len(stack.words) > len(words)
    np.testing.assert_array_equal(stack.pop(tables), symbols)
    np.testing.assert_array_equal(stack.words, words)


def test_push_is_the_inverse_of_pop(generator, words):
    stack = Stack(words)
    tables = integer_table(generator.dirichlet(np.full(7, 1.0), size=100))
    symbols = stack.pop(tables)
    stack.push(symbols, tables)
    np.testing.assert_array_equal(stack.words, words)


def test_normal_variables_are_popped_and_pushed_back(generator, words):
    stack = Stack(words)
    means, scales = generator.normal(0, 30, 40), np.exp(generator.normal(2, 1, 40))
    drawn = stack.pop_normal(means, scales, 500)
    assert np.abs((drawn - means) / scales).max() < 5
    stack.push_normal(drawn, means, scales, 500)
    np.testing.assert_array_equal(stack.words, words)


@pytest.mark.parametrize("bits", [1, 3, 8])
def test_a_uniform_symbol_adds_its_bits(generator, words, bits):
    stack = Stack(words)
    # As many symbols as a word has bits add that many words.
    tables = np.tile(uniform(2**bits), (32, 1))
    stack.push(generator.integers(0, 2**bits, 32), tables)
    assert len(stack.words) == len(words) + bits


def test_symbols_cost_what_their_integer_tables_say(generator, words):
    stack = Stack(words)
    table = np.array([[1, 2 ** (PRECISION - 4), 0]])
    table[0, 2] = 2**PRECISION - table.sum()
    stack.push(np.full(64, 0), np.repeat(table, 64, axis=0))
    assert len(stack.words) == len(words) + 64 * PRECISION // 32
    stack.push(np.full(64, 1), np.repeat(table, 64, axis=0))
    assert len(stack.words) == len(words) + 64 * (PRECISION + 4) // 32


def test_a_mask_makes_what_was_pushed_random_and_is_taken_back(generator, words):
    half = np.tile(uniform(2), (1, 1))
    drawn = []
    for _ in range(400):
        stack, mask = Stack(words), generator.integers(0, 2**32, 3, dtype=np.uint32)
        stack.push([0], half)
        before = stack.words
        stack.mask(mask)
        drawn.append(int(stack.pop(half)[0]))
        stack.push(drawn[-1:], half)
        stack.mask(mask)
        np.testing.assert_array_equal(stack.words, before)
    # Without masks all would be the zero that was pushed.
    assert 150 < sum(drawn) < 250
    few = Stack()
    few.mask(words)
    assert len(few.words) == 0


def test_random_words_are_popped_as_symbols_of_the_table(generator):
    words = generator.integers(1, 2**32, 20_000, dtype=np.uint32)
    tables = np.tile(integer_table([0.1, 0.2, 0.7]), (100_000, 1))
    shares = np.bincount(Stack(words).pop(tables)) / 100_000
    np.testing.assert_allclose(shares, [0.1, 0.2, 0.7], atol=0.006)
