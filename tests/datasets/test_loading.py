"""Tests of batches and of datasets in TFDS form."""

import io
import os
import time
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from missing_data import set_or_skip
from PIL import Image

from keras_gen import datasets
from keras_gen.datasets import Source, batches, bytes_domain, sources
from keras_gen.datasets.sources import PACKAGED, tfds_source

STORES = pytest.mark.parametrize("cache", [True, False], ids=["memory", "disk"])


def toy(num_images=13, shape=(2, 2, 1), levels=256, class_names=None):
    """Image `i` is all grey value `i` and labelled `i`."""
    index = np.arange(num_images)
    images = np.ones((num_images, *shape), np.uint8) * index[:, None, None, None]
    names = [str(i) for i in index] if class_names is None else class_names
    elements = tf.data.Dataset.from_tensor_slices(
        (images.astype(np.uint8), index.astype(np.int32))
    )
    return Source("toy", num_images, bytes_domain(shape, levels), elements, names)


def grey(shape=(16, 16, 1)):
    """One image with all grey values."""
    image = np.arange(np.prod(shape), dtype=np.uint8).reshape(1, *shape)
    elements = tf.data.Dataset.from_tensor_slices((image, np.zeros(1, np.int32)))
    return Source("grey", 1, bytes_domain(shape), elements, ["all"])


def toy_batches(batch_size=4, source=None, **options):
    return batches(source or toy(), batch_size, labels=True, **options)


def order(data):
    return [labels.numpy().tolist() for _, labels in data]


def flat(lists):
    return [item for some in lists for item in some]


def by_label(data):
    return {
        int(label): image
        for images, labels in data
        for image, label in zip(images.numpy(), labels.numpy(), strict=True)
    }


def assert_same_images(actual, expected):
    assert sorted(actual) == sorted(expected)
    for label, image in expected.items():
        np.testing.assert_array_equal(actual[label], image)


