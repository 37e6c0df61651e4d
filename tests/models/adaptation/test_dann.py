import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from contracts import ModelContract

from keras_gen.models import DANN
from keras_gen.models.base import Batch
from keras_gen.networks import mlp
from keras_gen.random import Rows
from keras_gen.schedules import SigmoidRise

SHAPE, FEATURES, RATE = (4, 4, 1), (6,), 0.1


def fixed(network, seed):
    """A network with weights of a seed, none of them zero."""
    for index, weight in enumerate(network.trainable_weights):
        values = Rows(1, seed).normal(weight.shape, f"weight_{index}")[0]
        weight.assign(0.5 * values)
    return network


def tiny(reversal=0.7, seed=0):
    networks = (
        mlp(SHAPE, [8], FEATURES, name="extractor"),
        mlp(FEATURES, [], (3,), name="classifier"),
        mlp(FEATURES, [5], (1,), name="discriminator"),
    )
    networks = [fixed(network, index) for index, network in enumerate(networks)]
    return DANN(*networks, reversal, seed=seed, name="tiny")


class TestContract(ModelContract):
    model_class = DANN
    coupled_terms = DANN.term_names

    def make(self, seed=0):
        return tiny(seed=seed)


def examples(num=12, num_source=7):
    x = Rows(num, 3).uniform(SHAPE, "x").numpy()
    y = np.where(np.arange(num) < num_source, np.arange(num) % 3, -1)
    return x, y.astype(np.int32)


def gradients_of(model, x, y):
    """The gradients of the two losses by all variables, computed without reversal."""
    networks = model.extractor, model.classifier, model.discriminator
    variables = [[v.value for v in n.trainable_variables] for n in networks]
    is_source = y >= 0
    with tf.GradientTape(persistent=True) as tape:
        features = model.extractor(x)
        of_class = keras.losses.sparse_categorical_crossentropy(
            y[is_source], model.classifier(features[is_source]), from_logits=True
        )
        of_class = tf.reduce_mean(of_class)
        chance = tf.sigmoid(model.discriminator(features))[:, 0]
        of_domain = -0.5 * (
            tf.reduce_mean(tf.math.log(chance[is_source]))
            + tf.reduce_mean(tf.math.log(1 - chance[~is_source]))
        )
    by_class = tape.gradient(of_class, variables)
    by_domain = tape.gradient(of_domain, variables)
    return by_class, by_domain, float(of_class), float(of_domain)


@pytest.mark.parametrize("reversal", [0.0, 0.7, 3.0])
def test_one_step_descends_by_the_heads_and_ascends_by_the_extractor(reversal):
    model = tiny(reversal)
    x, y = examples()
    by_class, by_domain, of_class, of_domain = gradients_of(model, x, y)
    networks = model.extractor, model.classifier, model.discriminator
    before = [n.get_weights() for n in networks]
    model.compile(keras.optimizers.SGD(RATE), run_eagerly=True)
    found = model.train_on_batch(x, y, return_dict=True)
    assert found["cross_entropy"] == pytest.approx(of_class, rel=1e-5)
    assert found["domain_cross_entropy"] == pytest.approx(of_domain, rel=1e-5)
    assert found["loss"] == pytest.approx(of_class + of_domain, rel=1e-5)
    expected = (
        [a - reversal * b for a, b in zip(by_class[0], by_domain[0], strict=True)],
        by_class[1],
        by_domain[2],
    )
    for network, start, gradients in zip(networks, before, expected, strict=True):
        for weight, old, gradient in zip(
            network.get_weights(), start, gradients, strict=True
        ):
            np.testing.assert_allclose(weight, old - RATE * gradient, atol=1e-5)
    assert max(np.abs(gradient).max() for gradient in by_domain[0]) > 0.01


