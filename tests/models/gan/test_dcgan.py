import functools

import keras
import numpy as np
import pytest
from contracts import AdversarialContract

from keras_gen.layers import ReferenceBatchNormalization
from keras_gen.models import DCGAN, GAN
from keras_gen.networks import (
    dcgan_discriminator,
    dcgan_generator,
    with_reference,
)


def tiny(seed=0, **options):
    return DCGAN((8, 8, 1), [4], latent_dim=3, seed=seed, name="tiny", **options)


class TestContract(AdversarialContract):
    model_class = DCGAN

    def make(self, seed=0):
        return tiny(seed=seed)


@pytest.mark.parametrize(
    ("image_shape", "filters"),
    [((28, 28, 1), [8, 4]), ((64, 96, 3), [4] * 4), ((100, 96, 1), [2, 2])],
)
def test_any_sides_that_the_strides_divide(image_shape, filters):
    model = DCGAN(image_shape, filters, latent_dim=3)
    assert model.sample(2, seed=0).shape == (2, *image_shape)
    assert model.discriminator.output_shape == (None, 1)


def test_the_networks_follow_the_guidelines_of_the_paper():
    model = DCGAN((32, 32, 3), [16, 8, 4])
    for network in (model.generator, model.discriminator):
        kinds = [type(layer).__name__ for layer in network.layers]
        assert "BatchNormalization" in kinds
        assert not any("Pooling" in kind for kind in kinds)
    kinds = [type(layer).__name__ for layer in model.discriminator.layers]
    assert "LeakyReLU" in kinds
    assert "ReLU" not in kinds
    assert model.generator.layers[-1].activation is keras.activations.tanh


def test_a_hidden_layer_of_the_discriminator_is_kept():
    model = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(tiny(hidden_units=5))
    )
    assert model.discriminator.get_layer("hidden").units == 5


@pytest.mark.parametrize(
    ("image_shape", "filters"), [((30, 31, 1), [4]), ((8, 8), [4]), ((8, 8, 1), [])]
)
def test_other_sizes_are_refused(image_shape, filters):
    with pytest.raises(ValueError, match="image_shape|filters"):
        DCGAN(image_shape, filters)


def test_reference_normalization_trains_and_makes_scores_the_example_s_own():
    normalization = functools.partial(ReferenceBatchNormalization, 4)
    shape = (16, 16, 1)
    images = np.repeat(np.repeat(TestContract().x(12), 2, axis=1), 2, axis=2)
    discriminator = with_reference(
        dcgan_discriminator(shape, [4, 4], normalization=normalization), images[:4]
    )
    generator = with_reference(
        dcgan_generator(3, [4, 4], shape, normalization=normalization),
        np.array(tiny().noise(4, seed=9)),
    )
    model = GAN(generator, discriminator)
    model.compile()
    model.fit(images, batch_size=6, verbose=0)
    plain = dcgan_discriminator(shape, [4, 4])
    for network, is_own in [(discriminator, True), (plain, False)]:
        together = network(images[:5], training=True)[:1]
        alone = network(images[:2], training=True)[:1]
        assert np.allclose(together, alone, atol=1e-5) == is_own
