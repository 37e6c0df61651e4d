"""Tests of MAF: the contract, its density, its start, bad input."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from contracts import FlowContract, unsettle

from keras_gen import datasets
from keras_gen.domains import Images, Vectors
from keras_gen.models import MAF
from keras_gen.random import Rows, seed_initializers


class TestContract(FlowContract):
    model_class = MAF

    def make(self, seed=0):
        model = MAF(Vectors(4), 2, (7,), window=2, seed=seed, name="tiny")
        # Compiling takes longer than sampling.
        model.compiled_sampling = False
        return model


def test_samples_are_the_same_under_xla():
    model = MAF(Vectors(3), 1, (4,))
    unsettle(model)
    assert model.compiled_sampling
    compiled = model.sample(4, seed=1)
    model.compiled_sampling = False
    np.testing.assert_allclose(compiled, model.sample(4, seed=1), atol=1e-5)


def test_a_density_in_the_plane_integrates_to_one():
    seed_initializers(0)
    model = MAF(Vectors(2), 4, (16,))
    unsettle(model)
    edge = np.linspace(-12, 12, 401, dtype="float32")
    points = np.stack(np.meshgrid(edge, edge), axis=-1).reshape(-1, 2)
    density = np.exp(model.log_prob(points, batch_size=len(points)).astype(np.float64))
    cell = (edge[1] - edge[0]) ** 2
    assert density.sum() * cell == pytest.approx(1, abs=2e-3)
    # It is no normal density, whose integral would prove little.
    normal = np.exp(-0.5 * (points**2).sum(axis=1)) / (2 * np.pi)
    assert np.abs(density - normal).sum() * cell > 0.2


def test_a_new_model_is_its_base_density():
    x = datasets.toy("rings", 8)
    model = MAF(Vectors(2), 3, (8,))
    expected = -0.5 * (x**2).sum(axis=1) - np.log(2 * np.pi)
    np.testing.assert_allclose(model.log_prob(x), expected, atol=1e-5)
    np.testing.assert_array_equal(model.encode(x), x)


def test_linear_layers_learn_a_correlated_normal_distribution():
    factor = np.array([[1.0, 0.0], [1.5, 0.5]])
    seed_initializers(0)
    x = (Vectors(2).draw(Rows(2000, 0)) @ factor.T + [1.0, -2.0]).astype(np.float32)
    model = MAF(Vectors(2), 1, ())
    model.adapt(x)
    rate = keras.optimizers.schedules.CosineDecay(0.1, 300)
    model.compile(keras.optimizers.Adam(rate))
    model.fit(x, epochs=15, batch_size=100, shuffle=False, verbose=0)
    covariance, centred = np.cov(x.T), x - x.mean(axis=0)
    squares = (centred @ np.linalg.inv(covariance) * centred).sum(axis=1)
    log_det = np.linalg.slogdet(2 * np.pi * covariance)[1]
    best = -0.5 * (squares + log_det).mean()
    assert model.log_prob(x).mean() == pytest.approx(best, abs=0.01)


def test_adapting_gives_latents_the_moments_of_the_base():
    model = MAF(Images((4, 4, 1), levels=256), 3, (8,), logit_margin=1e-6)
    x = Images((4, 4, 1), levels=256).draw(Rows(400, 0))
    model.adapt(x)
    latents = model.forward(tf.constant(x), Rows(400, 0).uniform((4, 4, 1), "n"))[0]
    np.testing.assert_allclose(np.mean(latents, axis=0), np.zeros(16), atol=0.2)
    np.testing.assert_allclose(np.std(latents, axis=0), np.ones(16), atol=0.2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((Vectors(4), 0), "`num_layers` must be an integer of at least 1"),
        ((Vectors(4), 2, (0,)), "`hidden_units` must hold positive integers"),
        ((Vectors(4), 2, (3,), 3), "`window` must divide the 4 values"),
        ((Vectors(1),), "`x_domain` must have at least two values"),
    ],
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        MAF(*arguments)
