import keras
import numpy as np
from contracts import AutoencodingContract, PhasesContract, SamplerContract
from families.three_phases import ThreePhases

from keras_gen.networks import mlp


class TestContract(SamplerContract, AutoencodingContract, PhasesContract):
    model_class = ThreePhases

    def make(self, seed=0):
        encoder = mlp((4, 4, 1), [8], (3,))
        decoder = mlp((3,), [8], (4, 4, 1), output_activation="sigmoid")
        judge = mlp((3,), [8], (1,))
        return ThreePhases(encoder, decoder, judge, seed=seed, name="tiny")


def test_a_phase_brings_its_optimizer_and_the_others_take_the_models():
    model = TestContract().fresh()
    kinds = {name: type(part) for name, part in model.optimizer.by_phase.items()}
    assert kinds == {
        "reconstruction": keras.optimizers.Adam,
        "discriminator": keras.optimizers.SGD,
        "encoder": keras.optimizers.Adam,
    }


def test_the_networks_of_other_phases_stay_as_they_are():
    model = TestContract().fresh(run_eagerly=True)
    rates = dict.fromkeys(("reconstruction", "encoder"), 0.0)
    for name, rate in rates.items():
        model.optimizer.by_phase[name].learning_rate = rate
    before = [np.array(weight) for weight in model.encoder.weights]
    judged = np.array(model.discriminator.weights[0])
    model.fit(*TestContract().arrays(8), batch_size=4, verbose=0)
    for weight, value in zip(model.encoder.weights, before, strict=True):
        np.testing.assert_array_equal(np.array(weight), value)
    assert not np.array_equal(np.array(model.discriminator.weights[0]), judged)
