"""Tests of the penalties."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gen.losses import (
    gradient_penalty,
    non_saturating_discriminator_loss,
    non_saturating_generator_loss,
    orthogonal_penalty,
    r1_penalty,
)


def slopes(slope, shape):
    """Gradients of norm `slope` in random directions."""
    gradient = np.random.default_rng(0).normal(size=shape)
    norm = np.sqrt((gradient**2).sum(axis=tuple(range(1, len(shape))), keepdims=True))
    return (slope * gradient / norm).astype(np.float32)


@pytest.mark.parametrize("shape", [(5, 1), (5, 7), (5, 8, 6, 3)])
@pytest.mark.parametrize("slope", [0.0, 0.5, 1.0, 3.0])
@pytest.mark.parametrize("target", [0.0, 1.0, 2.0])
def test_a_slope_is_penalized_by_its_squared_distance(shape, slope, target):
    penalty = gradient_penalty(slopes(slope, shape), target)
    assert penalty.shape == ()
    assert keras.backend.standardize_dtype(penalty.dtype) == "float32"
    assert float(penalty) == pytest.approx((slope - target) ** 2, rel=1e-5, abs=1e-10)


def test_each_example_has_a_norm_of_its_own():
    gradient = np.concatenate([slopes(1, (3, 4, 4, 1)), slopes(3, (1, 4, 4, 1))])
    assert float(gradient_penalty(gradient)) == pytest.approx((3 - 1) ** 2 / 4)


@pytest.mark.parametrize("slope", [0.5, 1.0, 3.0])
def test_a_linear_critic_has_the_slope_of_its_weights(slope):
    direction = tf.constant(slopes(slope, (1, 4, 4, 1)))
    images = tf.constant(np.random.default_rng(1).normal(size=(6, 4, 4, 1)), "float32")
    with tf.GradientTape() as tape:
        tape.watch(images)
        score = tf.reduce_sum(images * direction, axis=(1, 2, 3))
    penalty = gradient_penalty(tape.gradient(score, images))
    assert float(penalty) == pytest.approx((slope - 1) ** 2, rel=1e-5, abs=1e-10)


@pytest.mark.parametrize("slope", [0.0, 1e-30, 1e-7, 1e-3, 1.0, 1e4])
def test_the_derivative_is_finite_and_bounded(slope):
    gradient = tf.constant(slopes(slope, (5, 7)))
    with tf.GradientTape() as tape:
        tape.watch(gradient)
        penalty = gradient_penalty(gradient)
    derivative = tape.gradient(penalty, gradient).numpy() * len(gradient)
    assert np.isfinite(derivative).all()
    norms = np.linalg.norm(derivative, axis=1)
    assert (norms <= 2 * abs(slope - 1) * (1 + 1e-5) + 1e-5).all()


def test_epsilon_adds_a_millionth_at_zero_and_nothing_from_a_hundredth_on():
    at_zero = float(gradient_penalty(np.zeros((2, 3)), target=0.0))
    assert at_zero**0.5 == pytest.approx(1e-6)
    penalty = float(gradient_penalty(np.float32([[1e-2]]), target=0.0))
    assert penalty == pytest.approx(1e-4, rel=2**-22)


def test_half_precision_gradients_are_penalized_in_float32():
    gradient = keras.ops.cast(np.full((2, 300), 200), "float16")
    assert float(gradient_penalty(gradient, 0.0)) == pytest.approx(300 * 200**2)


@pytest.mark.parametrize("target", [-1.0, float("nan")])
def test_a_bad_target_is_refused(target):
    with pytest.raises(ValueError, match=f"`target`.*{target}"):
        gradient_penalty(np.ones((2, 3)), target)


@pytest.mark.parametrize("shape", [(5, 1), (5, 8, 6, 3)])
@pytest.mark.parametrize("slope", [0.0, 0.5, 3.0])
def test_r1_is_half_the_mean_of_the_squared_norms(shape, slope):
    penalty = r1_penalty(slopes(slope, shape))
    assert float(penalty) == pytest.approx(0.5 * slope**2, rel=1e-5)


@pytest.mark.parametrize("weight", [0.0, 0.3, 2.0])
def test_only_with_r1_the_game_of_two_points_comes_to_rest(weight):
    # Mescheder et al. 2018, section 2: data at 0, fakes at `point`, D(x) = `slope` * x.
    # The eigenvalues of the players' gradients tell whether they turn about the
    # equilibrium for ever (real part 0) or come nearer (below 0).
    where = tf.zeros(2)
    with tf.GradientTape() as outer:
        outer.watch(where)
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(where)
            point, slope = tf.unstack(where)
            fake_score = slope * point
            loss = non_saturating_discriminator_loss(0.0 * slope, fake_score)
            loss += weight * r1_penalty(tf.reshape(slope, (1, 1)))
            generator_loss = non_saturating_generator_loss(None, fake_score)
        gradients = tape.gradient(generator_loss, where), tape.gradient(loss, where)
        motion = -tf.stack([gradients[0][0], gradients[1][1]])
    eigenvalues = np.linalg.eigvals(outer.jacobian(motion, where))
    np.testing.assert_allclose(np.poly(eigenvalues), [1.0, weight, 0.25], atol=1e-6)
    assert (eigenvalues.real.max() < -1e-3) == (weight > 0)


def rotation(size):
    return np.linalg.qr(np.random.default_rng(0).normal(size=(size, size)))[0]


@pytest.mark.parametrize("shape", [(8, 5), (2, 2, 2, 8), (3, 3, 1, 4)])
def test_filters_at_right_angles_have_no_penalty_whatever_their_lengths(shape):
    size, filters = int(np.prod(shape[:-1])), shape[-1]
    lengths = np.linspace(0.1, 3.0, filters)
    kernel = (rotation(size)[:, :filters] * lengths).reshape(shape)
    assert float(orthogonal_penalty(kernel)) == pytest.approx(0.0, abs=1e-9)
    mixed = kernel.reshape(size, filters) @ np.triu(np.ones((filters, filters)))
    assert float(orthogonal_penalty(mixed.reshape(shape))) > 0.1


def test_each_pair_of_filters_adds_twice_its_squared_product():
    kernel = np.random.default_rng(0).normal(size=(3, 3, 2, 4)).astype("f4")
    filters = kernel.reshape(-1, 4).T
    expected = 2 * sum(
        (filters[i] @ filters[j]) ** 2 for i in range(4) for j in range(i)
    )
    assert float(orthogonal_penalty(kernel)) == pytest.approx(expected, rel=1e-5)
    # Only the lengths of filters are free, not their directions.
    assert float(orthogonal_penalty(kernel[..., :1])) == 0.0
