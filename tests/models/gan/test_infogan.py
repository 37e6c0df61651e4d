import math

import numpy as np
import pytest
import tensorflow as tf
from contracts import AdversarialContract

from keras_gen.models import InfoGAN
from keras_gen.models.base import Batch
from keras_gen.networks import mlp
from keras_gen.random import Rows

K = 3


def tiny(seed=0, num_continuous=1, **options):
    size = 2 + K + num_continuous
    generator = mlp((size,), [16], (8, 8, 1), output_activation="tanh", name="G")
    discriminator = mlp((8, 8, 1), [16], (size - 1,), name="D")
    options = {"seed": seed, "name": "tiny", **options}
    return InfoGAN(generator, discriminator, K, num_continuous, **options)


class TestContract(AdversarialContract):
    model_class = InfoGAN

    def make(self, seed=0):
        return tiny(seed=seed)


def latents_of(categories, continuous=None):
    """Latents with these codes."""
    codes = np.eye(K, dtype="f4")[categories]
    numbers = np.zeros((len(codes), 1), "f4") if continuous is None else continuous
    return tf.concat([np.zeros((len(codes), 2), "f4"), codes, numbers], axis=1)


def scores_of(log_q, means=None):
    """Scores of a discriminator that believes this of the category."""
    log_q = np.asarray(log_q, "f4")
    numbers = np.zeros((len(log_q), 1), "f4") if means is None else means
    source = np.full((len(log_q), 1), 7.0, "f4")
    return tf.concat([source, log_q, numbers], axis=1)


@pytest.mark.parametrize("scale", [0.1, 10.0, 1e4])
def test_the_bound_is_never_above_the_entropy_of_the_code(scale):
    logits = scale * Rows(500, 0).normal((K,), "logits").numpy()
    categories = np.argmax(logits, axis=1)  # The best case for any estimate.
    found, _ = tiny().information(scores_of(logits), latents_of(categories))
    assert float(found) <= math.log(K) + 1e-6
    if scale == 1e4:
        assert float(found) == pytest.approx(math.log(K), abs=1e-3)


def test_the_exact_estimate_gives_the_mutual_information():
    # How often each of four images is made of each category, out of ten.
    counts = np.array([[7, 2, 1, 0], [0, 5, 5, 0], [1, 1, 1, 7]])
    category, image = (
        np.repeat(i, counts.ravel()) for i in np.indices((3, 4)).reshape(2, -1)
    )
    joint = counts / counts.sum()
    marginal = joint.sum(axis=0)
    safe = np.where(joint > 0, joint, 1.0)
    mutual = np.sum(
        joint * np.log(safe / (marginal * joint.sum(axis=1, keepdims=True)))
    )
    posterior = np.log(np.maximum(joint / marginal, 1e-30)).T
    model = tiny()
    found, _ = model.information(scores_of(posterior[image]), latents_of(category))
    assert float(found) == pytest.approx(mutual, abs=1e-5)
    worse = posterior + Rows(4, 0).normal((K,), "error").numpy()
    found, _ = model.information(scores_of(worse[image]), latents_of(category))
    assert float(found) < mutual - 0.01


def test_an_estimate_that_knows_nothing_has_no_information():
    categories = np.arange(60) % K
    found, _ = tiny().information(
        scores_of(np.full((60, K), 5.0)), latents_of(categories)
    )
    assert float(found) == pytest.approx(0.0, abs=1e-6)


def test_continuous_codes_have_the_bound_of_a_normal_estimate():
    codes = 2.0 * Rows(200, 0).uniform((1,), "codes").numpy() - 1.0
    categories = np.arange(200) % K
    for shift in (0.0, 0.7):
        scores = scores_of(np.zeros((200, K)), codes + np.float32(shift))
        _, found = tiny().information(scores, latents_of(categories, codes))
        density = -0.5 * shift**2 - 0.5 * math.log(2 * math.pi)
        assert float(found) == pytest.approx(math.log(2.0) + density, abs=1e-5)


def test_both_tasks_share_the_first_layers():
    model = tiny()
    x = tf.constant(TestContract().x(6))
    kernel = model.discriminator.get_layer("hidden_0").kernel.value
    with tf.GradientTape(persistent=True) as tape:
        terms = model.discriminator_terms(x, -x, Batch(x, Rows(6, 0)), training=True)
        source = tf.reduce_sum(model.score(x, None, training=True)[:, 0])
    for value in (terms["information"], terms["continuous_information"], source):
        assert np.abs(tape.gradient(value, kernel)).max() > 0


