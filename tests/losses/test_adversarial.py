"""Tests of the losses of two players."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gen import losses

PAIRS = ["minimax", "non_saturating", "wasserstein"]
PLAYERS = ["generator", "discriminator"]
LOSSES = [f"{name}_{player}_loss" for name in PAIRS for player in PLAYERS]
CROSS_ENTROPIES = ["minimax_discriminator_loss", "non_saturating_discriminator_loss"]


def scores(seed=0):
    return np.random.default_rng(seed).normal(size=(2, 8, 1)).astype(np.float32)


def sigmoid(score):
    return 1 / (1 + np.exp(-score.astype(np.float64)))


def gradient(loss, score):
    score = tf.constant(score)
    with tf.GradientTape() as tape:
        tape.watch(score)
        value = loss(score)
    # A gather's gradient comes as slices; the tensor adds them up.
    return tf.convert_to_tensor(tape.gradient(value, score)).numpy()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("minimax_generator_loss", lambda d, real, fake: np.log(1 - d(fake)).mean()),
        (
            "minimax_discriminator_loss",
            lambda d, real, fake: -np.log(d(real)).mean() - np.log(1 - d(fake)).mean(),
        ),
        (
            "non_saturating_generator_loss",
            lambda d, real, fake: -np.log(d(fake)).mean(),
        ),
        (
            "non_saturating_discriminator_loss",
            lambda d, real, fake: -np.log(d(real)).mean() - np.log(1 - d(fake)).mean(),
        ),
        ("wasserstein_generator_loss", lambda d, real, fake: -fake.mean()),
        (
            "wasserstein_discriminator_loss",
            lambda d, real, fake: fake.mean() - real.mean(),
        ),
    ],
)
def test_the_losses_have_their_closed_form(name, expected):
    real, fake = scores()
    loss = getattr(losses, name)(real, fake)
    assert float(loss) == pytest.approx(expected(sigmoid, real, fake), rel=1e-5)


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
def test_the_losses_are_float32_scalars(name, dtype):
    real, fake = (keras.ops.cast(score, dtype) for score in scores())
    loss = getattr(losses, name)(real, fake)
    assert loss.shape == ()
    assert keras.backend.standardize_dtype(loss.dtype) == "float32"


@pytest.mark.parametrize("name", PAIRS)
def test_generators_do_not_look_at_real_scores(name):
    loss = getattr(losses, f"{name}_generator_loss")
    real, fake = scores()
    assert float(loss(None, fake)) == float(loss(real, fake))


@pytest.mark.parametrize("name", LOSSES)
def test_shuffling_the_batch_or_its_size_does_not_change_a_mean(name):
    loss = getattr(losses, name)
    real, fake = scores()
    doubled = np.concatenate([real[::-1], real])
    assert float(loss(doubled, fake)) == pytest.approx(float(loss(real, fake)))


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("score", [-1e4, 1e4])
def test_values_and_gradients_are_finite_at_large_scores(name, score):
    score = np.full((4, 1), score, np.float32)
    loss = getattr(losses, name)
    assert np.isfinite(float(loss(score, score)))
    assert abs(float(loss(score, -score))) in (0, 1e4, 2e4)
    assert np.isfinite(gradient(lambda s: loss(s, s), score)).all()


@pytest.mark.parametrize("name", LOSSES)
def test_keras_restores_a_loss_by_its_name(name):
    loss = getattr(losses, name)
    config = keras.saving.serialize_keras_object(loss)
    assert keras.saving.deserialize_keras_object(config) is loss
    assert keras.saving.get_registered_name(loss) == f"keras_gen>{name}"


def test_the_optimal_discriminator_measures_the_jensen_shannon_divergence():
    """Goodfellow et al. 2014, proposition 1 and theorem 1, on four symbols."""
    real, fake = np.repeat(range(4), [4, 3, 2, 1]), np.repeat(range(4), [1, 1, 3, 5])
    p, q = np.bincount(real) / 10, np.bincount(fake) / 10
    table = np.zeros(4, np.float32)

    def loss(table):
        scores = tf.gather(table, real), tf.gather(table, fake)
        return losses.minimax_discriminator_loss(*scores)

    for _ in range(500):
        table -= 4 * gradient(loss, table)
    np.testing.assert_allclose(sigmoid(table), p / (p + q), atol=1e-4)
    mixture = (p + q) / 2
    divergence = (p * np.log(p / mixture) + q * np.log(q / mixture)).sum() / 2
    assert -float(loss(table)) == pytest.approx(2 * divergence - np.log(4), abs=1e-5)


def test_the_minimax_generator_stalls_where_the_non_saturating_one_learns():
    sure = np.full((4, 1), -20, np.float32)
    minimax = gradient(lambda s: losses.minimax_generator_loss(None, s), sure)
    other = gradient(lambda s: losses.non_saturating_generator_loss(None, s), sure)
    assert np.abs(minimax).max() < 1e-8
    np.testing.assert_allclose(other, -1 / 4, rtol=1e-6)


def test_both_generators_pull_in_one_direction():
    score = scores()[0]
    minimax = gradient(lambda s: losses.minimax_generator_loss(None, s), score)
    other = gradient(lambda s: losses.non_saturating_generator_loss(None, s), score)
    # By d = sigmoid(score): -d and -(1 - d), each over the batch.
    np.testing.assert_allclose(minimax * len(score), -sigmoid(score), rtol=1e-5)
    np.testing.assert_allclose(other * len(score), sigmoid(score) - 1, rtol=1e-5)


@pytest.mark.parametrize("name", CROSS_ENTROPIES)
@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.5])
def test_smoothing_changes_the_target_of_real_images_alone(name, smoothing):
    loss = getattr(losses, name)
    real, fake = scores()
    d = sigmoid(real)
    expected = -((1 - smoothing) * np.log(d) + smoothing * np.log(1 - d)).mean()
    expected -= np.log(1 - sigmoid(fake)).mean()
    smoothed = loss(real, fake, label_smoothing=smoothing)
    assert float(smoothed) == pytest.approx(expected, rel=1e-5)
    np.testing.assert_array_equal(
        gradient(lambda s: loss(real, s, label_smoothing=smoothing), fake),
        gradient(lambda s: loss(real, s), fake),
    )
    if smoothing:
        best = np.full((4, 1), np.log((1 - smoothing) / smoothing), np.float32)
        slope = gradient(lambda s: loss(s, fake, label_smoothing=smoothing), best)
        np.testing.assert_allclose(slope, 0, atol=1e-7)


@pytest.mark.parametrize("name", CROSS_ENTROPIES)
@pytest.mark.parametrize("value", [-0.1, 1, 1.5, float("nan")])
def test_a_bad_smoothing_is_refused(name, value):
    with pytest.raises(ValueError, match=f"`label_smoothing`.*{value}"):
        getattr(losses, name)(*scores(), label_smoothing=value)
