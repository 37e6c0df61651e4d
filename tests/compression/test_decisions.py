import numpy as np
import pytest

from keras_gen.compression import Decisions


def log_probs(num_levels, num=200):
    weights = np.random.default_rng(0).normal(0, 2, (num, 3, num_levels))
    return weights - np.logaddexp.reduce(weights, axis=-1, keepdims=True)


@pytest.mark.parametrize("num_levels", [2, 3, 16, 200])
def test_decisions_have_the_probability_of_the_level(num_levels):
    logs = log_probs(num_levels)
    levels = np.random.default_rng(1).integers(0, num_levels, logs.shape[:2])
    logits, bits = Decisions(num_levels).of_levels(logs, levels)
    found = -np.logaddexp(0.0, np.where(bits, -logits, logits)).sum(axis=-1)
    expected = np.take_along_axis(logs, levels[..., None], -1)[..., 0]
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("num_levels", [2, 3, 16])
def test_levels_are_found_from_their_decisions(num_levels):
    decisions, logs = Decisions(num_levels), log_probs(num_levels)
    levels = np.random.default_rng(1).integers(0, num_levels, logs.shape[:2])
    logits, bits = decisions.of_levels(logs, levels)
    shifts = decisions.grid.safe_shifts(logits, 1e-5)
    waiting = [
        (bits[..., bit], decisions.tables_of(logits, shifts)[..., bit, :])
        for bit in range(decisions.num_bits)
    ]

    def pop(tables):
        expected, stated = waiting.pop(0)
        np.testing.assert_array_equal(tables, stated.reshape(-1, 2))
        return expected.ravel()

    np.testing.assert_array_equal(decisions.draw(logs, shifts, pop), levels)


def test_rounding_costs_little():
    """The divergence from the rounded probabilities, for what digits are like."""
    decisions = Decisions(2)
    logits = np.random.default_rng(0).normal(-6, 5, (100, 784))
    shifts = decisions.grid.safe_shifts(logits, 1e-4)
    tables = decisions.tables_of(logits, shifts) / 2.0**24
    ones = 1.0 / (1.0 + np.exp(-logits))
    extra = ones * np.log(ones / tables[..., 1])
    extra += (1.0 - ones) * np.log((1.0 - ones) / tables[..., 0])
    assert 0.0 < extra.sum(axis=1).mean() < 0.6