def test_without_reversal_target_examples_do_not_matter():
    weights = []
    for shift in (0.0, 0.5):
        model = tiny(reversal=0.0)
        x, y = examples()
        x[y < 0] = shift
        model.compile(keras.optimizers.SGD(RATE), run_eagerly=True)
        model.fit(x, y, epochs=3, verbose=0)
        weights.append(model.extractor.get_weights() + model.classifier.get_weights())
    for one, other in zip(*weights, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_the_reversal_follows_its_schedule():
    """Steps of a schedule are those with its values, one after the other."""
    scheduled = tiny(SigmoidRise(4))
    scheduled.compile(keras.optimizers.SGD(RATE), run_eagerly=True)
    x, y = examples()
    by_hand = tiny(0.0)
    for step in range(3):
        by_hand.reversal = float(SigmoidRise(4)(step))
        by_hand.compile(keras.optimizers.SGD(RATE), run_eagerly=True)
        for model in (scheduled, by_hand):
            model.train_on_batch(x, y)
    for one, other in zip(scheduled.get_weights(), by_hand.get_weights(), strict=True):
        if np.size(one) > 1:
            np.testing.assert_allclose(one, other, atol=1e-6)


def test_a_discriminator_that_cannot_tell_has_log_2_and_a_half():
    model = tiny()
    model.discriminator.layers[-1].kernel.assign(np.zeros((5, 1)))
    model.discriminator.layers[-1].bias.assign([0.0])
    x, y = examples()
    terms = model.loss_terms(Batch(x, Rows(len(x), 0), tf.constant(y)), training=False)
    assert float(terms["domain_cross_entropy"]) == pytest.approx(math.log(2))
    assert float(terms["domain_accuracy"]) == pytest.approx(0.5)


def test_evaluate_on_labelled_examples_gives_their_accuracy():
    model = tiny()
    x, _ = examples()
    chosen = np.argmax(model.classify(x), axis=-1)
    y = np.where(np.arange(len(x)) < 9, chosen, (chosen + 1) % 3)
    model.compile(run_eagerly=True)
    found = model.evaluate(x, y, batch_size=5, verbose=0, return_dict=True)
    assert found["accuracy"] == pytest.approx(9 / 12)
    np.testing.assert_allclose(np.sum(model.classify(x), axis=-1), 1, atol=1e-6)


def test_it_adapts_where_the_source_alone_is_wrong():
    """The second value tells the classes of the source, and nothing in the target.

    There it is 4, so the source alone puts all examples into one class. The features of
    the domains have one distribution only if they leave the second value out.
    """
    noise = 0.15 * Rows(400, 0).normal((2,), "points").numpy()
    y = np.arange(400) % 2
    is_source = np.arange(400) < 200
    side = 2.0 * y - 1
    means = np.stack([0.6 * side, np.where(is_source, 2.0 * side, 4.0)], axis=1)
    x = (means + noise).astype(np.float32)
    given = np.where(is_source, y, -1)
    accuracy = {}
    for reversal in (0.0, 1.0):
        networks = mlp((2,), [], (1,)), mlp((1,), [], (2,)), mlp((1,), [16], (1,))
        networks = [fixed(network, index + 5) for index, network in enumerate(networks)]
        model = DANN(*networks, reversal)
        model.compile(keras.optimizers.SGD(0.05, 0.5), steps_per_execution=100)
        model.fit(tf.data.Dataset.from_tensors((x, given)).repeat(300), verbose=0)
        chosen = np.argmax(model.classify(x[200:]), axis=-1)
        accuracy[reversal] = np.mean(chosen == y[200:])
    assert accuracy[0.0] < 0.6
    assert accuracy[1.0] > 0.9


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"classifier": mlp((5,), [], (3,))}, r"`classifier` must take.*\(6,\).*\(5,"),
        ({"classifier": mlp(FEATURES, [], (1,))}, r"`classifier`.*2 classes.*\(1,\)"),
        ({"classifier": mlp(FEATURES, [], (3, 2))}, r"`classifier`.*\(3, 2\)"),
        ({"discriminator": mlp(FEATURES, [], (2,))}, r"`discriminator`.*\(2,\)"),
        (
            {"discriminator": mlp(FEATURES, [], (1,), output_activation="sigmoid")},
            "`discriminator` must end in logits.*sigmoid",
        ),
        ({"reversal": -0.5}, r"`reversal` must be at least 0.*-0\.5"),
    ],
)
def test_networks_that_do_not_match_are_refused(changed, message):
    model = tiny()
    given = {n: getattr(model, n) for n in ("extractor", "classifier", "discriminator")}
    with pytest.raises(ValueError, match=message):
        DANN(**{**given, **changed})


def test_a_label_below_minus_one_is_refused():
    model = tiny()
    model.compile(run_eagerly=True)
    x, y = examples()
    with pytest.raises(ValueError, match=r"`y` must lie in \[-1, 3\)"):
        model.fit(x, y - 1, verbose=0)
