"""A model of vectors is one of sound too, where it is told so."""

import numpy as np
from contracts import AutoencodingContract, SamplerContract

from keras_gen.distributions import GaussianLikelihood
from keras_gen.domains import Waveforms
from keras_gen.models import VAE
from keras_gen.networks import mlp


class TestContract(SamplerContract, AutoencodingContract):
    model_class = VAE

    def make(self, seed=0):
        # Bounded, so that a chain of a model that has not learned does not diverge.
        encoder = mlp((16,), [8], (4,), activation="tanh")
        decoder = mlp((2,), [8], (16,), output_activation="tanh")
        domain = {"x_domain": Waveforms(16, 8000), "seed": seed, "name": "tiny"}
        return VAE(encoder, decoder, GaussianLikelihood(), **domain)


def test_samples_are_written_as_sound(tmp_path):
    model = TestContract().make()
    samples = model.sample(4, seed=0)
    model.x_domain.save(tmp_path / "samples.wav", samples)
    heard = model.x_domain.load(tmp_path / "samples.wav")
    np.testing.assert_allclose(heard, samples, atol=1 / 32767)
