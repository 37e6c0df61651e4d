"""Sets in the package are read without TFDS, as TFDS reads them."""

import sys

import numpy as np
import pytest

from keras_gen import datasets
from keras_gen.datasets.packaged import packaged_set
from keras_gen.datasets.sources import PACKAGED
from keras_gen.datasets.splits import slices_of

MNIST = PACKAGED / "mnist" / "3.0.1"


@pytest.fixture
def without_tfds(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", None)


@pytest.mark.parametrize(
    "split", ["test[:50]", "train[-30:]", "test[99.5%:]+train[20:40]", "test[5:1_0]"]
)
def test_examples_are_those_of_tfds(split):
    tfds = pytest.importorskip("tensorflow_datasets")
    builder = tfds.builder_from_directory(MNIST)
    config = tfds.ReadConfig(interleave_cycle_length=1)
    examples = builder.as_dataset(split=split, read_config=config)
    expected = list(tfds.as_numpy(examples))
    examples, num_images, shape, num_classes = packaged_set(MNIST, split)
    assert num_images == len(expected)
    assert shape == expected[0]["image"].shape
    assert num_classes == builder.info.features["label"].num_classes
    for actual, other in zip(examples.as_numpy_iterator(), expected, strict=True):
        np.testing.assert_array_equal(actual["image"], other["image"])
        assert actual["label"] == other["label"]


@pytest.mark.parametrize(
    "split",
    ["a", "b", "a[:7]", "a[7:]", "a[-7:-3]", "a[33%:66%]", "a[:12.5%]+b", "a[:-20%]"],
)
def test_slices_are_those_of_tfds(split):
    tfds = pytest.importorskip("tensorflow_datasets")
    sizes = {"a": 83, "b": 10}
    infos = {
        name: tfds.core.SplitInfo(name=name, shard_lengths=[size], num_bytes=0)
        for name, size in sizes.items()
    }
    expected = tfds.core.splits.AbstractSplit.from_spec(split).to_absolute(infos)
    assert slices_of(split, sizes) == [
        (e.splitname, e.from_ or 0, sizes[e.splitname] if e.to is None else e.to)
        for e in expected
    ]


@pytest.mark.parametrize(
    "split", ["", "c", "a[", "a[:x]", "a[5]", "a[:84]", "a[-84:]", "a[1.5:]", "a+"]
)
def test_other_slices_are_refused(split):
    with pytest.raises(ValueError, match=r"split|slice"):
        slices_of(split, {"a": 83})


def test_slices_may_be_clipped():
    slices = slices_of("a[-84:200]+a[84:]", {"a": 83}, clip=True)
    assert slices == [("a", 0, 83), ("a", 83, 83)]


def test_mnist_needs_no_tfds(without_tfds):
    data = datasets.load("mnist", "test[:20]", 20, labels=True)
    images, labels = next(iter(data))
    assert images.shape == (20, 28, 28, 1)
    assert labels.shape == (20,)


def test_another_set_without_tfds_names_the_extra(without_tfds):
    with pytest.raises(ImportError, match=r"'cifar10'.*keras-gen\[datasets\]"):
        datasets.load("cifar10", "train", download=True)


def test_an_unknown_set_is_named_also_without_tfds(without_tfds):
    with pytest.raises(ValueError, match=r"no dataset 'mnst'.*Did you mean mnist\?"):
        datasets.load("mnst", "train")
