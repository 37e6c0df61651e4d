import numpy as np
import pytest

from keras_gen.compression import PRECISION, geometric, integer_table, uniform

GENERATOR = np.random.default_rng(0)


@pytest.mark.parametrize("num_symbols", [2, 3, 17, 256, 5000])
def test_tables_have_one_sum_and_no_zero(num_symbols):
    weights = GENERATOR.gamma(0.05, size=(20, num_symbols)) + 1e-300
    table = integer_table(weights / weights.sum(axis=-1, keepdims=True))
    assert table.dtype == np.int64
    assert table.min() >= 1
    np.testing.assert_array_equal(table.sum(axis=-1), 2**PRECISION)


def test_tables_are_near_the_probabilities():
    probabilities = GENERATOR.dirichlet(np.ones(10), size=50)
    table = integer_table(probabilities)
    assert np.abs(table - probabilities * 2**PRECISION).max() <= 11


@pytest.mark.parametrize("bits", [1, 4, 10])
def test_equal_probabilities_are_exact(bits):
    np.testing.assert_array_equal(uniform(2**bits), 2 ** (PRECISION - bits))


def test_a_geometric_table_falls_by_its_ratio():
    table = geometric(5)
    np.testing.assert_allclose(table[1:] / table[:-1], 0.125, rtol=1e-3)
    assert table.sum() == 2**PRECISION
