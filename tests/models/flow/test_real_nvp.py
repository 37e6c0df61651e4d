"""Tests of RealNVP: the contract, its masks, densities that integrate to one."""

import numpy as np
import pytest
import tensorflow as tf
from contracts import FlowContract, unsettle

from keras_gen.domains import Images, Vectors
from keras_gen.models import RealNVP
from keras_gen.random import Rows, seed_initializers


def tiny(seed=0):
    domain = Images((4, 4, 1), low=-1.0)
    options = {"num_scales": 2, "logit_margin": 0.05, "seed": seed, "name": "tiny"}
    return RealNVP(domain, 1, 6, 0, **options)


class TestContract(FlowContract):
    model_class = RealNVP

    def make(self, seed=0):
        return tiny(seed)


def test_the_density_of_two_values_integrates_to_one():
    seed_initializers(0)
    model = RealNVP(Vectors(2), 4, 8, 1)
    # Small weights, so that the grid resolves the density.
    unsettle(model, scale=0.1)
    sides = np.linspace(-30.0, 30.0, 601, dtype=np.float32)
    grid = np.stack(np.meshgrid(sides, sides), axis=-1).reshape(-1, 2)
    density = np.exp(model.log_prob(grid, batch_size=10_000))
    assert density.sum() * 0.1**2 == pytest.approx(1, abs=1e-3)
    normal = np.exp(-0.5 * (grid**2).sum(axis=1)) / (2 * np.pi)
    assert np.abs(density - normal).max() > 0.01


def test_the_first_density_is_that_of_the_latents():
    model = RealNVP(Vectors(5), 3, 8)
    x = Vectors(5).draw(Rows(6, 0))
    expected = -0.5 * (x**2).sum(axis=1) - 2.5 * np.log(2 * np.pi)
    np.testing.assert_allclose(model.log_prob(x), expected, rtol=1e-5)


def test_latents_depend_on_most_values():
    model = RealNVP(Images((4, 4, 1)), 2, 16, 0, num_scales=2)
    unsettle(model)
    x = tf.constant(model.x_domain.draw(Rows(1, 0)))
    with tf.GradientTape() as tape:
        tape.watch(x)
        latents = model.encode(x)
    influence = np.reshape(tape.jacobian(latents, x), (16, 16))
    assert (influence != 0).sum(axis=0).min() > 8
    assert (influence != 0).sum(axis=1).min() > 8


def test_half_of_the_latents_are_finished_at_each_scale():
    """Each scale has half of the dimensions of the one before; decoding needs all."""
    model = tiny()
    unsettle(model)
    latents = model.domain_of("latents").draw(Rows(1, 0))
    before = np.array(model.decode(latents))
    for scale in (slice(0, 8), slice(8, 16)):
        others = latents.copy()
        others[:, scale] += 1
        assert np.abs(model.decode(others) - before).max() > 1e-3
    split = model.flow.layers[-1]
    assert split._rest_shape == (2, 2, 2)
    assert split._end_shape == (1, 1, 8)


@pytest.mark.parametrize(
    ("domain", "num_scales"),
    [((6, 8, 1), 2), ((8, 6, 1), 2), ((7, 7, 1), 1), (Vectors(8), 1)],
)
def test_images_that_cannot_be_halved_are_refused(domain, num_scales):
    with pytest.raises(ValueError, match="`x_domain` must have a height.*divisible by"):
        RealNVP(domain, 1, 4, num_scales=num_scales)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("num_couplings", 0),
        ("width", 0),
        ("num_blocks", -1),
        ("num_scales", 1.0),
        ("num_scales", -1),
    ],
)
def test_bad_sizes_are_refused(name, value):
    with pytest.raises(ValueError, match=f"`{name}` must be an integer of at least"):
        RealNVP((4, 4, 1), **{name: value})


def test_networks_of_half_precision_leave_the_flow_invertible():
    model = RealNVP(Images((4, 4, 1)), 1, 6, 1, num_scales=1, dtype="mixed_bfloat16")
    unsettle(model)
    model.compile(run_eagerly=True)
    x = model.x_domain.draw(Rows(4, 0))
    assert np.isfinite(model.fit(x, verbose=0).history["loss"][0])
    network = model.flow.layers[2].network
    assert network(np.zeros((1, 2, 2, 2))).dtype == tf.bfloat16
    np.testing.assert_allclose(model.decode(model.encode(x)), x, atol=1e-5)
