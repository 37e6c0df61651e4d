"""A model of images is one of vectors too, where its networks are."""

import numpy as np
from contracts import AutoencodingContract, SamplerContract

from keras_gen.distributions import GaussianLikelihood
from keras_gen.domains import Vectors
from keras_gen.models import VAE
from keras_gen.networks import mlp


class TestContract(SamplerContract, AutoencodingContract):
    model_class = VAE

    def make(self, seed=0):
        # Bounded, so that a chain of a model that has not learned does not diverge.
        encoder = mlp((6,), [8], (4,), activation="tanh")
        decoder = mlp((2,), [8], (6,), activation="tanh")
        return VAE(encoder, decoder, GaussianLikelihood(), seed=seed, name="tiny")


def test_the_bound_of_vectors_is_one_too():
    model = TestContract().make()
    assert model.x_domain == Vectors(6)
    few = model.log_likelihood(TestContract().x(16), 1).mean
    many = model.log_likelihood(TestContract().x(16), 500).mean
    assert np.isfinite([few, many]).all()
    assert few < many
