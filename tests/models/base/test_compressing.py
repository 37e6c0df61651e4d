"""Lossless compression by a model, on a tiny one of each way of coding."""

import os
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from contracts import unsettle

from keras_gen.distributions import (
    BernoulliLikelihood,
    CategoricalLikelihood,
    DiscretizedLogisticLikelihood,
    GaussianLikelihood,
)
from keras_gen.domains import Images
from keras_gen.models import MADE, VAE, GatedPixelCNN, PixelCNN
from keras_gen.models.base import marks_of
from keras_gen.models.base.compressing import NotRestoredError
from keras_gen.networks import mlp
from keras_gen.random import seed_initializers


@pytest.fixture(autouse=True, scope="module")
def seed():
    seed_initializers(0)


def pixel_cnn(pixels=None, shape=(8, 8, 1)):
    pixels = pixels or BernoulliLikelihood()
    options = {"filters": 5, "num_layers": 1, "output_filters": 8}
    model = PixelCNN(shape, pixels, first_kernel_size=5, **options)
    unsettle(model)
    return model


def vae(pixels=None, channels=1, **options):
    encoder = mlp((8, 8, 1), [16], (6,), name="encoder")
    decoder = mlp((3,), [16], (8, 8, channels), name="decoder")
    return VAE(encoder, decoder, pixels or BernoulliLikelihood(), **options)


@pytest.fixture(scope="module", params=[pixel_cnn, vae], ids=["sites", "bits back"])
def model(request):
    return request.param()


@pytest.fixture(scope="module")
def by_sites():
    return pixel_cnn()


@pytest.fixture(scope="module")
def x(by_sites):
    by_sites.compiled_sampling = False
    return by_sites.sample(200, seed=0)


@pytest.fixture(scope="module")
def code(model, x):
    return model.compress(x[:40])


def test_examples_are_restored(model, x, code):
    assert code.dtype == np.uint8
    found = model.decompress(code)
    assert found.dtype == x.dtype
    np.testing.assert_array_equal(found, x[:40])
    np.testing.assert_array_equal(model.decompress(code.tobytes()), x[:40])


def test_the_length_is_the_negative_log_likelihood(model, x):
    if "log_prob" in marks_of(model):
        nats = [-model.log_prob(x[1:]).sum()]
    else:
        # The code draws latents too: its length varies as the bound of one draw does.
        bounds = [model.log_likelihood(x[1:], 1, seed=seed) for seed in range(20)]
        nats = [-bound.per_example.sum() for bound in bounds]
    # Less what the stack holds at first, and the first example.
    sizes = [len(model.encode_levels(model._levels(some))) for some in (x[:1], x)]
    bits, lengths = 32 * (sizes[1] - sizes[0]), np.array(nats) / np.log(2)
    assert abs(bits - lengths.mean()) < 0.01 * bits + 4 * lengths.std()


@pytest.mark.parametrize("size", [1, 7, 64])
def test_streams_of_any_size_are_restored(model, x, size):
    code = model.compress(x[:10], stream_size=size, verify=False)
    np.testing.assert_array_equal(model.decompress(code), x[:10])


def test_a_batch_of_another_size_has_the_same_tables(by_sites, x):
    """What the network gives for 1, 7 and 64 examples is rounded alike."""
    levels = by_sites._levels(x[:64])
    together = by_sites.encode_levels(levels)
    for size in (1, 7):
        network = by_sites._log_probs_of_levels
        parts = [
            network(levels=tf.constant(levels[i : i + size]))
            for i in range(0, 64, size)
        ]
        by_sites._log_probs_of_levels = lambda parts=parts, **_: tf.concat(parts, 0)
        apart = by_sites.encode_levels(levels)
        by_sites._log_probs_of_levels = network
        np.testing.assert_array_equal(apart, together)


def disturbed(model, monkeypatch, size):
    """Lets the network give numbers with errors of a size."""
    likelihood = model.output_distribution
    exact = likelihood.level_log_probs
    signs = np.random.default_rng(0)

    def wrong(parameters):
        found = exact(parameters)
        error = tf.numpy_function(
            lambda a: signs.uniform(-size, size, a.shape).astype(a.dtype),
            [found],
            found.dtype,
        )
        return found + tf.ensure_shape(error, found.shape)

    monkeypatch.setattr(likelihood, "level_log_probs", wrong)


@pytest.mark.parametrize(("make", "size"), [(pixel_cnn, 4e-5), (vae, 4e-6)])
def test_rounding_errors_do_not_matter(make, size, x, monkeypatch):
    model = make()
    code = model.compress(x[:60], verify=False)
    np.testing.assert_array_equal(model.decompress(code), x[:60])
    other = make()
    other.set_weights(model.get_weights())
    disturbed(other, monkeypatch, size)
    np.testing.assert_array_equal(other.decompress(code), x[:60])


