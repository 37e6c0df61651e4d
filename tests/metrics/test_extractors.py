import hashlib

import keras
import numpy as np
import pytest
from keras import layers
from PIL import Image

from keras_gen import datasets
from keras_gen.images import to_uint8
from keras_gen.metrics import (
    FeatureExtractor,
    density_coverage,
    extractors,
    frechet_distance,
    inception_v3,
    precision_recall,
)
from keras_gen.random import Rows, seed_initializers

SHAPE = (28, 28, 1)


def random_network():
    """Random convolutions, whose features already tell images apart."""
    seed_initializers(0)
    images = x = keras.Input(SHAPE)
    for filters in (8, 16):
        x = layers.Conv2D(filters, 5, 2, "same", activation="relu")(x)
    features = layers.Flatten()(layers.AveragePooling2D(3)(x))
    return keras.Model(images, [features, layers.Dense(10, "softmax")(features)])


@pytest.fixture(scope="module")
def extractor():
    return FeatureExtractor("random@0", random_network(), SHAPE, (0.0, 1.0))


@pytest.fixture(scope="module")
def digits():
    """Two disjoint sets of 1,000 digits, uint8, with the labels of the second."""
    data = datasets.load("mnist", "train[:2000]", 1000, labels=True, training=False)
    (first, _), (second, labels) = data
    return to_uint8(first, (0, 1)), to_uint8(second, (0, 1)), labels.numpy()


def test_bytes_and_floats_are_the_same_images(extractor, digits):
    images = digits[0][:300]
    seen = extractor(images)
    again = extractor(images / np.float32(255), image_range=(0, 1), batch_size=7)
    assert seen.features.shape == (300, 64)
    np.testing.assert_allclose(seen.features, again.features, atol=1e-5)
    np.testing.assert_allclose(seen.probabilities.sum(axis=1), 1.0, atol=1e-5)


def test_it_is_the_network_without_training(digits):
    images = keras.Input(SHAPE)
    pixels = layers.BatchNormalization()(layers.Flatten()(images))
    pixels = layers.Dropout(0.5)(pixels)
    network = keras.Model(images, [pixels, layers.Dense(2, "softmax")(pixels)])
    extractor = FeatureExtractor("pixels", network, SHAPE, (-1.0, 1.0))
    expected = network.predict(digits[0][:9] / 127.5 - 1.0, verbose=0)
    for found, value in zip(extractor(digits[0][:9]), expected, strict=True):
        np.testing.assert_allclose(found, value, atol=1e-5)


@pytest.mark.parametrize(
    ("images", "image_range", "message"),
    [
        (np.zeros((0, 28, 28, 1), "u1"), None, "holds no images for random@0"),
        (
            np.zeros((2, 32, 32, 3), "u1"),
            None,
            r"shape \(num_images, 28, 28, 1\) for random@0. .*\(2, 32, 32, 3\)",
        ),
        (np.zeros((2, *SHAPE)), None, r"random@0 takes floats in \(0.0, 1.0\)"),
        (np.zeros((2, *SHAPE)), (-1, 1), r"Received: image_range=\(-1, 1\)"),
        (
            np.full((2, *SHAPE), -0.5, "f4"),
            (0, 1),
            r"must lie in \(0.0, 1.0\), the range of random@0. .* from -0.5 to -0.5",
        ),
        (np.full((2, *SHAPE), 9.0), (0, 1), "from 9.0 to 9.0"),
        (np.full((2, *SHAPE), np.nan), (0, 1), "holds NaN: 1568 of 1568 values"),
        (np.full((2, *SHAPE), np.inf), (0, 1), "from inf to inf"),
        (np.zeros((2, *SHAPE), "u1"), (0, 1), "must be left out with uint8 images"),
        (np.zeros((2, *SHAPE), "i4"), (0, 1), "Received dtype: int32"),
        (np.zeros((2, *SHAPE), bool), None, "Received dtype: bool"),
    ],
)
def test_wrong_images_are_refused_by_name(extractor, images, image_range, message):
    with pytest.raises(ValueError, match=message):
        extractor(images, image_range)


def test_wrong_networks_are_refused():
    images = keras.Input(SHAPE)
    one = keras.Model(images, layers.Flatten()(images))
    for network, shape, image_range, message in (
        (one, SHAPE, (0, 1), "must have two outputs"),
        (random_network(), (8, 8, 1), (0, 1), r"shape \(8, 8, 1\), the `image_shape`"),
        (random_network(), SHAPE, (1, 0), "the lower first. Received: \\(1, 0\\)"),
        ("classifier", SHAPE, (0, 1), "`network` must be a built keras.Model"),
    ):
        with pytest.raises(ValueError, match=message):
            FeatureExtractor("wrong", network, shape, image_range)


