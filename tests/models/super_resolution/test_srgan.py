import keras
import numpy as np
import pytest
import tensorflow as tf
from contracts import ModelContract, PhasesContract

from keras_gen.layers import BicubicResizing
from keras_gen.metrics import psnr
from keras_gen.models import SRGAN, SRResNet
from keras_gen.models.base import Batch
from keras_gen.networks import mlp, sr_res_net
from keras_gen.random import Rows

SMALL, LARGE = (4, 4, 1), (8, 8, 1)


def network(**options):
    return sr_res_net(SMALL, 2, filters=2, num_blocks=1, name="generator", **options)


def discriminator():
    return mlp(LARGE, [4], (1,), name="discriminator")


def settled(model):
    """A model whose weights are those of a seed, none of them zero."""
    for index, weight in enumerate(model.trainable_weights):
        weight.assign(0.3 * Rows(1, 0).normal(weight.shape, f"weight_{index}")[0])
    return model


def images(num=6):
    return np.array(Rows(num, 0).uniform(LARGE, "images"))


def batch_of(x):
    return Batch(tf.constant(x), Rows(len(x), 0))


class OfSmallImages(ModelContract):
    def inputs(self, num):
        return np.array(Rows(num, 0).uniform(SMALL, "small"))


class TestSRResNet(OfSmallImages):
    model_class = SRResNet

    def make(self, seed=0):
        return settled(SRResNet(network(), seed=seed, name="tiny"))


class TestSRGAN(OfSmallImages, PhasesContract):
    model_class = SRGAN

    def make(self, seed=0):
        features = mlp(LARGE, [], (3,), name="features")
        networks = network(), discriminator(), features
        return settled(SRGAN(*networks, seed=seed, name="tiny"))


def test_small_images_are_made_by_bicubic_interpolation_and_clipped():
    model = SRResNet(network())
    x = np.where(np.arange(8) < 4, 0.0, 1.0) * np.ones((1, 8, 1))
    x = x[..., None].astype(np.float32)
    plain = np.array(BicubicResizing(down=2)(x))
    assert plain.min() < 0
    assert plain.max() > 1
    np.testing.assert_allclose(model.shrink(x), np.clip(plain, 0, 1), atol=1e-6)


def test_without_a_residual_it_upscales_by_bicubic_interpolation():
    model = SRResNet(network())
    small = TestSRResNet().inputs(3)
    expected = np.clip(BicubicResizing(2)(small), 0, 1)
    np.testing.assert_allclose(model.upscale(small), expected, atol=1e-6)
    np.testing.assert_allclose(model.bicubic(small), expected, atol=1e-6)


def test_small_images_may_have_any_size_if_the_network_is_convolutional():
    model = settled(SRResNet(network()))
    small = np.array(Rows(2, 0).uniform((3, 6, 1), "small"))
    other = sr_res_net((3, 6, 1), 2, filters=2, num_blocks=1)
    other.set_weights(model.generator.get_weights())
    expected = np.clip(other(small, training=False), 0, 1)
    np.testing.assert_allclose(model.upscale(small), expected, atol=1e-6)
    with pytest.raises(ValueError, match=r"`small` must have .*width, 1\).*3\)"):
        model.upscale(np.zeros((1, 3, 6, 3)))


def test_a_dense_network_has_one_size():
    model = SRResNet(mlp(SMALL, [], LARGE))
    assert model.upscale(np.zeros((1, *SMALL))).shape == (1, *LARGE)
    with pytest.raises(ValueError, match=r"`small` must have shape \(batch, 4, 4, 1\)"):
        model.upscale(np.zeros((1, 3, 6, 1)))


def test_psnr_and_the_error_are_those_of_the_measure():
    model = settled(SRResNet(network()))
    x = images()
    terms = model.loss_terms(batch_of(x), training=False)
    fakes = np.array(model.generator(model.shrink(x)))
    assert float(terms["loss"]) == pytest.approx(np.mean((x - fakes) ** 2), rel=1e-5)
    expected = psnr(np.clip(fakes, 0, 1), x).mean()
    assert float(terms["psnr"]) == pytest.approx(expected, rel=1e-5)


def test_the_generator_loss_is_content_plus_a_part_of_the_adversarial_one():
    for features in (None, mlp(LARGE, [], (3,))):
        model = settled(SRGAN(network(), discriminator(), features, 0.01))
        x = images()
        terms = model.generator_terms(batch_of(x), training=False)
        fakes = np.array(model.generator(model.shrink(x)))
        seen = (lambda x: x) if features is None else features
        content = np.mean((np.array(seen(x)) - np.array(seen(fakes))) ** 2)
        scores = np.array(model.discriminator(fakes), np.float64)
        adversarial = np.mean(np.log1p(np.exp(-scores)))
        found = {name: float(value) for name, value in terms.items()}
        assert found["content"] == pytest.approx(content, rel=1e-4)
        assert found["adversarial"] == pytest.approx(adversarial, rel=1e-4)
        expected = content + 0.01 * adversarial
        assert found["generator_loss"] == pytest.approx(expected, rel=1e-4)


def test_without_the_game_srgan_takes_the_steps_of_srresnet():
    """Its weight 0 leaves the squared error of pixels: the first stage."""
    x, ends = images(), []
    for make in (SRResNet, lambda g: SRGAN(g, discriminator(), None, 0.0)):
        generator = settled(network())
        model = make(generator)
        optimizer = keras.optimizers.SGD(0.1)
        if model.phases()[0].name:
            given = {"generator_optimizer": optimizer}
        else:
            given = {"optimizer": optimizer}
        model.compile(**given, run_eagerly=True)
        model.train_on_batch(x)
        ends.append([np.array(weight) for weight in generator.trainable_weights])
    for one, other in zip(*ends, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_the_second_stage_begins_where_the_first_has_ended():
    first = SRResNet(network())
    first.compile(keras.optimizers.Adam(0.01), run_eagerly=True)
    first.fit(images(), epochs=2, verbose=0)
    second = SRGAN(first.generator, discriminator())
    small = TestSRGAN().inputs(3)
    np.testing.assert_array_equal(second.upscale(small), first.upscale(small))
    assert np.any(second.upscale(small) != SRResNet(network()).upscale(small))


def test_features_do_not_learn():
    model = TestSRGAN().make()
    before = model.features.get_weights()
    model.compile(run_eagerly=True)
    model.fit(images(), verbose=0)
    for one, other in zip(model.features.get_weights(), before, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"generator": mlp(SMALL, [], (8, 12, 1))}, r"`generator`.*one whole factor"),
        ({"generator": mlp(SMALL, [], (8, 8, 3))}, r"`generator`.*as many channels"),
        ({"generator": mlp(SMALL, [], SMALL)}, r"`generator`.*one whole factor"),
        ({"discriminator": mlp(SMALL, [], (1,))}, r"`discriminator`.*\(8, 8, 1\)"),
        ({"discriminator": mlp(LARGE, [], (2,))}, r"`discriminator`.*\(2,\)"),
        (
            {"discriminator": mlp(LARGE, [], (1,), output_activation="sigmoid")},
            "`discriminator` must end in scores.*sigmoid",
        ),
        ({"features": mlp(SMALL, [], (2,))}, r"`features`.*\(8, 8, 1\)"),
        ({"adversarial_weight": -1}, "`adversarial_weight` must be at least 0"),
    ],
)
def test_networks_that_do_not_match_are_refused(changed, message):
    given = {"generator": network(), "discriminator": discriminator(), **changed}
    with pytest.raises(ValueError, match=message):
        SRGAN(**given)
