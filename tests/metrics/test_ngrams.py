import itertools

import numpy as np
import pytest

from keras_gen.metrics import ngram_log_probs


def symbols(shape, num_symbols, seed=0):
    return np.random.default_rng(seed).integers(num_symbols, size=shape)


def test_the_probabilities_of_what_can_follow_sum_to_one():
    training = symbols((20, 7), 3)
    # All sequences of four symbols: contexts that were seen, and others.
    everything = np.array([*itertools.product(range(3), repeat=4)])
    chances = np.exp(ngram_log_probs(everything, training, 3, order=5))
    for found in chances:
        by_symbol = found.reshape(27, 3, 4)
        np.testing.assert_allclose(by_symbol[..., 3].sum(axis=1), 1.0)
        np.testing.assert_allclose(found.prod(axis=1).sum(), 1.0)


def test_a_small_case_by_hand():
    chances = np.exp(ngram_log_probs([[0, 1, 1, 1]], [[0, 0, 1]], 2, order=3))
    # Two kinds in three symbols: (count + 2 * 1/2) / (3 + 2).
    np.testing.assert_allclose(chances[0], [[0.6, 0.4, 0.4, 0.4]])
    # The start is followed by 0 alone; 0 by one 0 and one 1; 1 by nothing.
    np.testing.assert_allclose(
        chances[1], [[(1 + 0.6) / 2, (1 + 2 * 0.4) / 4, 0.4, 0.4]]
    )
    # "start 0" is followed by one 0. "0 1" and "1 1" were never followed.
    np.testing.assert_allclose(chances[2], [[0.8, (0 + 0.45) / 2, 0.4, 0.4]])


def test_a_sequence_without_chance_becomes_certain():
    training = np.tile([0, 1, 2, 3], (1, 250))
    nats = -ngram_log_probs(np.tile([0, 1, 2, 3], (1, 5)), training, 4, order=2)
    np.testing.assert_allclose(nats[0], np.log(4.0))
    # Each context but the start has one kind of follower, about 250 times.
    assert nats[1, 0, 1:].max() < 0.004
    assert nats[1, 0, 1:].min() > 0.0


def test_symbols_that_follow_each_other_by_chance_have_the_entropy_of_one():
    training, test = symbols((500, 50), 4), symbols((50, 50), 4, seed=1)
    nats = -ngram_log_probs(test, training, 4, order=4).mean(axis=(1, 2))
    np.testing.assert_allclose(nats, np.log(4.0), atol=0.01)


def test_a_longer_context_sees_what_a_shorter_one_cannot():
    # Each symbol is the sum of the two before, modulo 5.
    def fibonacci(num, seed):
        rows = symbols((num, 12), 5, seed)
        for place in range(2, 12):
            rows[:, place] = (rows[:, place - 1] + rows[:, place - 2]) % 5
        return rows

    nats = -ngram_log_probs(fibonacci(50, 1), fibonacci(500, 0), 5, order=3)
    later = nats[..., 2:].mean(axis=(1, 2))
    assert later[1] > 1.4
    assert later[2] < 0.05


def test_a_context_does_not_reach_into_the_sequence_before():
    one = ngram_log_probs([[0, 1]], [[0, 1], [0, 1]], 2, order=4)
    # At each start the next symbol is 0, never what follows the 1 before.
    two = ngram_log_probs([[0, 1], [0, 1]], [[0, 1], [0, 1]], 2, order=4)
    np.testing.assert_array_equal(np.repeat(one, 2, axis=1), two)
    assert np.exp(one[1, 0, 0]) > 0.8
    # No context is as long as that of a 4-gram.
    np.testing.assert_array_equal(one[3], one[2])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([[0, 2]], [[0]], 2), "`sequences` must hold integers in.*2"),
        (([[0]], [[-1]], 2), "`training_sequences` must hold integers in.*-1"),
        (([0], [[0]], 2), r"`sequences` must be integers of shape.*\(1,\)"),
        (([[0]], [[0.5]], 2), "`training_sequences` must be integers.*float64"),
        (([[0]], [[]], 2), "`training_sequences` must be integers"),
        (([[0]], [[0]], 1), "`num_symbols`.*1"),
        (([[0]], [[0]], 2, 0), "`order`.*0"),
    ],
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        ngram_log_probs(*arguments)
