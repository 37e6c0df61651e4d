"""Tests of the map of marginals: its moments, its inverse, its log-determinant."""

import numpy as np
import pytest
import tensorflow as tf

from keras_gen.layers import MarginalNormalization
from keras_gen.random import Rows


def skewed_and_bimodal(num=4000):
    uniform = Rows(num, 0).uniform((2,), "values").numpy()
    normal = Rows(num, 0).normal((), "noise").numpy()
    bimodal = normal + np.where(uniform[:, 1] < 0.3, -6.0, 6.0)
    values = np.stack([-np.log1p(-uniform[:, 0]), bimodal], axis=1)
    return values.astype(np.float32)


def test_marginals_become_normal():
    values = skewed_and_bimodal()
    outputs = np.array(MarginalNormalization(16).adapt(values))
    shares = np.linspace(0.02, 0.98, 49)
    normal = np.sort(Rows(100_000, 1).normal((), "normal"))
    expected = np.quantile(normal, shares)
    found = np.quantile(outputs, shares, axis=0)
    np.testing.assert_allclose(found, np.stack([expected] * 2, axis=1), atol=0.16)
    # No shift and scale does so.
    scaled = (values - values.mean(axis=0)) / values.std(axis=0)
    plain = np.abs(np.quantile(scaled, shares, axis=0) - expected[:, None])
    assert plain.max(axis=0).min() > 0.3


def test_inverse_and_log_determinant_belong_to_the_map():
    values = skewed_and_bimodal()
    layer = MarginalNormalization(7)
    layer.adapt(values)
    # Also beyond the outer knots.
    some = tf.constant(np.concatenate([values[:30], [[-9.0, 30.0], [40.0, -50.0]]], 0))
    some = tf.cast(some, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(some)
        outputs, log_det = layer(some)
    jacobian = tape.batch_jacobian(outputs, some).numpy()
    np.testing.assert_allclose(log_det, np.linalg.slogdet(jacobian)[1], atol=1e-4)
    np.testing.assert_allclose(layer.inverse(outputs), some, rtol=1e-4, atol=1e-4)


def test_a_new_layer_is_the_identity_and_constants_stay_finite():
    values = 5.0 * skewed_and_bimodal(10)
    layer = MarginalNormalization()
    outputs, log_det = layer(values)
    np.testing.assert_allclose(outputs, values, rtol=1e-5)
    np.testing.assert_allclose(log_det, np.zeros(10), atol=1e-5)
    outputs = np.array(layer.adapt(np.ones((10, 2), np.float32)))
    assert np.isfinite(outputs).all()


def test_bad_numbers_of_pieces_are_refused():
    with pytest.raises(ValueError, match="`num_pieces` must be an integer of at least"):
        MarginalNormalization(0)
