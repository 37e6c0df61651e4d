import numpy as np
import pytest

from keras_gen.metrics import memorization, repeated_phrases
from keras_gen.random import Rows


def normal(num, seed, size=6):
    return Rows(num, seed).normal((size,), "features").numpy()


def test_new_samples_of_the_same_distribution_win_half_of_the_time():
    values = [
        memorization(normal(400, 3 * i), normal(400, 3 * i + 1), normal(400, 3 * i + 2))
        for i in range(8)
    ]
    # The standard deviation of one is below 1 / sqrt(6 * 400), about 0.02.
    assert np.mean(values) == pytest.approx(0.5, abs=0.02)


def test_copies_always_win_and_garbage_never():
    training, test = normal(300, 0), normal(300, 1)
    assert memorization(training[:100] + 1e-4, training, test) == 1.0
    assert memorization(training[:100] + 1e3, training, test) == 0.0


def test_it_is_the_mean_over_all_pairs():
    samples, training, test = normal(30, 0, 2), normal(40, 1, 2), normal(50, 2, 2)

    def nearest(features):
        return np.linalg.norm(features[:, None] - training, axis=2).min(axis=1)

    wins = nearest(samples)[:, None] < nearest(test)
    assert memorization(samples, training, test) == pytest.approx(wins.mean())


def test_ties_count_half():
    assert memorization([[1.0]], [[0.0]], [[-1.0], [-1.0]]) == 0.5


def test_the_training_images_are_not_compared_with_themselves():
    training = normal(10, 0)
    with pytest.raises(ValueError, match="the same set"):
        memorization(training, training, normal(10, 1))


def test_copies_repeat_all_phrases_and_other_symbols_none():
    training = [np.arange(20), np.arange(50, 80)]
    copies = repeated_phrases([np.arange(55, 75), np.arange(9)], training, 5)
    assert copies == (1.0, 0.0, 16 + 5)
    assert repeated_phrases([np.arange(100, 120)], training, 5).share == 0.0


def test_phrases_are_counted_at_each_place_and_not_across_sequences():
    found = repeated_phrases([[0, 1, 2, 9, 3, 4]], [[0, 1, 2], [2, 9], [3, 4]], 2)
    # Not 9 then 3.
    assert found.share == pytest.approx(4 / 5)
    assert found.num_phrases == 5
    both = repeated_phrases([[0, 1, 2], [9, 0, 1, 9]], [[0, 1, 2]], 2)
    assert both.share == pytest.approx(3 / 5)
    # The residuals of the two sequences: 2 - 0.6 * 2 and 1 - 0.6 * 3.
    assert both.standard_error == pytest.approx(np.hypot(0.8, 0.8) / 5)


def test_phrases_of_chance_repeat_as_often_as_chance_says():
    random = np.random.default_rng(0)
    training = [random.integers(10, size=2000)]
    samples = random.integers(10, size=(200, 50))
    found = repeated_phrases(samples, training, 4)
    # One of 10,000 phrases at each of 1,997 places.
    expected = 1 - (1 - 1e-4) ** 1997
    assert found.share == pytest.approx(expected, abs=4 * found.standard_error + 0.01)


def test_without_phrases_there_is_no_share():
    found = repeated_phrases([[0, 1], []], [[0, 1, 2]], 3)
    assert np.isnan(found.share)
    assert found.num_phrases == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([[0]], [[0]], 0), "`length`.*0"),
        (([[0.5]], [[0]], 1), "`sequences` must hold integer arrays.*float64"),
        (([[0]], [[[0]]], 1), r"`training_sequences` must hold.*\(1, 1\)"),
    ],
)
def test_bad_phrases_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        repeated_phrases(*arguments)
