import numpy as np
import pytest
import tensorflow as tf
from contracts import AdversarialContract

from keras_gen.losses import (
    least_squares_discriminator_loss,
    least_squares_generator_loss,
)
from keras_gen.models import LSGAN
from keras_gen.models.base import Batch
from keras_gen.networks import mlp


def tiny(seed=0, **options):
    generator = mlp((3,), [16], (8, 8, 1), output_activation="tanh", name="generator")
    discriminator = mlp((8, 8, 1), [16], (1,), name="discriminator")
    return LSGAN(generator, discriminator, seed=seed, name="tiny", **options)


class TestContract(AdversarialContract):
    model_class = LSGAN

    def make(self, seed=0):
        return tiny(seed=seed)


@pytest.mark.parametrize("codes", [(0.0, 1.0), (-1.0, 1.0)])
def test_the_best_score_is_the_mean_code_by_the_densities(codes):
    # Three points: by how often each comes among real images and among fakes.
    real, fake = np.array([6, 3, 1]), np.array([1, 3, 6])
    a, b = codes
    scores = tf.Variable(tf.zeros(3))
    for _ in range(200):
        with tf.GradientTape() as tape:
            loss = least_squares_discriminator_loss(
                tf.repeat(scores, real), tf.repeat(scores, fake), a, b
            )
        scores.assign_sub(2.0 * tape.gradient(loss, scores))
    best = (b * real + a * fake) / (real + fake)
    np.testing.assert_allclose(scores, best, atol=1e-5)


def test_codes_of_minus_one_one_and_zero_minimize_the_pearson_divergence():
    # Section 3.3, at the best discriminator: of p + q from 2 q.
    p, q = np.array([0.6, 0.3, 0.1]), np.array([0.1, 0.3, 0.6])
    best = ((p - q) / (p + q)).astype("float32")
    scores = (np.repeat(best, counts) for counts in ([6, 3, 1], [1, 3, 6]))
    losses = [least_squares_generator_loss(None, score, 0.0) for score in scores]
    pearson = np.sum((2 * q - (p + q)) ** 2 / (p + q))
    np.testing.assert_allclose(2.0 * sum(losses), pearson, rtol=1e-5)


def test_the_model_plays_with_its_codes():
    model = tiny(fake_code=-1.0, real_code=2.0, target_code=0.5)
    again = LSGAN.from_config(model.get_config())
    assert (again.fake_code, again.real_code, again.target_code) == (-1.0, 2.0, 0.5)
    model.discriminator.set_weights(
        [np.zeros_like(weight) for weight in model.discriminator.get_weights()]
    )
    zeros, batch = np.zeros((4, 8, 8, 1), "float32"), Batch(None, None)
    terms = model.discriminator_terms(zeros, zeros, batch, training=True)
    assert float(terms["discriminator_loss"]) == pytest.approx(0.5 * (4.0 + 1.0))
    terms = model.generator_terms(zeros, batch, training=True)
    assert float(terms["generator_loss"]) == pytest.approx(0.5 * 0.25)


def test_equal_codes_are_refused():
    with pytest.raises(ValueError, match="`real_code` must not be `fake_code`: 1"):
        tiny(fake_code=1.0)


def test_a_code_that_is_no_number_is_refused():
    with pytest.raises(
        ValueError, match="`target_code` must be a finite number.*'one'"
    ):
        tiny(target_code="one")
