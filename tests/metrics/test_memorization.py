import numpy as np
import pytest

from keras_gen.metrics import memorization
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
