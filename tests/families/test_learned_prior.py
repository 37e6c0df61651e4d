import numpy as np
from contracts import AutoencodingContract, PhasesContract, SamplerContract
from families.learned_prior import LearnedPrior
from families.lstm import LSTM

from keras_gen.networks import mlp


class TestContract(SamplerContract, AutoencodingContract, PhasesContract):
    model_class = LearnedPrior

    def make(self, seed=0):
        encoder = mlp((4, 4, 1), [8], (4, 5))
        decoder = mlp((4, 5), [8], (4, 4, 1), output_activation="sigmoid")
        return LearnedPrior(encoder, decoder, LSTM(4, 5), seed=seed, name="tiny")

    def fresh(self, **options):
        model = super().fresh(**options)
        model.compiled_sampling = False
        return model


def test_samples_are_decoded_samples_of_the_prior():
    model = TestContract().fresh()
    model.prior.compiled_sampling = False
    codes = model.prior.sample(8, seed=2)
    assert codes.dtype == np.int32
    np.testing.assert_allclose(model.sample(8, seed=2), model.decode(codes), atol=1e-6)