@pytest.fixture
def bare(monkeypatch, tmp_path):
    """No setting of the user's: only what the package brings."""
    monkeypatch.delenv("TFDS_DATA_DIR", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return tmp_path


def prepared(name):
    directory = os.environ.get("TFDS_DATA_DIR")
    if not directory or not (Path(directory) / name).is_dir():
        pytest.skip(f"{name} is in no directory named by TFDS_DATA_DIR")


# MNIST inside the package


def test_packaged_mnist_needs_no_setting(bare):
    data = datasets.load("mnist", "test[:50]", 20, labels=True)
    images, labels = zip(*data, strict=True)
    assert [len(some) for some in images] == [len(some) for some in labels]
    images, labels = np.concatenate(images), np.concatenate(labels)
    assert images.shape == (50, 28, 28, 1)
    assert images.dtype == np.float32
    assert labels.dtype == np.int32
    assert set(labels.tolist()) == set(range(10))
    assert (images.min(), images.max()) == (0, 1)
    np.testing.assert_allclose(images, np.rint(images * 255) / 255, atol=1e-6)
    assert len(set(map(bytes, images))) == 50


@pytest.mark.parametrize(("split", "size"), [("train", 60_000), ("test", 10_000)])
def test_packaged_mnist_is_whole(bare, split, size):
    source = tfds_source("mnist", split)
    assert source.num_examples == size
    assert source.domain == bytes_domain((28, 28, 1))
    assert source.class_names == [str(digit) for digit in range(10)]


def test_labels_belong_to_their_images(bare):
    options = {"batch_size": 200, "labels": True, "training": True}
    images, labels = next(iter(datasets.load("mnist", "test[:200]", **options)))
    ink = images.numpy().mean(axis=(1, 2, 3))
    assert ink[labels == 0].mean() > 1.8 * ink[labels == 1].mean()


def test_image_range_is_what_black_and_white_become(bare):
    unit, signed = (
        next(iter(datasets.load("mnist", "test[:20]", 20, image_range=image_range)))
        for image_range in ((0, 1), (-1, 1))
    )
    assert (signed.numpy().min(), signed.numpy().max()) == (-1, 1)
    np.testing.assert_allclose(signed, 2 * unit - 1, atol=1e-6)


@pytest.mark.parametrize(("split", "shuffled"), [("train", True), ("test", False)])
def test_splits_that_begin_with_train_are_shuffled(bare, split, shuffled):
    source = tfds_source("mnist", f"{split}[:30]")
    in_order = [int(label) for _, label in source.elements]
    loaded = flat(order(datasets.load("mnist", f"{split}[:30]", labels=True)))
    assert (loaded != in_order) == shuffled
    assert sorted(loaded) == sorted(in_order)
    for training in (True, False):
        data = datasets.load("mnist", f"{split}[:30]", labels=True, training=training)
        assert (flat(order(data)) != in_order) == training


def test_from_disk_the_pixels_are_those_in_memory(bare):
    options = {"image_range": (-1, 1), "dequantize": True}
    memory, disk = (
        datasets.load("mnist", "test[:30]", 10, cache=cache, **options)
        for cache in (True, False)
    )
    for some, others in zip(memory, disk, strict=True):
        np.testing.assert_array_equal(some, others)


def test_data_dir_is_looked_in_alone(bare):
    (bare / "sets").mkdir()
    (bare / "sets" / "digits").symlink_to(PACKAGED / "mnist")
    data = datasets.load("digits", "test[:5]", data_dir=bare / "sets")
    assert next(iter(data)).shape == (5, 28, 28, 1)
    with pytest.raises(ValueError, match="There is no dataset 'mnist'.*Found.*digits"):
        datasets.load("mnist", data_dir=bare / "sets")


@pytest.mark.parametrize("place", ["TFDS_DATA_DIR", "HOME"])
def test_sets_are_found_where_the_user_keeps_them(bare, monkeypatch, place):
    folder = bare / ("tensorflow_datasets" if place == "HOME" else "sets")
    folder.mkdir()
    (folder / "digits").symlink_to(PACKAGED / "mnist")
    monkeypatch.setenv(place, str(bare if place == "HOME" else folder))
    assert len(next(iter(datasets.load("digits", "test[:5]")))) == 5


# Other sets


def test_binarized_mnist_is_black_and_white():
    prepared("binarized_mnist")
    source = tfds_source("binarized_mnist", "test[:50]")
    assert source.domain.num_levels == 2
    assert not source.class_names
    images = next(iter(datasets.load("binarized_mnist", "test[:50]", 50)))
    assert set(np.unique(images)) == {0, 1}
    drawn = datasets.load("binarized_mnist", "test[:50]", 50, binarization="dynamic")
    np.testing.assert_array_equal(next(iter(drawn)), images)
    with pytest.raises(ValueError, match="binarized_mnist/test.* no labels"):
        datasets.load("binarized_mnist", "test[:50]", labels=True)


def test_omniglot_becomes_grey_and_small():
    prepared("omniglot")
    data = datasets.load(
        "omniglot", "train[:20]", 20, image_shape=(28, 28, 1), labels=True
    )
    images, labels = next(iter(data))
    assert images.shape == (20, 28, 28, 1)
    assert 0 <= np.min(images) < 0.3
    assert np.median(images) == 1
    assert np.min(labels) >= 0
    assert len(tfds_source("omniglot", "train[:20]").class_names) == 1623


def test_jpeg_files_are_decoded_without_a_quick_rounding():
    set_or_skip("flowers_96")
    tfds, builder = sources.tfds_builder("flowers_96")
    options = {"decoders": {"image": tfds.decode.SkipDecoding()}}
    files = builder.as_dataset(split="test[:3]", **options)
    images = [example[0] for example in tfds_source("flowers_96", "test[:3]").elements]
    for file, image in zip(files, images, strict=True):
        expected = np.asarray(Image.open(io.BytesIO(file["image"].numpy())))
        np.testing.assert_array_equal(image, expected)


def test_a_set_may_name_its_images_otherwise():
    prepared("noto_emoji_pairs")
    images = next(iter(datasets.load("noto_emoji_pairs", "train[:5]", 5)))
    assert images.shape == (5, 64, 64, 3)
    assert len(np.unique(images)) > 100


# Size and colour


def test_a_crop_alone_keeps_the_pixels(bare):
    whole, middle = (
        next(iter(datasets.load("mnist", "test[:9]", image_shape=shape)))
        for shape in (None, (28, 14, 1))
    )
    np.testing.assert_array_equal(middle, whole[:, :, 7:21])


def test_grey_becomes_colour_of_equal_channels(bare):
    grey_images, colour = (
        next(iter(datasets.load("mnist", "test[:9]", image_shape=(28, 28, channels))))
        for channels in (1, 3)
    )
    np.testing.assert_array_equal(colour, np.repeat(grey_images, 3, axis=-1))


@pytest.mark.parametrize("side", [7, 14, 32])
def test_resizing_keeps_the_mean_and_the_range(bare, side):
    small = next(iter(datasets.load("mnist", "test[:9]", image_shape=(side, side, 1))))
    large = next(iter(datasets.load("mnist", "test[:9]")))
    assert small.shape == (9, side, side, 1)
    assert np.min(small) >= 0
    assert np.max(small) <= 1
    np.testing.assert_allclose(
        np.mean(small, (1, 2, 3)), np.mean(large, (1, 2, 3)), atol=0.03
    )


# Batches and epochs


@pytest.mark.parametrize(
    ("batch_size", "drop_remainder", "sizes"),
    [
        (5, False, [5, 5, 3]),
        (5, True, [5, 5]),
        (13, True, [13]),
        (100, False, [13]),
        (1, False, [1] * 13),
    ],
)
@STORES
def test_the_last_batch_is_kept_unless_dropped(
    cache, batch_size, drop_remainder, sizes
):
    data = toy_batches(batch_size, drop_remainder=drop_remainder, cache=cache)
    assert [len(labels) for labels in order(data)] == sizes
    assert data.cardinality() == len(sizes)
    even = len(set(sizes)) == 1 and sizes[0] == batch_size
    expected = batch_size if even or drop_remainder else None
    assert data.element_spec[0].shape.as_list() == [expected, 2, 2, 1]


@STORES
def test_an_epoch_holds_every_example_once(cache):
    data = toy_batches(4, cache=cache)
    for _ in range(3):
        assert sorted(flat(order(data))) == list(range(13))


@STORES
def test_an_epoch_is_the_same_whatever_the_batch_size(cache):
    whole, cut = (
        toy_batches(batch_size, cache=cache, dequantize=True) for batch_size in (100, 4)
    )
    for _ in range(2):
        (images, labels), *_ = whole
        pieces, parts = zip(*cut, strict=True)
        np.testing.assert_array_equal(np.concatenate(parts), labels)
        np.testing.assert_array_equal(np.concatenate(pieces), images)


@STORES
def test_each_pass_is_the_next_epoch(cache):
    data = toy_batches(4, cache=cache)
    passes = [order(data) for _ in range(3)]
    assert passes == [
        order(toy_batches(4, start=(n, 0), cache=cache)) for n in (0, 1, 2)
    ]
    assert len({tuple(flat(one)) for one in passes}) == 3


@STORES
def test_an_epoch_is_a_function_of_the_seed(cache):
    first = order(toy_batches(4, seed=1, cache=cache))
    keras.utils.set_random_seed(0)
    assert order(toy_batches(4, seed=1, cache=cache)) == first
    keras.utils.set_random_seed(5)
    assert order(toy_batches(4, seed=1, cache=cache)) == first
    assert order(toy_batches(4, seed=2, cache=cache)) != first


def test_a_look_at_the_first_batch_is_no_epoch():
    data = toy_batches(7)
    expected = order(toy_batches(7))
    assert order(data.take(1)) == expected[:1]
    look = iter(data)
    assert next(look)[1].numpy().tolist() == expected[0]
    time.sleep(0.2)
    assert order(data) == expected
    assert order(data) == order(toy_batches(7, start=(1, 0)))


@pytest.mark.parametrize(
    ("batch_size", "steps_per_execution", "autotune"),
    [(4, 1, True), (4, 1, False), (4, 3, True), (100, 1, False)],
)
def test_fit_sees_one_epoch_after_another(batch_size, steps_per_execution, autotune):
    class Recorder(keras.Model):
        def __init__(self):
            super().__init__()
            self.seen = []
            self.built = True

        def train_step(self, data):
            self.seen.append(data[1].numpy().tolist())
            return {"images": len(self.seen[-1])}

    data = toy_batches(batch_size)
    options = tf.data.Options()
    options.autotune.enabled = autotune
    recorder = Recorder()
    recorder.compile(run_eagerly=True, steps_per_execution=steps_per_execution)
    recorder.fit(data.with_options(options), epochs=3, verbose=0, shuffle=False)
    again = toy_batches(batch_size)
    assert recorder.seen == flat([order(again) for _ in range(3)])


@pytest.mark.parametrize("start", [(0, 3), (5, 1)])
@STORES
def test_a_stream_without_end_equals_the_epochs(cache, start):
    epoch, step = start
    data = toy_batches(4, start=(epoch, 0), cache=cache)
    expected = flat([order(data) for _ in range(3)])[step:]
    stream = toy_batches(4, start=start, repeat=True, cache=cache)
    for _ in range(2):
        assert order(stream.take(len(expected))) == expected
    finite = toy_batches(4, start=start, cache=cache)
    assert flat([order(finite) for _ in range(3)]) == expected


def test_a_stream_goes_on_with_new_pixels_each_epoch():
    options = {"source": grey(), "batch_size": 1, "binarization": "dynamic"}
    stream = toy_batches(start=(3, 0), repeat=True, **options).take(3)
    for n, (images, _) in enumerate(stream):
        ((expected, _),) = toy_batches(start=(3 + n, 0), **options)
        np.testing.assert_array_equal(images, expected)


@pytest.mark.parametrize(("cache", "parts"), [(True, 3), (False, 2)])
def test_shards_together_are_each_global_batch(cache, parts):
    options = {"dequantize": True, "cache": cache}
    shares = [toy_batches(5, shard=(part, parts), **options) for part in range(parts)]
    whole = toy_batches(5, **options)
    for images, *share in zip(whole, *shares, strict=True):
        sizes = [len(labels) for _, labels in share]
        assert max(sizes) - min(sizes) <= 1
        for position in range(2):
            joined = np.concatenate([some[position] for some in share])
            np.testing.assert_array_equal(joined, images[position])


# Pixels


def drawn(epochs, **options):
    stream = batches(grey(), 1, repeat=True, **options)
    return np.concatenate([images.numpy() for images in stream.take(epochs)])


def test_dynamic_binarization_draws_white_with_the_grey_value():
    images = drawn(1000, binarization="dynamic")
    assert set(np.unique(images)) == {0, 1}
    assert len(set(map(bytes, images))) == 1000
    chance = np.arange(256).reshape(16, 16, 1) / 255
    error = np.sqrt(chance * (1 - chance) / 1000)
    assert (np.abs(images.mean(axis=0) - chance) <= 4.5 * error).all()


@pytest.mark.parametrize(
    "options",
    [
        {"binarization": "static"},
        {"binarization": "static", "training": False},
        {"binarization": "dynamic", "training": False},
        {"dequantize": True, "training": False},
    ],
)
def test_pixels_that_are_drawn_once_stay(options):
    images = drawn(4, **options)
    assert len(set(map(bytes, images))) == 1
    other = drawn(1, seed=1, **options)
    assert not np.array_equal(images[:1], other)


def test_static_binarization_belongs_to_the_example():
    source = toy(13, (4, 4, 1), levels=13)
    first, second = (
        by_label(toy_batches(size, source, start=(epoch, 0), binarization="static"))
        for size, epoch in ((4, 0), (5, 7))
    )
    assert_same_images(first, second)
    tested = toy_batches(3, source, training=False, binarization="dynamic")
    assert_same_images(by_label(tested), first)
    assert set(np.unique(list(first.values()))) == {0, 1}
    assert (first[0] == 0).all()
    assert (first[12] == 1).all()


@STORES
def test_outside_training_the_order_is_that_of_the_source(cache):
    data = toy_batches(4, training=False, cache=cache)
    for _ in range(2):
        assert flat(order(data)) == list(range(13))


@pytest.mark.parametrize("image_range", [(0, 1), (-1, 1)])
def test_dequantized_pixels_fill_their_grey_level(image_range):
    low, high = image_range
    images = drawn(500, dequantize=True, image_range=image_range)
    assert images.min() >= low
    assert images.max() <= high
    levels = (images - low) / (high - low) * 256
    noise = levels - np.arange(256).reshape(16, 16, 1)
    assert noise.min() > -1e-4
    assert noise.max() < 1 + 1e-4
    assert noise.mean() == pytest.approx(0.5, abs=4 / np.sqrt(12 * noise.size))
    assert noise.var() == pytest.approx(1 / 12, abs=1e-3)
    assert len(set(map(bytes, images))) == 500


def test_fewer_levels_fill_the_range():
    images = by_label(toy_batches(4, toy(5, levels=5), image_range=(-1, 1)))
    values = [float(images[label].mean()) for label in range(5)]
    np.testing.assert_allclose(values, [-1, -0.5, 0, 0.5, 1], atol=1e-6)


# Bad input


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 0}, r"`batch_size`.*0"),
        ({"batch_size": -1}, r"`batch_size`.*-1"),
        ({"batch_size": 1.5}, r"`batch_size`.*1\.5"),
        ({"binarization": "yes"}, r"`binarization`.*'yes'"),
        ({"binarization": True}, r"`binarization`.*True"),
        ({"binarization": "static", "dequantize": True}, r"`dequantize`.*'static'"),
        ({"seed": -1}, r"`seed`.*-1"),
        ({"start": (0, 4)}, r"`start`.*below 4.*\(0, 4\)"),
        ({"start": (0, 3), "drop_remainder": True}, r"`start`.*below 3.*\(0, 3\)"),
        ({"start": (-1, 0)}, r"`start\[0\]`.*-1"),
        ({"start": (0, 0.5)}, r"`start\[1\]`.*0\.5"),
        ({"start": 2}, r"`start`.*2"),
        ({"shard": (2, 2)}, r"`shard`.*\(2, 2\)"),
        ({"shard": (-1, 2)}, r"`shard\[0\]`.*-1"),
        ({"shard": (0, 0)}, r"`shard\[1\]`.*0"),
        ({"shard": (0.5, 2)}, r"`shard\[0\]`.*0\.5"),
        ({"shard": (0, 1, 2)}, r"`shard`.*\(0, 1, 2\)"),
        ({"image_range": (1,)}, r"`image_range`.*\(1,\)"),
        ({"batch_size": 14, "drop_remainder": True}, r"13 images.*`batch_size`=14"),
        ({"source": toy(0)}, "toy holds no images"),
        ({"source": toy(13, class_names=[])}, "toy has no labels.*labels=True"),
        ({"source": toy(13, levels=12)}, "toy must lie below 12.*12"),
    ],
)
def test_a_bad_option_is_named_with_its_value(options, message):
    with pytest.raises(ValueError, match=message):
        toy_batches(**options)