@pytest.mark.parametrize("make", [pixel_cnn, vae])
def test_larger_errors_are_told(make, x, monkeypatch):
    model = make()
    code = model.compress(x[:20], verify=False)
    other = make()
    other.set_weights(model.get_weights())
    disturbed(other, monkeypatch, 0.1)
    with pytest.raises(ValueError, match="`code` was not restored"):
        other.decompress(code)
    # Who verifies codes without the network then.
    code = other.compress(x[:20])
    assert 8 * len(code) > 20 * 64
    np.testing.assert_array_equal(model.decompress(code), x[:20])


def test_what_is_not_restored_is_coded_without_the_network(model, x, monkeypatch):
    decode, calls = model.decode_levels, []

    def fails_once(words, num):
        calls.append(len(words))
        if len(calls) == 2:
            raise NotRestoredError
        return decode(words, num)

    monkeypatch.setattr(model, "decode_levels", fails_once)
    code = model.compress(x[:9], stream_size=3)
    assert len(calls) == 3
    np.testing.assert_array_equal(model.decompress(code), x[:9])


@pytest.mark.parametrize(
    "make",
    [
        lambda: pixel_cnn(CategoricalLikelihood(5), (4, 3, 2)),
        lambda: vae(DiscretizedLogisticLikelihood(256), 2),
    ],
    ids=["five levels in colour", "256 levels"],
)
def test_grey_levels_are_restored(make):
    model = make()
    shape, num_levels = model.x_domain.shape, model.output_distribution.num_levels
    levels = np.random.default_rng(0).integers(0, num_levels, (6, *shape))
    x = np.asarray(model.coded_domain.from_levels(levels))
    np.testing.assert_array_equal(model.decompress(model.compress(x)), x)


def test_labels_are_in_the_code(x):
    options = {"filters": 4, "num_layers": 1, "num_classes": 3}
    model = GatedPixelCNN((8, 8, 1), BernoulliLikelihood(), **options)
    unsettle(model)
    y = np.arange(9) % 3
    np.testing.assert_array_equal(model.decompress(model.compress(x[:9], y)), x[:9])
    with pytest.raises(ValueError, match="`y` must be given"):
        model.compress(x[:9])


def test_another_number_of_threads_reads_the_file(by_sites, x, tmp_path):
    by_sites.save(tmp_path / "model.keras")
    code = by_sites.compress(x, verify=False)
    by_sites.domain_of("code").save(tmp_path / "x.kgc", code)
    np.save(tmp_path / "x.npy", x)
    reads = (
        "import keras, numpy as np, keras_gen.models\n"
        "model = keras.saving.load_model('model.keras')\n"
        "code = model.domain_of('code').load('x.kgc')\n"
        "assert np.array_equal(model.decompress(code), np.load('x.npy'))\n"
    )
    paths = os.pathsep.join([os.getcwd(), *sys.path])
    env = {**os.environ, "TF_NUM_INTRAOP_THREADS": "1", "PYTHONPATH": paths}
    subprocess.run([sys.executable, "-c", reads], check=True, env=env, cwd=tmp_path)


def test_wrong_examples_are_refused(model, x):
    for wrong, message in (
        (x * 0.5, "`x` must hold 0 or 1. Received: 0.5"),
        (x[:, :-1], "`x` must have shape"),
        (x * np.nan, "`x` holds NaN"),
        (x[:0], "`x` holds no images"),
        (5, "`x` must be an array"),
    ):
        with pytest.raises(ValueError, match=message):
            model.compress(wrong)
    with pytest.raises(ValueError, match="`stream_size`.*0"):
        model.compress(x, stream_size=0)
    with pytest.raises(ValueError, match="`y` must be left out"):
        model.compress(x, np.zeros(len(x), int))


def test_wrong_codes_are_refused(model, code):
    damaged = code.copy()
    damaged[200] ^= 1
    for wrong, message in (
        (damaged, "cut short or damaged"),
        (code[:-40], "cut short or damaged"),
        (np.zeros(100, np.uint8), "must be a file that `compress`"),
        (b"PNG", "must be a file that `compress`"),
        (np.zeros((2, 3), np.uint8), "must have shape"),
        ("code", "must be an array of bytes"),
    ):
        with pytest.raises(ValueError, match=f"`code` .*{message}"):
            model.decompress(wrong)


def test_the_code_of_another_model_is_refused(model, code):
    other = pixel_cnn()
    other.weights[1].assign(other.weights[1] + 1e-3)
    with pytest.raises(ValueError, match=r"`code` is of another model.*sha256"):
        other.decompress(code)


def test_models_without_levels_or_with_several_orders_do_not_compress(x):
    for model in (
        vae(GaussianLikelihood()),
        vae(x_domain=Images((8, 8, 1), optional=True)),
        vae(x_domain=Images((8, 8, 1), levels=5)),
        MADE((8, 8, 1), BernoulliLikelihood(), hidden_units=(4,), num_orderings=2),
    ):
        assert "compress" not in marks_of(model)
        with pytest.raises(ValueError, match="does not compress"):
            model.compress(x)