def test_both_players_gain_from_information():
    model, x = tiny(information_weight=2.0), tf.constant(TestContract().x(6))
    plain = tiny(information_weight=0.0)
    plain.set_weights(model.get_weights())
    batch = Batch(x, Rows(6, 0))
    for stream in ("discriminator", "generator"):
        latents = model.draw_latents(batch.rows, stream)
        fakes = model.generate(latents, None, training=True)
        (loss, without) = (
            game.discriminator_terms(x, fakes, batch, training=True)
            if stream == "discriminator"
            else game.generator_terms(fakes, batch, training=True)
            for game in (model, plain)
        )
        scores = model.score(fakes, None, training=True)
        gain = sum(model.information(scores, latents))
        change = loss[f"{stream}_loss"] - without[f"{stream}_loss"]
        assert float(change) == pytest.approx(-2.0 * float(gain), rel=1e-4)


def test_codes_are_drawn_uniformly():
    model = tiny()
    latents = model.noise(3000, seed=0).numpy()
    category, number = latents[:, 2:5], latents[:, 5]
    assert set(np.unique(category)) == {0.0, 1.0}
    assert (category.sum(axis=1) == 1).all()
    # Four standard errors.
    np.testing.assert_allclose(category.mean(axis=0), 1 / K, atol=4 * 0.0086)
    assert -1 <= number.min() < -0.99
    assert 0.99 < number.max() < 1
    assert number.mean() == pytest.approx(0.0, abs=4 * 0.0105)


def test_samples_have_the_codes_that_are_asked_for():
    model = tiny()
    latents = model.noise(4, seed=0).numpy()
    latents[:, 2:5], latents[:, 5] = np.eye(K)[2], 0.5
    found = model.sample(4, seed=0, category=2, continuous=[0.5])
    np.testing.assert_allclose(found, model.decode(latents), atol=1e-6)
    each = model.sample(4, seed=0, category=[2] * 4, continuous=[[0.5]] * 4)
    np.testing.assert_array_equal(each, found)
    latents = model.noise(4, seed=0).numpy()
    latents[:, 2:5] = np.eye(K)[[0, 1, 2, 0]]
    found = model.sample(4, seed=0, category=[0, 1, 2, 0])
    np.testing.assert_allclose(found, model.decode(latents), atol=1e-6)


def test_codes_are_read_from_images():
    found = tiny().codes(TestContract().x(5)).numpy()
    assert found.shape == (5, K + 1)
    np.testing.assert_allclose(found[:, :K].sum(axis=1), 1.0, atol=1e-6)


def test_it_needs_no_continuous_codes():
    model = tiny(num_continuous=0)
    model.compile(run_eagerly=True)
    history = model.fit(TestContract().x(8), verbose=0).history
    assert history["continuous_information"] == [0.0]
    assert model.sample(2, seed=0, category=1).shape == (2, 8, 8, 1)


@pytest.mark.parametrize(
    ("codes", "message"),
    [
        ({"category": 3}, r"`category` must lie in \[0, 3\).*3"),
        ({"category": -1}, r"`category` must lie in \[0, 3\).*-1"),
        ({"category": 0.5}, "`category` must be integers"),
        ({"category": [0, 1]}, r"`category` must be one integer.*4.*\[0, 1\]"),
        ({"continuous": [1.5]}, r"`continuous` must lie in \[-1, 1\].*1.5"),
        ({"continuous": [math.nan]}, r"`continuous` must lie in \[-1, 1\].*nan"),
        ({"continuous": [0.0, 0.0]}, r"`continuous` must have shape \(1,\)"),
        ({"continuous": "far"}, "`continuous` must have shape.*far"),
    ],
)
def test_bad_codes_are_refused(codes, message):
    with pytest.raises(ValueError, match=message):
        tiny().sample(4, **codes)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"information_weight": -1.0}, "`information_weight` must be at least 0"),
        ({"num_categories": 1}, "`num_categories` must be an integer"),
        ({"num_continuous": 2}, r"6 scores.*the codes.*shape: \(5,\)"),
        ({"generator": mlp((4,), [], (8, 8, 1))}, "more than the 4 latents.*size 4"),
    ],
)
def test_bad_arguments_are_refused(options, message):
    model = tiny()
    given = {
        "generator": model.generator,
        "discriminator": model.discriminator,
        "num_categories": K,
        "num_continuous": 1,
    }
    with pytest.raises(ValueError, match=message):
        InfoGAN(**{**given, **options})
