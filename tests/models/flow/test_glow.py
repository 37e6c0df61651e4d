"""Tests of Glow: the contract, its first density, the prior that it learns."""

import numpy as np
import pytest
from contracts import FlowContract, unsettle

from keras_gen.domains import Images, Vectors
from keras_gen.models import Glow
from keras_gen.random import Rows, seed_initializers


def tiny(seed=0):
    domain = Images((4, 4, 1), low=-1.0)
    return Glow(domain, 1, 6, 0, num_scales=2, seed=seed, name="tiny")


class TestContract(FlowContract):
    model_class = Glow

    def make(self, seed=0):
        return tiny(seed)


def test_the_first_density_is_that_of_the_latents():
    """At first convolutions are rotations, and couplings the identity."""
    model = tiny()
    x = model.x_domain.draw(Rows(6, 0))
    values = x.reshape(6, -1) / 2
    expected = -0.5 * (values**2).sum(axis=1) - 8 * np.log(2 * np.pi) - 16 * np.log(2)
    np.testing.assert_allclose(model.log_prob(x), expected, rtol=1e-5)


def test_channels_that_go_on_move_those_that_are_finished():
    seed_initializers(0)
    model = tiny()
    unsettle(model)
    x = model.x_domain.draw(Rows(4, 0))
    prior = model.flow.layers[-2]
    inputs = np.random.default_rng(0).normal(size=(1, 2, 2, 4)).astype(np.float32)
    outputs = np.array(prior(inputs)[0])
    assert np.all(outputs[..., :2] == inputs[..., :2])
    assert np.all(outputs[..., 2:] != inputs[..., 2:])
    assert model.encode(x).shape == (4, 16)


@pytest.mark.parametrize("domain", [(6, 8, 1), Vectors(8)])
def test_images_that_cannot_be_halved_are_refused(domain):
    with pytest.raises(ValueError, match="`x_domain` must have a height.*divisible by"):
        Glow(domain, 1, 4)


@pytest.mark.parametrize("name", ["num_steps", "width", "num_scales"])
def test_bad_sizes_are_refused(name):
    with pytest.raises(ValueError, match=f"`{name}` must be an integer of at least 1"):
        Glow((4, 4, 1), **{name: 0})
