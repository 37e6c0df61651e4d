import keras
import numpy as np
import pytest
import tensorflow as tf
from contracts import AdversarialContract
from keras import ops
from players import GREY_LEVELS, train_on_grey_levels

from keras_gen.models import ACGAN, ConditionalGAN
from keras_gen.models.base import Batch
from keras_gen.networks import mlp
from keras_gen.random import Rows

CLASSES = {"num_classes": 3}


def tiny(seed=0, **options):
    end = {"output_activation": "tanh", "name": "generator"}
    generator = mlp((2,), [16], (8, 8, 1), **end, **CLASSES)
    discriminator = mlp((8, 8, 1), [16], (1 + 3,), name="discriminator")
    return ACGAN(generator, discriminator, **CLASSES, seed=seed, name="tiny", **options)


class TestContract(AdversarialContract):
    model_class = ACGAN

    def make(self, seed=0):
        return tiny(seed=seed)


def batch_of(x, y):
    return Batch(tf.constant(x), Rows(len(x), 0), tf.constant(y))


def test_the_classes_do_not_depend_on_the_source():
    model = tiny()
    x, y = TestContract().arrays(6)
    fakes = TestContract().x(6, seed=1)
    kernel = model.discriminator.get_layer("outputs").kernel.value
    with tf.GradientTape() as tape:
        terms = model.discriminator_terms(x, fakes, batch_of(x, y), training=True)
    slope = tape.gradient(terms["class_loss"], kernel).numpy()
    # The first column is the source, of which the class loss says nothing.
    assert not slope[:, 0].any()
    assert slope[:, 1:].any(axis=0).all()
    swapped = model.discriminator_terms(fakes, x, batch_of(fakes, y), training=True)
    assert float(swapped["class_loss"]) == pytest.approx(float(terms["class_loss"]))


def test_without_weight_it_is_the_game_of_a_discriminator_without_labels():
    model = tiny(classification_weight=0.0)
    again = tiny(classification_weight=0.0)
    again.set_weights(model.get_weights())
    images, labels = keras.Input((8, 8, 1)), keras.Input((), dtype="int32")
    logit = again.discriminator(images)[:, :1]
    logit += 0.0 * ops.cast(ops.expand_dims(labels, -1), "float32")
    blind = keras.Model([images, labels], logit)
    plain = ConditionalGAN(again.generator, blind, **CLASSES)
    data, sgd = TestContract().arrays(8), keras.optimizers.SGD
    for game in (model, plain):
        game.compile(
            generator_optimizer=sgd(0.5),
            discriminator_optimizer=sgd(0.5),
            run_eagerly=True,
        )
        game.fit(*data, batch_size=8, epochs=2, shuffle=False, verbose=0)
    for a, b in zip(model.trainable_variables, again.trainable_variables, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_samples_have_the_class_that_is_asked_for():
    keras.utils.set_random_seed(0)
    model = tiny(instance_noise=0.5)
    train_on_grey_levels(model)
    for label, level in enumerate(GREY_LEVELS):
        samples = model.sample(20, seed=0, y=label)
        assert samples.mean() == pytest.approx(level, abs=0.3)
        assert (np.argmax(model.classify(samples), axis=1) == label).all()


def test_the_most_likely_classes_are_those_of_the_logits():
    model = tiny()
    x = TestContract().x(5)
    found = model.classify(x).numpy()
    np.testing.assert_allclose(found.sum(axis=1), 1.0, atol=1e-6)
    order = np.argsort(model.discriminator(x)[:, 1:], axis=1)
    np.testing.assert_array_equal(np.argsort(found, axis=1), order)


def test_bad_arguments_are_refused():
    generator = tiny().generator
    with pytest.raises(ValueError, match=r"4 scores.*the classes.*shape: \(1,\)"):
        ACGAN(generator, mlp((8, 8, 1), [], (1,)), 3)
    with pytest.raises(ValueError, match="`discriminator` must take examples alone"):
        ACGAN(generator, mlp((8, 8, 1), [], (4,), **CLASSES), 3)
    with pytest.raises(ValueError, match="`num_classes` must be an integer.*1"):
        ACGAN(generator, mlp((8, 8, 1), [], (4,)), 1)
    with pytest.raises(ValueError, match="`classification_weight` must be at least 0"):
        tiny(classification_weight=-1.0)
