"""What a set holds is found by its features, and other examples than images pass."""

import numpy as np
import pytest
import tensorflow as tf

from keras_gen.datasets import Source, batches, bytes_domain
from keras_gen.datasets.sources import _domain_of
from keras_gen.domains import Labels, Vectors, Waveforms

kinds = pytest.importorskip("tensorflow_datasets").features


@pytest.mark.parametrize(
    ("features", "expected"),
    [
        (
            {
                "y": kinds.ClassLabel(num_classes=3),
                "x": kinds.Image(shape=(4, 4, 1)),
            },
            ("x", bytes_domain((4, 4, 1))),
        ),
        (
            {"audio": kinds.Audio(shape=(16,), dtype=tf.float32, sample_rate=8000)},
            ("audio", Waveforms(16, 8000)),
        ),
        (
            {"row": kinds.Tensor(shape=(5,), dtype=tf.float32)},
            ("row", Vectors(5)),
        ),
    ],
    ids=["images", "sound", "vectors"],
)
def test_the_domain_follows_from_the_features(features, expected):
    assert _domain_of(kinds, features, "mine", None) == expected


@pytest.mark.parametrize(
    ("features", "image_shape", "message"),
    [
        ({"text": kinds.Text()}, None, "mine holds no images, and neither.*'text'"),
        ({"image": kinds.Image()}, None, "mine differ in size: pass `image_shape`"),
        (
            {"row": kinds.Tensor(shape=(5,), dtype=tf.float32)},
            (4, 4, 1),
            "`image_shape` must be left out: mine holds no images",
        ),
    ],
    ids=["text", "sizes", "shape"],
)
def test_what_cannot_be_loaded_is_named(features, image_shape, message):
    with pytest.raises(ValueError, match=message):
        _domain_of(kinds, features, "mine", image_shape)


@pytest.fixture
def vectors():
    rows = np.arange(20, dtype=np.float32).reshape(10, 2) / 7
    labels = np.arange(10, dtype=np.int32) % 3
    elements = tf.data.Dataset.from_tensor_slices((rows, labels))
    return Source("rows", 10, Vectors(2), elements, ["a", "b", "c"]), rows


@pytest.mark.parametrize("cache", [True, False], ids=["memory", "disk"])
def test_vectors_come_as_they_are_kept(vectors, cache):
    source, rows = vectors
    data = batches(source, 4, training=False, labels=True, cache=cache)
    parts = zip(*data.as_numpy_iterator(), strict=True)
    found, labels = map(np.concatenate, parts)
    np.testing.assert_array_equal(found, rows)
    assert labels.tolist() == [i % 3 for i in range(10)]
    shuffled = np.concatenate(list(batches(source, 4, cache=cache).as_numpy_iterator()))
    assert not np.array_equal(shuffled, rows)
    np.testing.assert_array_equal(np.sort(shuffled, axis=0), rows)
    assert source.y_domain == Labels(3)


@pytest.mark.parametrize("options", [{"binarization": "static"}, {"dequantize": True}])
def test_options_of_images_are_refused_for_others(vectors, options):
    with pytest.raises(ValueError, match="are for images. rows holds vectors"):
        batches(vectors[0], 4, **options)
