"""Tests of vector quantization: the nearest row, its gradient, its moving average."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gen.layers import VectorQuantizer
from keras_gen.random import Rows


def quantizer(codebook, **options):
    codebook = np.asarray(codebook, "float32")
    layer = VectorQuantizer(len(codebook), **options)
    layer.build((None, codebook.shape[-1]))
    layer.codebook.assign(codebook)
    return layer


def normal(num, size, stream):
    return np.array(Rows(num, 0).normal((size,), stream))


def test_codes_are_those_of_the_nearest_rows():
    codebook, vectors = normal(7, 3, "codebook"), normal(50, 3, "vectors")
    layer = quantizer(codebook)
    distances = np.linalg.norm(vectors[:, None] - codebook, axis=-1)
    rows, codes = layer(vectors.reshape(5, 10, 3))
    np.testing.assert_array_equal(codes, distances.argmin(axis=1).reshape(5, 10))
    np.testing.assert_array_equal(rows, codebook[codes])
    assert len(np.unique(codes)) > 3


def test_far_vectors_become_rows_to_the_last_bit():
    codebook = normal(5, 3, "codebook")
    vectors = 1e6 * normal(20, 3, "vectors")
    rows, codes = quantizer(codebook)(vectors)
    np.testing.assert_array_equal(rows, codebook[codes])


def test_half_precision_does_not_name_another_row():
    codebook = [[1.0], [1.001]]
    layer = quantizer(codebook, dtype="mixed_bfloat16")
    np.testing.assert_array_equal(layer(np.array([[1.0009], [1.0001]]))[1], [1, 0])
    rows, _ = layer(tf.ones((2, 1), tf.bfloat16))
    assert rows.dtype == tf.bfloat16


@pytest.mark.parametrize("decay", [None, 0.9])
def test_gradients_pass_from_rows_to_vectors_and_not_to_the_codebook(decay):
    layer = quantizer(normal(4, 2, "codebook"), decay=decay)
    vectors, weight = tf.constant(normal(6, 2, "vectors")), normal(6, 2, "weight")
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([vectors, layer.codebook.value])
        rows, _ = layer(vectors)
        loss = tf.reduce_sum(tf.sin(rows) * weight)
    np.testing.assert_array_equal(
        tape.gradient(loss, vectors), tape.gradient(loss, rows)
    )
    assert tape.gradient(loss, layer.codebook.value) is None
    assert bool(layer.trainable_weights) == (decay is None)


def test_rows_are_the_exponentially_weighted_means_of_their_vectors():
    layer = quantizer(normal(3, 2, "codebook"), decay=0.8)
    batches = [normal(12, 2, f"batch {step}") for step in range(4)]
    sums, uses = np.zeros((3, 2)), np.zeros(3)
    for vectors in batches:
        codes = np.array(layer.codes_of(vectors))
        layer.update(vectors, codes)
        chosen = np.eye(3)[codes]
        sums = 0.8 * sums + 0.2 * chosen.T @ vectors
        uses = 0.8 * uses + 0.2 * chosen.sum(axis=0)
    assert uses.min() > 0
    np.testing.assert_allclose(layer.uses, uses, rtol=1e-5)
    np.testing.assert_allclose(layer.codebook, sums / uses[:, None], rtol=1e-4)


def test_without_memory_an_update_is_a_step_of_k_means():
    vectors = normal(30, 2, "vectors")
    layer = quantizer(vectors[:4], decay=0.0)
    for _ in range(3):
        codes = np.array(layer.codes_of(vectors))
        layer.update(vectors, codes)
        means = [vectors[codes == code].mean(axis=0) for code in range(4)]
        np.testing.assert_allclose(layer.codebook, means, atol=1e-6)


def test_a_row_without_uses_stays_where_it_is():
    layer = quantizer([[0.0, 0.0], [50.0, 50.0]], decay=0.5)
    for _ in range(200):
        layer.update(np.ones((3, 2)), np.zeros(3, "int32"))
    np.testing.assert_array_equal(layer.codebook[1], [50.0, 50.0])
    np.testing.assert_allclose(layer.codebook[0], [1.0, 1.0])


def test_dead_rows_restart_from_vectors_of_the_batch():
    layer = quantizer([[0.0], [50.0], [60.0]], decay=0.5, restart_below=0.4)
    vectors = np.array([[1.0], [2.0], [3.0], [4.0]])
    layer.update(vectors, np.zeros(4, "int32"), np.array([0.9, 0.3, 0.99], "float32"))
    np.testing.assert_allclose(layer.codebook[:, 0], [2.5, 2.0, 4.0])
    # They have as long to prove themselves as the decay gives.
    np.testing.assert_allclose(layer.uses, [2.0, 1.0, 1.0])
    layer.update(vectors, np.zeros(4, "int32"), np.zeros(3, "float32"))
    np.testing.assert_allclose(layer.codebook[1:, 0], [2.0, 4.0])
    layer.update(vectors, np.zeros(4, "int32"), np.zeros(3, "float32"))
    np.testing.assert_allclose(layer.codebook[1:, 0], [1.0, 1.0])


def test_a_layer_is_made_again_from_its_config():
    layer = VectorQuantizer(5, decay=0.7, restart_below=0.1)
    again = VectorQuantizer.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()


def test_a_network_with_a_quantizer_is_saved_and_loaded(tmp_path):
    inputs = keras.Input((2, 3))
    model = keras.Model(inputs, VectorQuantizer(4)(inputs))
    model.save(tmp_path / "network.keras")
    again = keras.saving.load_model(tmp_path / "network.keras")
    vectors = normal(4, 6, "vectors").reshape(4, 2, 3)
    for found, expected in zip(again(vectors), model(vectors), strict=True):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_codes": 1}, "`num_codes` must be an integer of at least 2.*1"),
        ({"decay": 1.0}, r"`decay` must lie in \[0, 1\).*1.0"),
        ({"decay": "slow"}, "`decay` must be a finite number.*'slow'"),
        ({"restart_below": None}, "`restart_below` must be a finite number.*None"),
        ({"restart_below": -0.1}, "`restart_below` must be a number of at least 0.*-"),
        (
            {"decay": None, "restart_below": 0.1},
            "`restart_below` must .* 0 if `decay` is None.*0.1",
        ),
    ],
)
def test_bad_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        VectorQuantizer(**{"num_codes": 4, **options})
