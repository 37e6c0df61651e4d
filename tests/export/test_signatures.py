import keras
import numpy as np
import pytest
import tensorflow as tf
from contracts import contract_of, public_models

from keras_gen.domains import Images, Waveforms
from keras_gen.export.parity import Probe, compare
from keras_gen.export.signatures import (
    noise_signature,
    sha256_of_weights,
    signatures_of,
)
from keras_gen.models.base import Sampler

SAMPLING = ["sample", "serving_default"]
ENCODING = ["anomaly_score", "decode", "encode", "reconstruct", "serving_default"]
EXPECTED = {
    "Autoencoder": ENCODING,
    "DenoisingAutoencoder": sorted([*ENCODING, "impute", "sample"]),
    "VAE": sorted({*ENCODING, *SAMPLING, "impute"}),
    "ConditionalGAN": ["decode", *SAMPLING],
    "DCGAN": ["decode", *SAMPLING],
    "GatedPixelCNN": ["anomaly_score", "impute", "log_prob", *SAMPLING],
}
#: Models whose tiny ones of the contracts are told labels or other conditions.
TOLD = {
    "ACGAN",
    "BigGAN",
    "ConditionalGAN",
    "ConditionalVAE",
    "GatedPixelCNN",
    "PixelCNNPlusPlus",
    "SemiSupervisedAdversarialAutoencoder",
    "SemiSupervisedVAE",
    "WaveNet",
}


def tiny(model_class):
    return contract_of(model_class)().make()


@pytest.mark.parametrize("model", public_models(), ids=lambda m: m.__name__)
def test_a_model_exports_what_it_can_do(model):
    found = signatures_of(tiny(model))
    assert "serving_default" in found
    assert sorted(found) == EXPECTED.get(model.__name__, sorted(found))
    for signature in found.values():
        for spec in signature.inputs.values():
            assert spec.shape[0] is None
            # LiteRT.js loads no file with other types.
            assert spec.dtype in (tf.float32, tf.int32, tf.uint8)
    takes_y = "y" in found["serving_default"].inputs
    assert takes_y == (model.__name__ in TOLD)


@pytest.mark.parametrize(
    "model", [m for m in public_models() if issubclass(m, Sampler)], ids=str
)
def test_pairs_of_a_seed_and_a_row_give_the_noise_of_the_model(model):
    model = tiny(model)
    pairs = np.array([(3, 5), (4, 0), (3, 999_000)], np.int32)
    found = noise_signature(model).function(tf.constant(pairs))["noise"]
    for row, (seed, first_row) in zip(found, pairs, strict=True):
        expected = model.noise(1, int(seed), int(first_row))[0]
        np.testing.assert_allclose(row, expected, atol=1e-6)


@pytest.mark.parametrize(
    "domain",
    [Images((1, 1, 1)), Images((1, 1, 1), -1.0, 1.0), Waveforms(1, 8000)],
    ids=str,
)
def test_bytes_in_a_graph_are_those_of_the_domain(domain):
    low, high = domain.bounds
    values = np.linspace(low - 0.1, high + 0.1, 1001, dtype=np.float32)
    found, expected = np.array(domain.bytes_of(values)), domain.to_bytes(values)
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)


def test_the_sha256_is_of_the_learned_weights(gan):
    before = sha256_of_weights(gan)
    assert len(before) == 64
    gan._evaluated_rows.assign(7)
    assert sha256_of_weights(gan) == before
    gan.trainable_weights[0].assign(gan.trainable_weights[0] + 1)
    assert sha256_of_weights(gan) != before


def test_a_functional_model_exports_its_call():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    signature = signatures_of(model)["serving_default"]
    assert signature.inputs["inputs"].shape == (None, 3)
    outputs = signature.function(inputs=np.ones((4, 3), "f4"))["outputs"]
    np.testing.assert_array_equal(outputs, model(np.ones((4, 3))))


def test_what_is_no_built_model_is_refused(unbuilt):
    with pytest.raises(ValueError, match="`model` must be built.*'blank'"):
        signatures_of(unbuilt)
    with pytest.raises(ValueError, match="`model` must be a Keras model.*'vae_mnist'"):
        signatures_of("vae_mnist")
    two = keras.Input((3,)), keras.Input((3,))
    with pytest.raises(ValueError, match="one input and one output.*Functional"):
        signatures_of(keras.Model(two, keras.layers.Add()(two)))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda x: x, (0.0, 0)),
        (lambda x: x + np.eye(3, 2, dtype=x.dtype), (1.0, 2)),
        (lambda x: np.where(x == x[1, 1], np.nan, x), (np.inf, 1)),
        (lambda x: x[:2], (np.inf, 3)),
    ],
)
def test_a_comparison_sees_every_difference(change, expected):
    values = np.linspace(0, 1, 6, dtype=np.float32).reshape(3, 2)
    parity = compare(Probe({}, {"samples": values}), {"samples": change(values)})
    assert (parity.difference, parity.num_differing) == expected
    assert parity.num_images == 3


def test_differences_of_bytes_are_whole_grey_levels():
    images = np.zeros((4, 2, 2, 1), np.uint8)
    other = images.copy()
    other[1, 0, 0] = 255
    parity = compare(Probe({}, {"x": images}), {"x": other})
    assert str(parity) == (
        "1 of 4 images differ from the model's, by 255 grey levels at most, 16 in the "
        "mean"
    )
    parity = compare(Probe({}, {"x": images / 1.0}), {"x": other / 1e5})
    assert "by 0.0026 at most" in str(parity)