def blurred(images, width):
    """Each pixel the mean of a square around it, as bytes."""
    x = images.astype(np.float32)
    offsets = range(-width, width + 1)
    mean = sum(np.roll(x, (i, j), axis=(1, 2)) for i in offsets for j in offsets)
    return np.rint(mean / len(offsets) ** 2).astype(np.uint8)


def noisy(images, scale):
    noise = Rows(len(images), seed=0).normal(SHAPE, "noise").numpy()
    return np.clip(images + scale * noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("spoil", "doses"), [(noisy, (0, 10, 30, 90)), (blurred, (0, 1, 2, 3))]
)
def test_the_distance_grows_as_images_are_spoiled(extractor, digits, spoil, doses):
    real = extractor(digits[0]).features
    distances = [
        frechet_distance(real, extractor(spoil(digits[1], dose)).features)
        for dose in doses
    ]
    assert (np.diff(distances) > 0).all()
    assert distances[-1] > 3 * distances[0]


def test_a_dropped_digit_costs_coverage_and_no_precision(extractor, digits):
    real, fake = extractor(digits[0]).features, extractor(digits[1]).features
    without = fake[digits[2] != 1]
    assert density_coverage(real, without).coverage < (
        density_coverage(real, fake).coverage - 0.05
    )
    assert precision_recall(real, without).precision > (
        precision_recall(real, fake).precision - 0.02
    )
    assert frechet_distance(real, without) > frechet_distance(real, fake)


def test_garbage_costs_precision(extractor, digits):
    real, fake = extractor(digits[0]).features, extractor(digits[1]).features
    noise = Rows(300, seed=1).uniform(SHAPE, "noise").numpy()
    garbage = extractor(noise, image_range=(0, 1)).features
    mixed = np.concatenate([fake[:-300], garbage])
    before, after = precision_recall(real, fake), precision_recall(real, mixed)
    assert after.precision == pytest.approx(0.7 * before.precision, abs=0.05)


@pytest.fixture(scope="module")
def inception_weights(tmp_path_factory):
    """Random weights in the file format of the trained ones."""
    seed_initializers(0)
    path = tmp_path_factory.mktemp("inception") / "random.weights.h5"
    keras.applications.InceptionV3(weights=None).save_weights(path)
    return path


def test_inception_is_named_by_its_weights(inception_weights, monkeypatch):
    monkeypatch.setattr(keras.utils, "get_file", lambda *a, **k: inception_weights)
    extractor = inception_v3((32, 32, 3))
    digest = hashlib.sha256(inception_weights.read_bytes()).hexdigest()
    assert extractor.name == f"inception_v3@{digest[:8]}"
    seen = extractor(Rows(2, seed=0).bits((32, 32, 3), "x").numpy().astype("u1"))
    assert seen.features.shape == (2, 2048)
    assert seen.probabilities.shape == (2, 1000)


def test_weights_that_cannot_be_fetched_are_asked_for(monkeypatch):
    def fail(*arguments, **options):
        raise Exception("URL fetch failure: no network")

    monkeypatch.setattr(keras.utils, "get_file", fail)
    with pytest.raises(ValueError, match=r"no network.*Download that file elsewhere"):
        inception_v3((32, 32, 3))


def test_inception_wants_colour_and_its_own_weights(tmp_path):
    with pytest.raises(ValueError, match=r"\(height, width, 3\). Received: \(28,"):
        inception_v3(SHAPE)
    with pytest.raises(ValueError, match="names no file. Received: 'nowhere.h5'"):
        inception_v3((32, 32, 3), weights="nowhere.h5")
    (tmp_path / "wrong.weights.h5").write_bytes(b"no weights")
    with pytest.raises(ValueError, match="must be those of keras.applications"):
        inception_v3((32, 32, 3), weights=tmp_path / "wrong.weights.h5")


def test_resizing_down_is_that_of_pillow():
    images = Rows(1, seed=0).uniform((400, 350, 3), "image").numpy()
    found = np.asarray(extractors._resized(images))[0]
    for channel in range(3):
        image = Image.fromarray(images[0, :, :, channel])
        expected = np.asarray(image.resize((299, 299), Image.Resampling.BICUBIC))
        np.testing.assert_allclose(found[..., channel], expected, atol=1e-4)
