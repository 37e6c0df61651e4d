import itertools
import math

import numpy as np
import pytest
import tensorflow as tf
from contracts import SamplerContract

from keras_gen.distributions.dirichlet import expected_log
from keras_gen.models import LatentDirichletAllocation

X = np.array(
    [
        [5, 3, 0, 0, 1],
        [4, 4, 1, 0, 0],
        [0, 1, 5, 3, 0],
        [0, 0, 4, 6, 2],
        [1, 0, 3, 3, 4],
        [2, 2, 2, 2, 2],
    ]
)
START = np.array([[1.2, 0.9, 0.6, 0.7, 1.0], [0.6, 0.8, 1.3, 1.1, 0.9]], "float32")


class TestContract(SamplerContract):
    model_class = LatentDirichletAllocation

    def make(self, seed=0):
        return LatentDirichletAllocation(3, 6, document_length=20, seed=seed)


def started(start=START, **options):
    options = {"alpha": 0.5, "num_iterations": 200, **options}
    model = LatentDirichletAllocation(*np.shape(start), **options)
    model.restart([start])
    return model


def em(model, x, steps=1):
    """Steps of expectation maximization, as epochs of `fit()` are; the bounds."""
    found = []
    for _ in range(steps):
        bound, statistics = model.expect(tf.constant(x), model.parameters(), True)
        model.restart(statistics)
        model._num_examples.assign(len(x))
        found.append(float(tf.reduce_mean(bound)))
    return found


def test_three_epochs_are_three_iterations_of_scikit_learn():
    # Version 1.9.1: `components_` and the bound on all documents, by `_em_step()` with
    # `doc_topic_prior=0.5`, `topic_word_prior=0.1` and from `START + 0.1`.
    components = [
        [11.8756505, 9.5088888, 0.8386335, 0.1021248, 1.5389761],
        [0.3243495, 0.6911112, 14.3613665, 14.0978752, 7.6610239],
    ]
    model = started()
    model.compile()
    model.fit(X, batch_size=4, epochs=3, verbose=0)
    np.testing.assert_allclose(0.1 + 6 * model._statistics[0], components, rtol=2e-4)
    assert em(model, X)[0] * 6 == pytest.approx(-99.88982, abs=1e-3)


@pytest.mark.parametrize("eta", [0.0, 0.1])
def test_the_bound_never_falls(eta):
    rise = np.diff(em(started(eta=eta), X, 12))
    assert (rise[1:] > -1e-5).all()
    assert rise[1] > 0.01


def test_gamma_is_alpha_and_the_sum_of_phi():
    model = started()
    em(model, X, 2)
    words = model.parameters()[0]
    gamma = np.array(model.infer(tf.constant(X, tf.float32), words), np.float64)
    shares = np.exp(expected_log(tf.constant(gamma)))
    for document, found, share in zip(X, gamma, shares, strict=True):
        phi = share[:, None] * np.array(words, np.float64)
        phi /= phi.sum(axis=0)
        np.testing.assert_allclose(found, 0.5 + phi @ document, rtol=1e-5)


def test_updates_are_those_of_each_word_by_itself():
    """Equations 6 and 7 of the paper, on a document of three words, one by one."""
    topics = np.array([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6], [0.3, 0.3, 0.4]])
    model = started(topics.astype("float32"), eta=0.0, num_iterations=4)
    document, alpha = [0, 2, 2], 0.5
    gamma = np.full(3, alpha + len(document) / 3)
    for _ in range(4):
        expected = tf.math.digamma(gamma) - tf.math.digamma(gamma.sum())
        phi = []
        for word in document:
            share = topics[:, word] * np.exp(expected)
            phi.append(share / share.sum())
        gamma = alpha + np.sum(phi, axis=0)
    counts = np.bincount(document, minlength=3)[None]
    words = model.parameters()[0]
    found = model.infer(tf.constant(counts, tf.float32), words)
    np.testing.assert_allclose(found[0], gamma, rtol=1e-5)


