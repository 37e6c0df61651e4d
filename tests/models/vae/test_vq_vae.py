"""Tests of the vector-quantized VAE: contracts, gradients, codes and their usage."""

import numpy as np
import pytest
import tensorflow as tf
from contracts import AutoencodingContract, SamplerContract

from keras_gen.distributions import BernoulliLikelihood, GaussianLikelihood
from keras_gen.domains import Images, Symbols
from keras_gen.models import VQVAE
from keras_gen.models.base import Batch
from keras_gen.models.vae.code_usage import CodeUsage
from keras_gen.networks import mlp
from keras_gen.random import Rows


def tiny(seed=0, num_codes=6, **options):
    encoder = mlp((8, 8, 1), [16], (2, 3, 4), name="encoder")
    decoder = mlp((2, 3, 4), [16], (8, 8, 1), name="decoder")
    pixels = BernoulliLikelihood()
    return VQVAE(encoder, decoder, pixels, num_codes, seed=seed, name="tiny", **options)


def settled(model):
    """A model whose codebook has rows among the vectors of its encoder."""
    shape = tuple(model.quantizer.codebook.shape)
    model.quantizer.codebook.assign(0.3 * Rows(1, 5).normal(shape, "codebook")[0])
    return model


class TestContract(SamplerContract, AutoencodingContract):
    model_class = VQVAE
    further_terms = ("perplexity", "used_codes")

    def make(self, seed=0):
        return settled(tiny(seed, restart_below=0.05))


@pytest.fixture
def images():
    return tf.cast(Rows(6, 0).uniform((8, 8, 1), "test") < 0.3, tf.float32)


def test_the_encoder_gets_the_gradient_of_the_rows_and_of_the_commitment(images):
    model = settled(tiny(commitment_weight=0.7, decay=None))
    batch = Batch(images, Rows(6, 1))
    kernel = model.encoder.trainable_variables[-2]
    with tf.GradientTape() as tape:
        loss = model.loss_terms(batch, training=True)["loss"]
    found = tape.gradient(loss, kernel.value)
    vectors = model.encoder(images)
    codes = model.encode(images)
    rows = model.quantizer.rows(codes)
    with tf.GradientTape() as tape:
        tape.watch(rows)
        log_prob = model.output_distribution(model.decoder(rows)).log_prob(images)
        distortion = -tf.reduce_mean(log_prob)
    direction = tape.gradient(distortion, rows) + 0.7 * 2.0 * (vectors - rows) / 6
    with tf.GradientTape() as tape:
        along = tf.reduce_sum(model.encoder(images) * direction)
    np.testing.assert_allclose(found, tape.gradient(along, kernel.value), atol=1e-6)


def test_the_codebook_gets_the_gradient_of_its_own_loss_alone(images):
    model = settled(tiny(decay=None))
    with tf.GradientTape() as tape:
        loss = model.loss_terms(Batch(images, Rows(6, 1)), training=True)["loss"]
    codebook = model.quantizer.codebook
    found = tf.convert_to_tensor(tape.gradient(loss, codebook.value))
    vectors = np.reshape(model.encoder(images), (-1, 4))
    codes = np.reshape(model.encode(images), -1)
    expected = np.zeros((6, 4))
    np.add.at(expected, codes, 2 * (np.array(codebook)[codes] - vectors) / 6)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_codebook_of_gradients_learns(images):
    model = settled(tiny(decay=None))
    before = np.array(model.quantizer.codebook)
    # One batch: the first step moves what is used now.
    used = np.unique(model.encode(images))
    model.compile(run_eagerly=True)
    history = model.fit(images, epochs=2, verbose=0).history
    assert history["commitment"][1] < history["commitment"][0]
    moved = np.abs(np.array(model.quantizer.codebook) - before).max(axis=1)
    assert moved[used].min() > 0


def test_the_decoder_sees_rows_of_the_codebook(images, monkeypatch):
    model = settled(tiny())
    seen = []
    decoder = model.decoder

    def watched(rows, training=False):
        seen.append(np.array(rows))
        return decoder(rows, training=training)

    monkeypatch.setattr(model, "decoder", watched)
    model.loss_terms(Batch(images, Rows(6, 1)), training=False)
    model.decode(model.encode(images))
    codebook = {row.tobytes() for row in np.array(model.quantizer.codebook)}
    assert len(seen) == 2
    for rows in seen:
        assert {row.tobytes() for row in rows.reshape(-1, 4)} <= codebook


