import keras
import numpy as np
import pytest
import tensorflow as tf
from contracts import AdversarialContract

from keras_gen.models import WGANGP
from keras_gen.models.base import Batch
from keras_gen.models.gan.own_slopes import between
from keras_gen.networks import dcgan_discriminator, mlp
from keras_gen.random import Rows


def tiny(seed=0, discriminator=None, **options):
    generator = mlp((3,), [16], (8, 8, 1), output_activation="tanh", name="generator")
    if discriminator is None:
        discriminator = mlp(
            (8, 8, 1), [16], (1,), output_bias=False, name="discriminator"
        )
    return WGANGP(generator, discriminator, seed=seed, name="tiny", **options)


class TestContract(AdversarialContract):
    model_class = WGANGP

    def make(self, seed=0):
        return tiny(seed=seed, discriminator_steps=2, average_decay=0.9)


def test_the_critic_takes_five_steps_by_default():
    assert tiny().discriminator_steps == 5


@pytest.mark.parametrize("slope", [0.0, 0.5, 1.0, 3.0])
def test_the_penalty_of_a_linear_critic_is_that_of_its_slope(slope):
    linear = mlp((8, 8, 1), [], (1,), output_bias=False)
    kernel = np.array(Rows(64, 0).normal((1,), "kernel"))
    linear.set_weights([slope * kernel / np.linalg.norm(kernel)])
    model = tiny(discriminator=linear)
    images = tf.constant(TestContract().x(5))
    batch = Batch(images, Rows(5, 0))
    terms = model.discriminator_terms(images, -images, batch, training=True)
    assert float(terms["penalty"]) == pytest.approx((slope - 1) ** 2, abs=1e-5)
    total = 10 * terms["penalty"] - terms["wasserstein_estimate"]
    assert float(terms["discriminator_loss"]) == pytest.approx(float(total), rel=1e-6)


def test_points_between_are_uniform_on_their_segments():
    images = np.zeros((4000, 8, 8, 1), "f4")
    fakes = np.ones_like(images)
    points = np.array(between(images, fakes, Rows(4000, 0)))
    shares = points[:, 0, 0, 0]
    # One share for all pixels of an image.
    assert (points == shares[:, None, None, None]).all()
    largest_gap = np.abs(np.sort(shares) - (np.arange(4000) + 0.5) / 4000).max()
    # Kolmogorov's statistic stays below this with probability 0.999.
    assert largest_gap < 1.95 / np.sqrt(4000)
    other = np.array(between(images, fakes, Rows(4000, 0, step=1)))
    assert not np.allclose(points, other)


def test_the_penalty_has_a_gradient_in_the_weights():
    model = tiny()
    images = tf.constant(TestContract().x(5))
    weights = [v.value for v in model.discriminator.trainable_variables]
    with tf.GradientTape() as tape:
        batch = Batch(images, Rows(5, 0))
        terms = model.discriminator_terms(images, -images, batch, training=True)
    for gradient, weight in zip(
        tape.gradient(terms["penalty"], weights), weights, strict=True
    ):
        if len(weight.shape) > 1:
            assert float(tf.norm(gradient)) > 0


def test_batch_normalization_is_refused_wherever_it_hides():
    plain = dcgan_discriminator((8, 8, 1), [4, 4][:1])
    with_norm = keras.Sequential([plain, keras.layers.BatchNormalization()])
    with_norm.build((None, 8, 8, 1))
    with pytest.raises(ValueError, match="each example.*'batch_normalization"):
        tiny(discriminator=with_norm)
    normalized = dcgan_discriminator(
        (16, 16, 1), [4, 4], normalization=keras.layers.LayerNormalization
    )
    generator = mlp((3,), [], (16, 16, 1))
    assert WGANGP(generator, normalized).penalty_weight == 10


def test_bad_weights_are_refused():
    with pytest.raises(ValueError, match="`penalty_weight` must be at least 0"):
        tiny(penalty_weight=-1.0)