def test_the_bound_is_below_the_likelihood_and_near_it():
    topics = np.array([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]])
    model = started(topics.astype("float32"), eta=0.0)
    for document in ([0, 1, 2], [0, 0, 0], [1, 2, 2]):
        total = 0.0
        # All ways to draw the words from topics, whose proportions are integrated out.
        for drawn in itertools.product(range(2), repeat=3):
            chance = math.prod(
                topics[k, w] for k, w in zip(drawn, document, strict=True)
            )
            for topic in range(2):
                chance *= math.prod(0.5 + i for i in range(drawn.count(topic)))
            total += chance / math.prod(1.0 + i for i in range(3))
        counts = np.bincount(document, minlength=3)[None]
        bound = float(model.document_bound(counts)[0])
        assert math.log(total) - 0.6 < bound < math.log(total)


def test_one_topic_is_the_unigram_model():
    model = started(START[:1], eta=0.0)
    em(model, X)
    chances = X.sum(axis=0) / X.sum()
    np.testing.assert_allclose(model.topics()[0], chances, rtol=1e-5)
    np.testing.assert_allclose(model.document_bound(X), X @ np.log(chances), rtol=1e-5)
    words = model.word_probabilities(X)
    np.testing.assert_allclose(words, np.tile(chances, (6, 1)), rtol=1e-5)


def test_a_topic_that_no_document_has_leaves_all_finite():
    model = started(np.stack([START[0], 0.0 * START[1]]), eta=0.0)
    bounds = em(model, X, 3)
    assert np.isfinite(bounds).all()
    np.testing.assert_allclose(model.topics().numpy().sum(axis=1), 1, atol=1e-6)


def test_the_order_of_topics_does_not_matter():
    one, other = started(), started(START[::-1])
    for model in (one, other):
        em(model, X, 5)
    np.testing.assert_allclose(
        one.document_bound(X), other.document_bound(X), rtol=1e-4
    )
    np.testing.assert_allclose(one.topics(), other.topics()[::-1], rtol=1e-3)
    np.testing.assert_allclose(
        one.topic_proportions(X), other.topic_proportions(X)[:, ::-1], atol=1e-4
    )


def test_a_stream_is_learned_step_by_step():
    model = started(stepwise=True, num_iterations=30)
    start = model.document_bound(X).numpy().mean()
    model.compile()
    stream = tf.data.Dataset.from_tensor_slices(X).repeat(5).batch(2)
    model.fit(stream, verbose=0)
    assert model.document_bound(X).numpy().mean() > start + 0.5
    assert float(model._num_examples) == 30
    proportions = model.topic_proportions(X).numpy()
    np.testing.assert_allclose(proportions.sum(axis=1), 1, atol=1e-5)


def test_samples_have_the_moments_of_the_model():
    topics = np.array([[0.6, 0.3, 0.1], [0.1, 0.2, 0.7]])
    model = started(topics.astype("float32"), eta=0.0, alpha=0.3, document_length=30)
    samples = model.sample(4000, seed=0, batch_size=4000)
    assert (samples.sum(axis=1) == 30).all()
    mean = 30 * topics.mean(axis=0)
    np.testing.assert_allclose(samples.mean(axis=0), mean, rtol=0.05)
    # The covariance of counts: within a document, and of proportions.
    chances = topics.mean(axis=0)
    second = topics.T @ (0.3 * np.eye(2) + 0.09) @ topics / (0.6 * 1.6)
    expected = 30 * (np.diag(chances) - second) + 900 * (
        second - np.outer(chances, chances)
    )
    np.testing.assert_allclose(np.cov(samples.T), expected, atol=3.0)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (-X, r"`x` must lie in \[0, .*-6"),
        (X * 0.5, "`x` must be integers.*float64"),
        (X * (np.arange(6) != 4)[:, None], "`x` must hold no empty .*1 of 6.*row 4"),
    ],
)
def test_bad_documents_are_refused(wrong, message):
    model = started()
    model.compile()
    for method in (model.fit, model.topic_proportions, model.document_bound):
        with pytest.raises(ValueError, match=message):
            method(wrong)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_topics": 0}, "`num_topics` must be an integer of at least 1"),
        ({"vocabulary_size": 2.5}, "`vocabulary_size` must be an integer"),
        ({"alpha": 0.0}, "`alpha` must be positive.*0.0"),
        ({"alpha": "auto"}, "`alpha` must be a finite number.*'auto'"),
        ({"eta": -1.0}, "`eta` must be at least 0.*-1"),
        ({"num_iterations": 0}, "`num_iterations` must be an integer"),
        ({"document_length": 0}, "`document_length` must be an integer"),
    ],
)
def test_bad_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        LatentDirichletAllocation(**{"num_topics": 2, "vocabulary_size": 3, **options})
