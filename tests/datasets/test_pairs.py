"""Batches of pairs, aligned or dealt independently."""

import os
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from keras_gen import datasets
from keras_gen.datasets import Source, bytes_domain


def source(num, name="numbers", shape=(2, 2, 1)):
    """Images that show their place."""
    images = np.broadcast_to(
        np.arange(num, dtype=np.uint8).reshape(-1, 1, 1, 1), (num, *shape)
    )
    elements = tf.data.Dataset.from_tensor_slices((images, np.full(num, -1, np.int32)))
    return Source(name, num, bytes_domain(shape), elements, [])


def numbers(data, passes=1):
    """The places of the examples, an array `(steps, 2, batch)`."""
    found = [
        [np.rint(255 * part[:, 0, 0, 0]).astype(int) for part in batch]
        for _ in range(passes)
        for batch in data.as_numpy_iterator()
    ]
    return np.array(found)


def test_pairs_keep_together_in_a_new_order_each_epoch():
    data = datasets.paired(source(12), source(12, shape=(3, 4, 1)), 4, seed=1)
    assert int(data.cardinality()) == data.steps_per_epoch == 3
    found = numbers(data, passes=2)
    np.testing.assert_array_equal(found[:, 0], found[:, 1])
    first, second = found[:3, 0].ravel(), found[3:, 0].ravel()
    assert sorted(first) == sorted(second) == list(range(12))
    assert list(first) != list(second)


def test_two_sources_are_dealt_independently_by_the_seed():
    data = datasets.unpaired(source(12), source(12), 4, seed=1)
    assert int(data.cardinality()) == data.steps_per_epoch == 3
    found = numbers(data, passes=40)
    for epoch in found.reshape(40, 3, 2, 4):
        for domain in (0, 1):
            assert sorted(epoch[:, domain].ravel()) == list(range(12))
    # Of 480 places one in twelve agrees by chance, 40 +- 6.
    assert 20 < np.sum(found[:, 0] == found[:, 1]) < 60
    again = numbers(datasets.unpaired(source(12), source(12), 4, seed=1))
    np.testing.assert_array_equal(again, found[:3])
    other = numbers(datasets.unpaired(source(12), source(12), 4, seed=2))
    assert not np.array_equal(other, again)


def test_the_smaller_source_goes_on_where_it_was():
    data = datasets.unpaired(source(20), source(6), 2, seed=3)
    assert data.steps_per_epoch == 10
    found = numbers(data, passes=3)
    x, y = found[:, 0].reshape(3, 20), found[:, 1].reshape(10, 6)
    assert (np.sort(x, axis=1) == np.arange(20)).all()
    assert (np.sort(y, axis=1) == np.arange(6)).all()


def test_a_stream_goes_on_from_any_step():
    sources = source(20), source(6)
    whole = numbers(datasets.unpaired(*sources, 2, seed=3, repeat=True).take(25))
    later = datasets.unpaired(*sources, 2, seed=3, start=(1, 4), repeat=True)
    np.testing.assert_array_equal(numbers(later.take(11)), whole[14:])
    rest = datasets.unpaired(*sources, 2, seed=3, start=(1, 4))
    np.testing.assert_array_equal(numbers(rest), whole[14:20])
    aligned = source(6), source(6)
    whole = numbers(datasets.paired(*aligned, 2, seed=3, repeat=True).take(9))
    later = datasets.paired(*aligned, 2, seed=3, start=(1, 1), repeat=True)
    np.testing.assert_array_equal(numbers(later.take(5)), whole[4:])


def test_workers_share_a_batch():
    whole = numbers(datasets.unpaired(source(8), source(12), 4, seed=0))
    shares = [
        numbers(datasets.unpaired(source(8), source(12), 4, seed=0, shard=(i, 2)))
        for i in (0, 1)
    ]
    np.testing.assert_array_equal(np.concatenate(shares, axis=2), whole)


def test_a_set_with_several_images_gives_the_one_that_is_named():
    directory = os.environ.get("TFDS_DATA_DIR")
    if not directory or not (Path(directory) / "openmoji_pairs").is_dir():
        pytest.skip("needs openmoji_pairs in TFDS_DATA_DIR, not in the package")
    sources = [
        datasets.source("openmoji_pairs", "test[:8]", key=key)
        for key in ("outline", "colour")
    ]
    ((x, y),) = datasets.paired(*sources, 8, training=False).as_numpy_iterator()
    assert x.shape == y.shape == (8, 64, 64, 3)
    # Outlines are grey; and both draw the same thing.
    assert np.ptp(x, axis=-1).max() == 0.0
    assert np.ptp(y, axis=-1).max() > 0.5
    distance = np.abs(x[:, None] - y[None]).mean(axis=(2, 3, 4))
    assert (distance.argmin(axis=0) == np.arange(8)).mean() > 0.5
    with pytest.raises(ValueError, match="`key` of openmoji_pairs must be one of"):
        datasets.source("openmoji_pairs", "test", key="color")


def test_pairs_are_shifted_and_flipped_by_one_draw():
    images = np.random.default_rng(0).random((8, 6, 6, 1)).astype("f4")
    large = np.repeat(np.repeat(images, 2, axis=1), 2, axis=2)
    data = tf.data.Dataset.from_tensors((images, 1.0 - images))
    ((x, y),) = datasets.augment(data, pixels=2, flip=True).as_numpy_iterator()
    np.testing.assert_allclose(y, 1.0 - x, rtol=1e-6)
    assert not np.array_equal(x, images)
    data = tf.data.Dataset.from_tensors((images, large))
    ((x, y),) = datasets.augment(data, pixels=2, flip=True).as_numpy_iterator()
    np.testing.assert_array_equal(y[:, ::2, ::2], x)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: datasets.paired(source(3, "a"), source(4, "b"), 2),
            "`x_source` and `y_source` must have as many.* 3 of a and 4 of b",
        ),
        (
            lambda: datasets.unpaired(source(9), source(3, "few"), 4),
            "`y_source` must have at least `batch_size`=4 images. Received: 3 of few",
        ),
        (
            lambda: datasets.unpaired(source(9), source(0, "none"), 4),
            "`y_source` must have.* 0 of none",
        ),
        (
            lambda: datasets.unpaired(source(9), source(9), 4, labels=True),
            "`labels` must be left out",
        ),
        (
            lambda: datasets.unpaired(source(9), source(9), 4, drop_remainder=False),
            "`drop_remainder` must be left out",
        ),
        (
            lambda: datasets.unpaired(source(9), source(9), 4, start=(0, 2)),
            "`start` must name a step below 2",
        ),
        (lambda: datasets.paired(source(9), source(9), 4, start=3), "`start` must be"),
        (
            lambda: datasets.source("mnist", "test", key="label"),
            "`key` of mnist must be one of image. Received: 'label'",
        ),
        (
            lambda: datasets.source("two_moons", key="image"),
            "`key` must be left out: two_moons is no set",
        ),
    ],
)
def test_bad_arguments_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
