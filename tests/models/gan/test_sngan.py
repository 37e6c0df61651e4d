import numpy as np
import pytest
from contracts import AdversarialContract

from keras_gen.layers import SpectralNormalization
from keras_gen.losses import hinge_discriminator_loss
from keras_gen.models import SNGAN
from keras_gen.networks import dcgan_discriminator, mlp
from keras_gen.random import Rows


def tiny(seed=0, **options):
    generator = mlp((3,), [16], (8, 8, 1), output_activation="tanh", name="generator")
    wrapped = {"wrapper": SpectralNormalization, "name": "discriminator"}
    discriminator = mlp((8, 8, 1), [16], (1,), output_bias=False, **wrapped)
    return SNGAN(generator, discriminator, seed=seed, name="tiny", **options)


class TestContract(AdversarialContract):
    model_class = SNGAN

    def make(self, seed=0):
        return tiny(seed=seed, discriminator_steps=2)


def test_the_discriminator_takes_five_steps_by_default():
    assert tiny().discriminator_steps == 5


def test_scores_differ_by_no_more_than_images_do():
    discriminator = tiny().discriminator
    for weight in discriminator.trainable_weights:
        weight.assign(5.0 * weight + 0.1)
    a, b = (np.array(Rows(64, seed).normal((8, 8, 1), "x")) for seed in (0, 1))
    for _ in range(50):
        discriminator(a, training=True)
    change = np.abs(discriminator(a) - discriminator(b)).ravel()
    distance = np.linalg.norm((a - b).reshape(64, -1), axis=1)
    assert (change <= distance * (1 + 1e-5)).all()
    # The bound is one of the scaled layers, not of small weights.
    assert change.max() > 0.05 * distance.max()


def test_scores_beyond_one_gain_nothing():
    ones = np.ones((4, 1), "float32")
    assert float(hinge_discriminator_loss(ones, -ones)) == 0.0
    assert float(hinge_discriminator_loss(3 * ones, -2 * ones)) == 0.0
    assert float(hinge_discriminator_loss(0 * ones, 0 * ones)) == 2.0


def test_bare_kernels_are_refused():
    generator = mlp((3,), [16], (8, 8, 1), output_activation="tanh")
    with pytest.raises(ValueError, match="bare layer 'hidden_0'"):
        SNGAN(generator, mlp((8, 8, 1), [16], (1,)))


def test_the_discriminator_of_dcgan_can_be_normalized():
    discriminator = dcgan_discriminator(
        (8, 8, 1), [4], normalization=None, wrapper=SpectralNormalization
    )
    model = SNGAN(mlp((3,), [8], (8, 8, 1), output_activation="tanh"), discriminator)
    assert model.score(np.zeros((2, 8, 8, 1)), None, training=True).shape == (2, 1)
