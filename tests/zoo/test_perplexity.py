import numpy as np
import pytest

from keras_gen.zoo.evaluation.measures import alternate_words, perplexity
from keras_gen.zoo.evaluation.protocol import QUICK


class Unigram:
    """Gives each word the same probabilities in all documents."""

    chances = np.array([0.5, 0.25, 0.25])

    def word_probabilities(self, x):
        assert (x.sum(axis=1) > 0).all()
        return np.tile(self.chances, (len(x), 1))


class Batch:
    def __init__(self, values):
        self.values = values

    def numpy(self):
        return self.values


def test_every_other_word_is_given():
    x = np.array([[3, 0, 2, 1], [0, 1, 0, 0], [1, 1, 1, 1]])
    given, held_out = alternate_words(x)
    assert given.tolist() == [[2, 0, 1, 0], [0, 1, 0, 0], [1, 0, 1, 0]]
    assert (given + held_out == x).all()


def test_the_perplexity_is_that_of_the_words_that_are_held_out():
    x = np.array([[2, 2, 0], [0, 0, 1], [4, 0, 0]])
    found = perplexity(Unigram(), None, [Batch(x)], QUICK)
    # One document has a single word. Held out are two words of 1/2, one of 1/4, and one
    # more of 1/2.
    logs = [np.log(2.0)] * 3 + [np.log(4.0)]
    assert found["value"] == pytest.approx(np.exp(np.mean(logs)))
    assert found["protocol"]["num_documents"] == 2
    assert found["protocol"]["num_words"] == 4
    assert 0 < found["standard_error"] < 1


def test_equal_chances_have_the_perplexity_of_their_number():
    model = Unigram()
    model.chances = np.full(3, 1 / 3)
    found = perplexity(model, None, [Batch(np.array([[5, 1, 0], [2, 2, 2]]))], QUICK)
    assert found["value"] == pytest.approx(3.0)
    assert found["standard_error"] == pytest.approx(0.0, abs=1e-9)


def test_words_that_do_not_occur_may_have_no_chance():
    model = Unigram()
    model.chances = np.array([0.5, 0.5, 0.0])
    found = perplexity(model, None, [Batch(np.array([[5, 1, 0], [2, 2, 0]]))], QUICK)
    assert found["value"] == pytest.approx(2.0)
