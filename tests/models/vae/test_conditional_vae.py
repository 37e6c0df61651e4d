"""Tests of the conditional VAE: bounds given the label, and Bayes' rule."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from contracts import AutoencodingContract, SamplerContract
from linear import KERNEL, MEAN, SCALE, examples, linear_model, marginal

from keras_gen.distributions import BernoulliLikelihood, GaussianLikelihood
from keras_gen.domains import Images
from keras_gen.models import ConditionalVAE
from keras_gen.models.base import Batch, marks_of
from keras_gen.networks import mlp
from keras_gen.random import Rows

ALL_KNOWN = np.ones(4, bool)


def prior_of(num_classes, units):
    return keras.Sequential(
        [
            keras.Input((), dtype="int32"),
            keras.layers.Embedding(num_classes, units, name="table"),
        ],
        name="prior",
    )


def tiny(seed=0, num_classes=3, **options):
    encoder = mlp((8, 8, 1), [16], (6,), num_classes=num_classes, name="encoder")
    decoder = mlp((3,), [16], (8, 8, 1), num_classes=num_classes, name="decoder")
    options = {"num_classes": num_classes, "seed": seed, "name": "tiny"} | options
    return ConditionalVAE(encoder, decoder, BernoulliLikelihood(), **options)


class TestContract(SamplerContract, AutoencodingContract):
    model_class = ConditionalVAE

    def make(self, seed=0):
        return tiny(seed=seed, prior_network=prior_of(3, 6))

    def inputs(self, num):
        return self.arrays(num)

    def may_differ(self, model, signature, key, outside):
        """Probabilities of a few examples: they follow from differences of nats."""
        rows = outside.reshape(len(outside), -1).any(axis=1)
        return np.full_like(outside, key == "probabilities" and rows.mean() <= 0.1)


# What each class adds to an example of the linear model.
SHIFTS = np.array([[0, 0, 0, 0], [0.3, 0.2, 0, 0.1], [0, 0.3, -0.3, 0.2]], "f4")


def linear_conditional_model():
    """The linear model whose examples the class shifts, with its exact posterior."""
    encoder, decoder = linear_model().encoder, linear_model().decoder
    told = [mlp((4,), [], (4,), num_classes=3), mlp((2,), [], (4,), num_classes=3)]
    kernel, bias = encoder.layers[-1].get_weights()
    told[0].layers[-1].set_weights([np.concatenate([kernel, -SHIFTS @ kernel]), bias])
    kernel, bias = decoder.layers[-1].get_weights()
    told[1].layers[-1].set_weights([np.concatenate([kernel, SHIFTS]), bias])
    np.testing.assert_allclose(np.array(kernel), KERNEL)
    np.testing.assert_allclose(np.array(bias), MEAN)
    return ConditionalVAE(*told, GaussianLikelihood(SCALE), num_classes=3)


def labelled(num):
    """Examples of the linear model with classes, and the classes."""
    y = (np.arange(num) % 3).astype(np.int32)
    return examples(num) + SHIFTS[y], y


def exact(x):
    """The exact log-likelihood of examples given each class, `(num, 3)`."""
    found = [marginal(ALL_KNOWN).log_prob(x - shift) for shift in SHIFTS]
    return np.stack(found, axis=1)


def test_one_and_the_same_label_gives_the_loss_of_a_vae():
    model, vae = linear_conditional_model(), linear_model(shift=0.2)
    kernel, bias = model.encoder.layers[-1].get_weights()
    model.encoder.layers[-1].set_weights(
        [kernel, bias + np.array([0.2, 0.2, 0, 0], "f4")]
    )
    x, rows = tf.constant(examples(6)), Rows(6, 0)
    expected = vae.loss_terms(Batch(x, rows), training=False)
    for label in range(3):
        y = tf.fill((6,), label)
        found = model.loss_terms(Batch(x + SHIFTS[label], rows, y), training=False)
        for name in model.term_names:
            assert float(found[name]) == pytest.approx(float(expected[name]), rel=1e-4)


def test_a_wrong_label_lowers_the_bound():
    model = linear_conditional_model()
    model.compiled_bound = False
    x, y = labelled(30)
    right = model.log_likelihood(x, 1, y=y)
    np.testing.assert_allclose(
        right.per_example, exact(x)[np.arange(30), y], rtol=1e-3, atol=1e-3
    )
    for other in (1, 2):
        assert model.log_likelihood(x, 1, y=(y + other) % 3).mean < right.mean - 0.1


def test_classes_follow_from_the_bounds_by_bayes_rule():
    model = linear_conditional_model()
    x, y = labelled(60)
    joint = np.exp(exact(x)) / 3
    expected = joint / joint.sum(axis=1, keepdims=True)
    found = model.classify(x, batch_size=25)
    np.testing.assert_allclose(found, expected, atol=1e-3)
    accuracy = np.mean(found.argmax(axis=1) == y)
    assert accuracy == np.mean(expected.argmax(axis=1) == y)
    assert 0.4 < accuracy < 1
    assert marks_of(model)["classify"].traced == "class_probabilities"


def test_the_prior_of_a_class_is_what_the_network_gives():
    model = tiny(prior_network=prior_of(3, 6))
    table = np.array([[1, 2, 3, 0, 0, 0], [0] * 6, [0, 0, 0, 1, 0, -1]], "f4")
    model.prior_network.layers[-1].set_weights([table])
    x, y = tf.zeros((3, 8, 8, 1)), tf.range(3)
    noise = tf.ones((3, 3))
    latents = model.latents_from_noise(noise, y)
    expected = table[:, :3] + np.exp(table[:, 3:])
    np.testing.assert_allclose(latents, expected, rtol=1e-6)
    mean, scale = (np.array(v) for v in tf.split(model.encoder([x, y]), 2, axis=1))
    scale = np.exp(scale)
    means, scales = table[:, :3], np.exp(table[:, 3:])
    rate = np.log(scales / scale) - 0.5
    rate += (scale**2 + (mean - means) ** 2) / (2 * scales**2)
    found = model.loss_terms(Batch(x, Rows(3, 0), y), training=False)
    assert float(found["rate"]) == pytest.approx(rate.sum(axis=1).mean(), rel=1e-5)


def test_labels_decide_what_is_learned():
    images = np.zeros((96, 8, 8, 1), "f4")
    labels = np.arange(96, dtype=np.int32) % 3
    for label in range(3):
        images[labels == label, 2 * label : 2 * label + 2] = 1.0
    keras.utils.set_random_seed(0)
    model = tiny()
    model.compile(keras.optimizers.Adam(2e-2))
    model.fit(images, labels, epochs=40, batch_size=32, verbose=0)
    for label in range(3):
        drawn = model.sample(4, seed=0, y=label)
        assert np.abs(drawn - images[label]).mean() < 0.2
    assert np.mean(model.classify(images).argmax(axis=1) == labels) == 1.0
    upper = np.arange(64).reshape(8, 8) < 32
    x = np.where(upper[..., None], images[:3], 0)
    found = model.impute(x, upper, seed=0, y=labels[:3], mean=True, steps=4)
    assert np.abs(found - images[:3]).mean() < 0.2


def by_part():
    """A model of images given their left half."""
    taken = [keras.Input(shape) for shape in ((4, 4, 1), (4, 2, 1), (2,))]
    flat = [keras.layers.Flatten()(inputs) for inputs in taken]
    join, dense = keras.layers.Concatenate, keras.layers.Dense
    encoded = dense(4)(join()(flat[:2]))
    decoded = keras.layers.Reshape((4, 4, 1))(dense(16)(join()(flat[:0:-1])))
    encoder = keras.Model(taken[:2], encoded)
    decoder = keras.Model([taken[2], taken[1]], decoded)
    return ConditionalVAE(encoder, decoder, BernoulliLikelihood())


def test_a_part_of_the_image_may_be_the_condition():
    model = by_part()
    assert model.y_domain == Images((4, 2, 1))
    x = np.round(Rows(6, 0).uniform((4, 4, 1), "x").numpy())
    half = x[:, :, :2]
    model.compile(run_eagerly=True)
    assert np.isfinite(model.fit(x, half, verbose=0).history["loss"]).all()
    assert model.sample(6, seed=0, y=half).shape == x.shape
    assert model.sample(2, seed=0, y=half[0]).shape == (2, 4, 4, 1)
    assert np.isfinite(model.log_likelihood(x, 5, y=half).mean)
    again = ConditionalVAE.from_config(model.get_config())
    assert again.y_domain == model.y_domain
    assert "classify" not in marks_of(model)
    with pytest.raises(ValueError, match="has no classes: num_classes=None"):
        model.classify(x)
    with pytest.raises(ValueError, match="`y` must be given"):
        model.sample(2)
    with pytest.raises(ValueError, match=r"`y` must have shape \(batch, 4, 2, 1\)"):
        model.fit(x, x, verbose=0)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (None, "`y` must be given"),
        (np.array([0, 1, 3]), r"`y` must lie in \[0, 3\).*from 0 to 3"),
        (np.array([0, -1, 2]), r"`y` must lie in \[0, 3\).*from -1 to 2"),
        (np.array([0, 1]), r"`y` must have 3 labels.*2"),
    ],
)
def test_bad_labels_are_refused(labels, message):
    model = tiny()
    model.compile()
    images = np.zeros((3, 8, 8, 1), "f4")
    with pytest.raises(ValueError, match=message):
        model.fit(images, labels, verbose=0)
    with pytest.raises(ValueError, match=message):
        model.log_likelihood(images, 1, y=labels)
    if labels is not None:
        with pytest.raises(ValueError, match=message):
            model.sample(3, y=labels)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_classes": 1}, "`num_classes` must be an integer of at least 2"),
        ({"num_classes": None}, "`num_classes` must be given.*takes labels"),
        ({"encoder": mlp((8, 8, 1), [], (6,))}, "`encoder` must have 2 inputs"),
        ({"decoder": mlp((3,), [], (8, 8, 1))}, "`decoder` must have 2 inputs"),
        (
            {"prior_network": prior_of(3, 5)},
            r"`prior_network` must map conditions of shape \(\) to 6 .*\(5,\)",
        ),
        (
            {"prior_network": mlp((3,), [], (6,))},
            r"`prior_network` must map conditions of shape \(\) .*\(3,\) and \(6,\)",
        ),
        ({"prior_network": "normal"}, "`prior_network` must be a built network"),
    ],
)
def test_bad_arguments_are_refused(options, message):
    model = tiny()
    arguments = {
        "encoder": model.encoder,
        "decoder": model.decoder,
        "output_distribution": BernoulliLikelihood(),
        "num_classes": 3,
    }
    with pytest.raises(ValueError, match=message):
        ConditionalVAE(**(arguments | options))


def test_conditions_of_the_wrong_shape_are_refused():
    model, other = tiny(), by_part()
    with pytest.raises(ValueError, match="`encoder` must take labels of shape.*4, 2"):
        ConditionalVAE(other.encoder, other.decoder, BernoulliLikelihood(), 3)
    taken = [keras.Input((2,)), keras.Input((5,))]
    outputs = keras.layers.Concatenate()(taken)
    outputs = keras.layers.Dense(16)(outputs)
    outputs = keras.layers.Reshape((4, 4, 1))(outputs)
    decoder = keras.Model(taken, outputs)
    with pytest.raises(ValueError, match=r"`decoder` must take images .*\(5,\)"):
        ConditionalVAE(other.encoder, decoder, BernoulliLikelihood())
    assert model.y_domain.num_classes == 3
