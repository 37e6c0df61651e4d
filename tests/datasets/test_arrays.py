"""Sets of images in NumPy files, such as USPS."""

import numpy as np
import pytest

from keras_gen import datasets

NUM = {"train": 12, "test": 5}


def written(folder, **changed):
    """A file in the form of USPS: thousandths of values from -1 to 1."""
    arrays = {}
    for offset, (split, num) in enumerate(NUM.items()):
        values = np.linspace(-1000, 1000, num * 16 * 16).reshape(num, 16, 16)
        arrays[f"{split}_images"] = np.rint(values).astype(np.int16)
        arrays[f"{split}_labels"] = (np.arange(num) + offset) % 10
    path = folder / "usps" / "usps.npz"
    path.parent.mkdir(exist_ok=True)
    arrays = {k: v for k, v in {**arrays, **changed}.items() if v is not None}
    np.savez(path, **arrays)
    return path


def all_of(data):
    return [np.concatenate(part) for part in zip(*data, strict=True)]


def test_thousandths_become_the_nearest_bytes_and_keep_their_size(tmp_path):
    path = written(tmp_path)
    options = {"labels": True, "training": False}
    images, labels = all_of(datasets.load(str(path), "train", 5, **options))
    with np.load(path) as file:
        values = (file["train_images"] / 1000 + 1) / 2
        np.testing.assert_array_equal(labels, file["train_labels"])
    assert images.shape == (12, 16, 16, 1)
    np.testing.assert_allclose(images[..., 0], values, atol=0.5 / 255 + 1e-6)
    np.testing.assert_allclose(images * 255, np.rint(images * 255), atol=1e-4)


def test_a_set_is_found_by_its_name(tmp_path, monkeypatch):
    path = written(tmp_path)
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    options = {"labels": True, "training": False}
    expected = all_of(datasets.load(path, "test+train[:2]", **options))
    for data_dir in (None, tmp_path):
        data = datasets.load("usps", "test+train[:2]", data_dir=data_dir, **options)
        assert data.class_names == [str(digit) for digit in range(10)]
        for one, other in zip(all_of(data), expected, strict=True):
            np.testing.assert_array_equal(one, other)


def test_images_are_resized_and_coloured_if_asked(tmp_path):
    path = str(written(tmp_path))
    (images,) = datasets.load(path, "test", image_shape=(28, 28, 3), training=False)
    assert images.shape == (5, 28, 28, 3)
    (small,) = datasets.load(path, "test", training=False)
    means = np.mean(images, axis=(1, 2, 3)), np.mean(small, axis=(1, 2, 3))
    np.testing.assert_allclose(*means, atol=0.01)


def test_a_file_may_hold_colours_and_no_labels(tmp_path):
    colours = np.arange(6 * 4 * 4 * 3).reshape(6, 4, 4, 3).astype(np.uint8)
    np.savez(tmp_path / "mine.npz", train_images=colours)
    (images,) = datasets.load(tmp_path / "mine.npz", "train", training=False)
    np.testing.assert_allclose(images * 255, colours, atol=1e-4)
    with pytest.raises(ValueError, match="has no labels"):
        datasets.load(tmp_path / "mine.npz", "train", labels=True)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"train_images": np.zeros((3, 16, 16))}, "'train_images'.*float64"),
        ({"train_images": np.full((3, 4, 4), 1001, np.int16)}, "1000.*1001"),
        ({"train_images": np.zeros((3, 4), np.uint8)}, r"'train_images'.*\(3, 4\)"),
        ({"test_images": np.array(3, np.uint8)}, r"'test_images'.*\(\)"),
        ({"test_labels": np.zeros(5)}, "'test_labels'.*float64"),
        ({"train_labels": np.zeros(3, int)}, r"'train_labels'.*\(3,\)"),
        ({"train_labels": np.full(12, -1)}, "'train_labels'.*at least 0"),
        ({"train_images": np.array([{}] * 12)}, "no .npz file of arrays"),
        ({"train_images": None, "test_images": None}, "must hold.*'train_images'"),
    ],
)
def test_other_arrays_are_refused_by_name(tmp_path, changed, message):
    with pytest.raises(ValueError, match=message):
        datasets.load(str(written(tmp_path, **changed)), "train")


def test_what_is_not_there_is_refused(tmp_path):
    path = written(tmp_path)
    with pytest.raises(datasets.MissingSplitError, match=r"usps.npz.*'validation'"):
        datasets.load(str(path), "validation")
    with pytest.raises(datasets.MissingSplitError, match="holds no images"):
        datasets.load(str(path), "train[5:5]")
    with pytest.raises(ValueError, match="none.npz.*No such file"):
        datasets.load(str(tmp_path / "none.npz"))
    path.write_bytes(b"no archive")
    with pytest.raises(ValueError, match="no .npz file of arrays"):
        datasets.load(str(path))
