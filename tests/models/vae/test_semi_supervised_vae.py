"""Tests of M2: bounds with the label, without it, and what labels teach."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from contracts import AutoencodingContract, SamplerContract
from linear import KERNEL, MEAN, SCALE, examples, linear_model, marginal

from keras_gen.distributions import BernoulliLikelihood, GaussianLikelihood
from keras_gen.models import SemiSupervisedVAE
from keras_gen.models.base import Batch
from keras_gen.networks import mlp
from keras_gen.random import Rows

ALL_KNOWN = np.ones(4, bool)


def tiny(seed=0, **options):
    arguments = {
        "encoder": mlp((8, 8, 1), [16], (6,), num_classes=3, name="encoder"),
        "decoder": mlp((3,), [16], (8, 8, 1), num_classes=3, name="decoder"),
        "output_distribution": BernoulliLikelihood(),
        "classifier": mlp((8, 8, 1), [16], (3,), name="classifier"),
        "alpha": 2.0,
    }
    return SemiSupervisedVAE(**arguments | options, seed=seed, name="tiny")


class TestContract(SamplerContract, AutoencodingContract):
    model_class = SemiSupervisedVAE

    def make(self, seed=0):
        return tiny(seed=seed)

    def inputs(self, num):
        # Outside of training labels are known.
        return self.x(num), (np.arange(num) % 3).astype(np.int32)


# What each class adds to an example of the linear model.
SHIFTS = np.array([[0, 0, 0, 0], [0.3, 0.2, 0, 0.1], [0, 0.3, -0.3, 0.2]], "f4")


def linear_labelled_model(weight=0.0, shifts=SHIFTS, alpha=0.0):
    """The linear model whose examples the class shifts, with its exact posterior.

    Args:
        weight: Float, the scale of the weights of the classifier; 0 tells nothing.
        shifts: Array, what each class adds.
        alpha: Float, as for the model.
    """
    vae = linear_model()
    told = [mlp((4,), [], (4,), num_classes=3), mlp((2,), [], (4,), num_classes=3)]
    kernel, bias = vae.encoder.layers[-1].get_weights()
    told[0].layers[-1].set_weights([np.concatenate([kernel, -shifts @ kernel]), bias])
    told[1].layers[-1].set_weights([np.concatenate([KERNEL, shifts]), MEAN])
    classifier = mlp((4,), [], (3,))
    kernel = weight * np.array([[1, 0, -1], [0, 1, 0], [1, -1, 0], [0, 0, 1]])
    bias = weight * np.array([0.0, 0.5, 0.0])
    classifier.layers[-1].set_weights([kernel, bias])
    return SemiSupervisedVAE(*told, GaussianLikelihood(SCALE), classifier, alpha)


def joint(x):
    """The exact `log p(x, y)` of examples with each class, `(num, 3)`."""
    found = [marginal(ALL_KNOWN).log_prob(x - shift) for shift in SHIFTS]
    return np.stack(found, axis=1) - np.log(3)


def bound_of(model, x, y):
    """The bound of each example alone, by one draw, as the model has it in its loss."""
    found = []
    for index in range(len(x)):
        one = slice(index, index + 1)
        batch = Batch(tf.constant(x[one]), Rows(1, 0), tf.constant(y[one], tf.int32))
        terms = model.loss_terms(batch, training=False)
        found.append(-float(terms["negative_bound"]))
    return np.array(found)


def test_with_the_exact_posterior_the_bounds_are_the_exact_joint_probabilities():
    x = examples(5)
    many = Batch(tf.constant(np.repeat(x, 4000, axis=0)), Rows(20_000, 0))
    costs = linear_labelled_model().costs_of_classes(many).numpy()
    found = -costs.reshape(5, 4000, 3).mean(axis=1)
    np.testing.assert_allclose(found, joint(x), atol=0.08)


@pytest.mark.parametrize("weight", [0.0, 1.0])
def test_without_a_label_the_bound_is_short_by_the_error_of_the_classifier(weight):
    x = np.repeat(examples(5), 2000, axis=0)
    model = linear_labelled_model(weight)
    q, log_joint = np.array(model.classify(x)), joint(x)
    truth = np.logaddexp.reduce(log_joint, axis=1)
    divergence = (q * (np.log(q) - log_joint)).sum(axis=1) + truth
    unknown = tf.fill((len(x),), -1)
    terms = model.loss_terms(Batch(tf.constant(x), Rows(len(x), 0), unknown), False)
    expected = np.mean(divergence - truth)
    assert float(terms["negative_bound"]) == pytest.approx(expected, abs=0.04)
    assert divergence.mean() > 0.04


def test_a_classifier_that_is_sure_gives_the_bound_of_its_label():
    x = examples(6)
    model = linear_labelled_model(weight=1e4)
    chosen = np.array(model.classify(x)).argmax(axis=1)
    assert len(np.unique(chosen)) > 1
    found = bound_of(model, x, np.full(6, -1))
    np.testing.assert_allclose(found, bound_of(model, x, chosen), atol=1e-4)


def test_classes_that_do_not_matter_cost_nothing_if_nothing_is_told_of_them():
    x = examples(4)
    model = linear_labelled_model(shifts=np.zeros((3, 4), "f4"))
    with_label = bound_of(model, x, np.zeros(4))
    # The bound with a label, plus the entropy of three equal classes.
    found = bound_of(model, x, np.full(4, -1))
    np.testing.assert_allclose(found, with_label + np.log(3), atol=1e-4)


def test_alpha_weighs_the_cross_entropy_of_the_labels_that_are_known():
    x, y = examples(4), np.array([2, -1, 0, -1], np.int32)
    model = linear_labelled_model(weight=1.0, alpha=3.0)
    batch = Batch(tf.constant(x), Rows(4, 0), tf.constant(y))
    terms = model.loss_terms(batch, training=False)
    q = np.array(model.classify(x))
    expected = -(np.log(q[0, 2]) + np.log(q[2, 0])) / 4
    assert float(terms["cross_entropy"]) == pytest.approx(expected, rel=1e-4)
    loss = terms["negative_bound"] + 3.0 * terms["cross_entropy"]
    assert float(terms["loss"]) == pytest.approx(float(loss))


def test_images_without_labels_teach_the_classifier():
    # The exact model, and a classifier that can become Bayes' rule and tells nothing.
    model = linear_labelled_model()
    y = np.arange(60) % 3
    x = np.repeat(examples(60) + SHIFTS[y], 8, axis=0)
    optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.5, 30))
    for step in range(30):
        batch = Batch(tf.constant(x), Rows(len(x), step), tf.fill((len(x),), -1))
        with tf.GradientTape() as tape:
            loss = model.loss_terms(batch, training=True)["loss"]
        variables = model.classifier.trainable_variables
        optimizer.apply(tape.gradient(loss, variables), variables)
    log_joint = joint(x)
    expected = np.exp(log_joint - np.logaddexp.reduce(log_joint, axis=1)[:, None])
    at_first = np.abs(1 / 3 - expected).mean()
    assert np.abs(model.classify(x) - expected).mean() < 0.5 * at_first


def test_outside_of_training_labels_must_be_known():
    model, x = tiny(), np.zeros((2, 8, 8, 1), "f4")
    unknown = np.array([-1, 0], np.int32)
    for method in (model.encode, model.reconstruct, model.anomaly_score):
        with pytest.raises(ValueError, match=r"`y` must lie in \[0, 3\).*-1"):
            method(x, y=unknown)
        with pytest.raises(ValueError, match="`y` must be given"):
            method(x)
    with pytest.raises(ValueError, match=r"`y` must lie in \[0, 3\).*-1"):
        model.sample(2, y=unknown)
    with pytest.raises(ValueError, match=r"`y` must lie in \[0, 3\).*-1"):
        model.log_likelihood(x, 1, y=unknown)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"alpha": -1.0}, "`alpha` must be at least 0.*-1"),
        (
            {"classifier": mlp((8, 8, 1), [], (1,))},
            r"`classifier` must end in .* at least 2 classes.*\(1,\)",
        ),
        (
            {"classifier": mlp((4,), [], (3,))},
            r"`classifier` must take shape \(8, 8, 1\).*\(4,\)",
        ),
        (
            {"classifier": mlp((8, 8, 1), [], (3,), output_activation="softmax")},
            "`classifier` must end in logits.*softmax",
        ),
        ({"encoder": mlp((8, 8, 1), [], (6,))}, "`encoder` must have 2 inputs"),
    ],
)
def test_bad_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        tiny(**options)


def test_labels_of_another_kind_are_refused():
    model = tiny()
    model.compile()
    x = np.zeros((3, 8, 8, 1), "f4")
    for y, message in (
        ([-2, 0, 1], r"`y` must lie in \[-1, 3\).*-2"),
        ([0, 1, 3], r"`y` must lie in \[-1, 3\).*3"),
    ):
        with pytest.raises(ValueError, match=message):
            model.fit(x, np.array(y), verbose=0)
