"""Tests of DRAW: contracts, a single glimpse as a VAE, an additive canvas."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from contracts import AutoencodingContract, SamplerContract, unsettle

from keras_gen.distributions import (
    BernoulliLikelihood,
    DiscretizedLogisticLikelihood,
    GaussianLikelihood,
)
from keras_gen.models import DRAW, VAE
from keras_gen.models.base import Batch, marks_of
from keras_gen.random import Rows


def tiny(num_glimpses=2, pixels=None, seed=0, shape=(8, 8, 1), **options):
    pixels = pixels or BernoulliLikelihood()
    options = {"latents_per_glimpse": 3, "units": 6, **options}
    return DRAW(shape, pixels, num_glimpses, seed=seed, name="tiny", **options)


class TestContract(SamplerContract, AutoencodingContract):
    model_class = DRAW

    def make(self, seed=0):
        return tiny(seed=seed, read_size=3, write_size=4)


@pytest.fixture
def images():
    return tf.cast(Rows(6, 0).uniform((8, 8, 1), "test") < 0.3, tf.float32)


def as_vae(model):
    """The networks of a model of one glimpse, as those of a VAE."""
    drawing = model.drawing
    inputs = keras.Input((8, 8, 1))
    start = keras.ops.sigmoid(keras.ops.convert_to_tensor(drawing.canvas))
    both = keras.ops.concatenate([inputs, inputs - start], axis=-1)
    flat = keras.layers.Flatten()(both)
    # What the encoder sees of the decoder is zero before the first glimpse.
    seen = keras.layers.ZeroPadding1D((0, model.units))(flat[..., None])[..., 0]
    state = keras.layers.RNN(drawing.encoder_cell)(seen[:, None])
    encoder = keras.Model(inputs, drawing.head(state))
    latents = keras.Input((3,))
    state = keras.layers.RNN(drawing.decoder_cell)(latents[:, None])
    written = keras.layers.Reshape((8, 8, 1))(drawing.writer.dense(state))
    canvas = written + keras.ops.convert_to_tensor(drawing.canvas)
    return VAE(encoder, keras.Model(latents, canvas), BernoulliLikelihood())


def test_one_glimpse_without_attention_is_a_vae(images):
    model = tiny(1)
    unsettle(model)
    vae = as_vae(model)
    rows = Rows(6, 1)
    found = model.loss_terms(Batch(images, rows), training=False)
    expected = vae.loss_terms(Batch(images, rows), training=False)
    for name in ("loss", "rate", "distortion"):
        assert float(found[name]) == pytest.approx(float(expected[name]), rel=1e-5)
    noise = Rows(12, 2).normal((3,), "noise")
    found = model.log_weights(images, tf.reshape(noise, (2, 6, 1, 3)))
    expected = vae.log_weights(images, tf.reshape(noise, (2, 6, 3)))
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    drawn = tf.reshape(noise, (12, 1, 3))
    np.testing.assert_allclose(
        model.from_noise(drawn), vae.from_noise(drawn[:, 0]), atol=1e-6
    )


def test_the_canvas_is_the_sum_of_what_is_written():
    # The mean of this likelihood is the canvas itself.
    model = tiny(4, GaussianLikelihood())
    unsettle(model)
    latents = model.domain_of("latents").draw(Rows(5, 0))
    rnn = keras.layers.RNN(model.drawing.decoder_cell, return_sequences=True)
    hidden = rnn(latents)
    written = np.reshape(model.drawing.writer.dense(hidden), (5, 4, 8, 8, 1))
    canvases = np.array(model.drawing.canvas) + np.cumsum(written, axis=1)
    np.testing.assert_allclose(model.canvases(latents), canvases, atol=1e-5)
    np.testing.assert_allclose(model.decode(latents), canvases[:, -1], atol=1e-5)


def test_the_encoder_sees_what_the_canvas_lacks(images, monkeypatch):
    model = tiny(2)
    unsettle(model)
    seen, reader = [], model.drawing.reader

    def watched(both, state):
        seen.append(np.array(both))
        return reader(both, state)

    monkeypatch.setattr(model.drawing, "reader", watched)
    noise = model.posterior_noise(Rows(6, 0))
    latents = model.infer(images, noise[None])[0][0]
    first = tf.sigmoid(model.drawing.canvas.value)
    second = model.canvases(latents)[:, 0]
    for both, drawn in zip(seen, (first, second), strict=True):
        np.testing.assert_array_equal(both[..., :1], images)
        np.testing.assert_allclose(both[..., 1:], images - drawn, atol=1e-6)


def test_the_rate_is_a_sum_over_glimpses(images):
    model = tiny(3)
    unsettle(model)
    draws, one = 3000, images[:1]
    noise = tf.reshape(Rows(draws, 0).normal((3, 3), "noise"), (draws, 1, 3, 3))
    latents, log_q = model.infer(one, noise)
    estimate = np.array(log_q - model.log_prior(latents))
    repeated = Batch(tf.tile(one, (draws, 1, 1, 1)), Rows(draws, 1))
    rate = float(model.loss_terms(repeated, training=False)["rate"])
    error = estimate.std() / np.sqrt(draws)
    assert abs(rate - estimate.mean()) < 4 * error
    assert error < 0.05 * rate
    _, _, mean, log_scale = model.drawing.infer(one, noise[0])
    normal = 0.5 * (mean**2 + tf.exp(2 * log_scale) - 1) - log_scale
    by_glimpse = np.sum(normal, axis=(0, 2))
    assert by_glimpse.min() > 0
    single = Batch(one, Rows(1, 0))
    noise = model.posterior_noise(Rows(1, 0))
    _, _, mean, log_scale = model.drawing.infer(one, noise)
    normal = 0.5 * (mean**2 + tf.exp(2 * log_scale) - 1) - log_scale
    found = float(model.loss_terms(single, training=False)["rate"])
    assert found == pytest.approx(float(np.sum(normal)), rel=1e-5)


def test_attention_to_the_whole_image_is_no_attention(images):
    plain = tiny(3)
    unsettle(plain)
    attentive = tiny(3, read_size=8, write_size=8)
    for glimpse in (attentive.drawing.reader, attentive.drawing.writer):
        dense = glimpse.window.dense
        dense.kernel.assign(tf.zeros_like(dense.kernel.value))
        # In place, without variance, at the distance of pixels and with a gain of 1.
        dense.bias.assign([0.0, 0.0, -100.0, 0.0, 0.0])
    for name in ("encoder_cell", "decoder_cell", "head"):
        weights = getattr(plain.drawing, name).get_weights()
        getattr(attentive.drawing, name).set_weights(weights)
    dense = plain.drawing.writer.dense
    attentive.drawing.writer.dense.set_weights(dense.get_weights())
    attentive.drawing.canvas.assign(plain.drawing.canvas)
    found, expected = (
        model.loss_terms(Batch(images, Rows(6, 1)), training=False)
        for model in (attentive, plain)
    )
    for name in ("rate", "distortion"):
        assert float(found[name]) == pytest.approx(float(expected[name]), rel=1e-4)
    latents = plain.domain_of("latents").draw(Rows(2, 0))
    windows = attentive.windows(latents)
    np.testing.assert_allclose(
        windows, np.tile([0.0, 0.0, 7.0, 7.0], (2, 3, 1)), atol=1e-4
    )


@pytest.mark.parametrize(
    "pixels",
    [BernoulliLikelihood(), DiscretizedLogisticLikelihood(center_by="median")],
    ids=["means", "medians"],
)
def test_canvases_end_in_what_is_decoded_and_are_exported(images, pixels):
    model = tiny(3, pixels, write_size=2)
    unsettle(model)
    latents = model.encode(images)
    canvases = model.canvases(latents)
    assert canvases.shape == (6, 3, 8, 8, 1)
    np.testing.assert_array_equal(canvases[:, -1], model.decode(latents))
    assert marks_of(model)["canvases"].takes == ("latents",)
    assert model.windows(latents).shape == (6, 3, 4)


def test_a_model_without_attention_has_no_windows():
    with pytest.raises(ValueError, match="no windows.*write_size=None"):
        tiny().windows(np.zeros((1, 2, 3)))
    with pytest.raises(ValueError, match="`latents` must have shape"):
        tiny(write_size=2).windows(np.zeros((1, 3)))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_glimpses": 0}, "`num_glimpses` must be an integer of at least 1.*0"),
        ({"latents_per_glimpse": 0}, "`latents_per_glimpse` must be an integer"),
        ({"units": 1.5}, "`units` must be an integer.*1.5"),
        ({"shape": (8, 8)}, r"`image_shape` must be .*\(8, 8\)"),
        (
            {"read_size": 9},
            r"`read_size` must be at most.*read_size=9 and image_shape=\(8, 8, 1\)",
        ),
        (
            {"write_size": 7, "shape": (8, 6, 1)},
            r"`write_size` must be at most.*write_size=7 .*\(8, 6, 1\)",
        ),
        ({"write_size": 0}, "`write_size` must be an integer of at least 1.*0"),
        ({"pixels": "bernoulli"}, "`output_distribution` must be a likelihood"),
    ],
)
def test_bad_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        tiny(**options)