@pytest.mark.parametrize(
    ("name", "split", "options", "message"),
    [
        ("mnst", "train", {}, r"no dataset 'mnst'.*Did you mean mnist\?"),
        ("zzz", "train", {}, r"no dataset 'zzz'.*home.tensorflow_datasets.*mnist"),
        ("mnist", "validation", {}, r"`split`.*\['test', 'train'\].*'validation'"),
        ("mnist", "test[:x]", {}, r"`split`.*'test\[:x\]'"),
        ("mnist", "test[:0]", {}, r"`split`.*no images.*'test\[:0\]'"),
        ("mnist", "test[9:2]", {}, r"`split`.*no images.*'test\[9:2\]'"),
        ("mnist", "test", {"image_shape": (28, 28)}, r"`image_shape`.*\(28, 28\)"),
        ("mnist", "test", {"image_shape": (28, 28, 2)}, r"`image_shape`.*28, 2\)"),
        ("mnist", "test", {"image_shape": (0, 28, 1)}, r"`image_shape`.*\(0, 28, 1\)"),
        ("mnist", "test[:9]", {"batch_size": 0}, r"`batch_size`.*0"),
    ],
)
def test_what_cannot_be_loaded_is_named(bare, name, split, options, message):
    with pytest.raises(ValueError, match=message):
        datasets.load(name, split, **options)


def test_an_unknown_set_says_where_it_looked(bare, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(bare / "sets"))
    with pytest.raises(ValueError, match="no dataset") as error:
        datasets.load("zzz")
    for place in (bare / "sets", bare / "home" / "tensorflow_datasets", PACKAGED):
        assert str(place) in str(error.value)
    assert "Did you mean" not in str(error.value)