def test_usage_is_that_of_all_examples_and_not_of_a_batch():
    usage = CodeUsage(4)
    usage.update_state(tf.zeros((5, 2), tf.int32))
    found = usage.result()
    assert (float(found["perplexity"]), float(found["used_codes"])) == (1.0, 1.0)
    for code in (1, 2, 3):
        usage.update_state(tf.fill((10,), code))
    found = usage.result()
    assert float(found["perplexity"]) == pytest.approx(4.0)
    assert float(found["used_codes"]) == 4.0
    usage.reset_state()
    usage.update_state(tf.constant([0, 0, 0, 1]))
    expected = 4 / 3**0.75
    assert float(usage.result()["perplexity"]) == pytest.approx(expected)


def test_the_bound_is_that_of_uniform_codes(images):
    model = settled(tiny())
    found = model.log_likelihood(images, num_importance_samples=1).per_example
    likelihood = model.likelihood(model.encode(images))
    expected = likelihood.log_prob(images) - 6 * np.log(6)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    distortion = model.loss_terms(Batch(images, Rows(6, 0)), False)["distortion"]
    assert -np.mean(found) == pytest.approx(float(distortion) + 6 * np.log(6), rel=1e-5)


def test_the_bound_is_below_the_likelihood():
    """Of two codes and one site, over which the likelihood is summed."""
    encoder, decoder = mlp((2,), [], (1, 3)), mlp((1, 3), [], (2,))
    model = settled(VQVAE(encoder, decoder, GaussianLikelihood(0.5), num_codes=2))
    x = model.x_domain.draw(Rows(20, 0))
    parts = [
        model.likelihood(np.full((20, 1), code)).log_prob(x) - np.log(2)
        for code in (0, 1)
    ]
    exact = np.logaddexp(*parts)
    found = model.log_likelihood(x, num_importance_samples=1).per_example
    assert np.all(found < exact)
    assert np.all(found > np.minimum(*parts) - 1e-4)


def test_dead_codes_come_to_be_used():
    x = np.array(Rows(64, 0).uniform((8, 8, 1), "x") < 0.5, "float32")
    used = {}
    for restart_below in (0.0, 0.5):
        model = tiny(num_codes=16, restart_below=restart_below)
        # All vectors are nearest to the first row.
        far = np.full((16, 4), 100.0, "float32")
        far[0] = 0.0
        model.quantizer.codebook.assign(far)
        model.compile()
        history = model.fit(x, epochs=4, batch_size=16, verbose=0).history
        used[restart_below] = history["used_codes"][-1]
        assert used[restart_below] >= history["perplexity"][-1] >= 1
    assert used[0.0] == 1
    assert used[0.5] > 8


def test_codes_are_symbols_on_the_grid_of_the_encoder():
    assert tiny().domain_of("latents") == Symbols((2, 3), 6)
    encoder, decoder = mlp((4,), [], (5, 2)), mlp((5, 2), [], (4,))
    model = VQVAE(encoder, decoder, GaussianLikelihood(), num_codes=3)
    assert model.domain_of("latents") == Symbols(5, 3)


@pytest.mark.parametrize(
    ("codes", "message"),
    [
        (np.full((2, 2, 3), 6), r"`latents` must lie in \[0, 6\).*6 to 6"),
        (np.full((2, 2, 3), -1), r"`latents` must lie in \[0, 6\).*-1"),
        (np.zeros((2, 3, 2), int), r"`latents` must have shape \(batch, 2, 3\)"),
        (np.zeros((2, 2, 3)), "`latents` must be integers.*float64"),
    ],
)
def test_codes_outside_the_codebook_are_refused(codes, message):
    with pytest.raises(ValueError, match=message):
        tiny().decode(codes)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_codes": 1}, "`num_codes` must be an integer of at least 2.*1"),
        ({"decay": 1.5}, r"`decay` must lie in \[0, 1\).*1.5"),
        ({"decay": None, "restart_below": 1}, "`restart_below` must .*decay=None"),
        ({"commitment_weight": -1}, "`commitment_weight` must be at least 0.*-1"),
        (
            {"x_domain": Images((8, 8, 1), optional=True)},
            "`x_domain` must be a domain without unknown values",
        ),
    ],
)
def test_bad_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        tiny(**options)


@pytest.mark.parametrize(
    ("encoded", "decoded", "outputs", "message"),
    [
        ((4,), (4,), (8, 8, 1), r"`encoder` must end in vectors on a grid.*\(4,\)"),
        ((2, 4), (2, 5), (8, 8, 1), r"`decoder` must take.*\(2, 4\).*\(2, 5\)"),
        ((2, 4), (2, 4), (8, 8, 2), r"`decoder` must end in shape \(8, 8, 1\)"),
    ],
)
def test_networks_that_do_not_match_are_refused(encoded, decoded, outputs, message):
    encoder, decoder = mlp((8, 8, 1), [], encoded), mlp(decoded, [], outputs)
    with pytest.raises(ValueError, match=message):
        VQVAE(encoder, decoder, BernoulliLikelihood())
