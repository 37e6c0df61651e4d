"""Tests of folders of images."""

import os

import numpy as np
import pytest
from PIL import Image

from keras_gen import datasets
from keras_gen.datasets.folders import folder_source


def noise(height=8, width=8, channels=3, seed=0):
    shape = (height, width, channels)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def write(path, pixels, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.asarray(pixels)
    if pixels.ndim == 3 and pixels.shape[-1] == 1:
        pixels = pixels[..., 0]
    Image.fromarray(pixels).save(path, **options)


def read(path, image_shape=None, **options):
    """All images of a folder in the order of their names, as grey values."""
    options = {"training": False, "image_range": (0, 255), **options}
    return np.concatenate(list(datasets.folder(path, image_shape, **options)))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    ("name", "options", "error"),
    [
        ("a.png", {}, 0),
        ("a.PNG", {}, 0),
        ("a.webp", {"lossless": True}, 0),
        ("a.jpg", {"quality": 95, "subsampling": 0}, 6),
        ("a.jpeg", {"quality": 95, "subsampling": 0}, 6),
    ],
)
def test_image_files_are_read(tmp_path, name, options, error, channels):
    slope = np.arange(0, 240, 15, dtype=np.uint8)
    pixels = (slope[:, None, None] // 2 + slope[None, :, None] // 2).repeat(channels, 2)
    write(tmp_path / name, pixels, **options)
    expected_channels = 3 if name.endswith("webp") else channels
    images = read(tmp_path)
    assert images.dtype == np.float32
    assert images.shape == (1, 16, 16, expected_channels)
    np.testing.assert_allclose(images[0], pixels + 0 * images[0], atol=error)


def test_what_systems_and_tools_leave_is_passed_over(tmp_path):
    write(tmp_path / "cat" / "1.png", noise())
    write(tmp_path / ".ipynb_checkpoints" / "1-checkpoint.png", noise())
    write(tmp_path / "__MACOSX" / "cat" / "1.png", noise())
    (tmp_path / "cat" / "._1.png").write_bytes(b"an Apple double")
    assert folder_source(tmp_path).class_names == ["cat"]
    assert len(read(tmp_path)) == 1


def test_images_come_in_the_order_of_their_names(tmp_path):
    for grey in (3, 1, 2):
        write(tmp_path / f"{grey}.png", np.full((4, 4), grey, np.uint8))
    (tmp_path / "notes.txt").write_text("no image")
    assert read(tmp_path)[:, 0, 0, 0].tolist() == [1, 2, 3]


def test_sub_folders_are_labels(tmp_path):
    for index, name in enumerate(["dog/1.png", "cat/2.png", "dog/deep/3.png"]):
        write(tmp_path / name, np.full((4, 4), index, np.uint8))
    source = folder_source(tmp_path)
    assert source.class_names == ["cat", "dog"]
    data = datasets.folder(tmp_path, labels=True, image_range=(0, 255))
    pairs = {
        (int(image[0, 0, 0]), int(label))
        for images, labels in data
        for image, label in zip(images, labels, strict=True)
    }
    assert pairs == {(0, 1), (1, 0), (2, 1)}


def test_class_names_are_public(tmp_path):
    for name in ("dog/1.png", "cat/2.png"):
        write(tmp_path / name, noise())
    for options in ({}, {"repeat": True}):
        assert datasets.folder(tmp_path, **options).class_names == ["cat", "dog"]
    assert datasets.load("mnist", "test[:5]").class_names == list("0123456789")


def test_an_image_beside_sub_folders_is_named_where_labels_are_asked_for(tmp_path):
    write(tmp_path / "cat" / "1.png", noise())
    write(tmp_path / "2.png", noise())
    assert len(read(tmp_path)) == 2
    with pytest.raises(ValueError, match=r"no labels: .*2\.png' lies in no sub-folder"):
        datasets.folder(tmp_path, labels=True)


def greys(folder, split, **options):
    """The grey values of the images of a split."""
    options = {"image_range": (0, 255), "training": False, **options}
    data = datasets.load(str(folder), split, **options)
    return [int(image[0, 0, 0]) for images in data for image in images]


def test_a_folder_is_dealt_into_splits(tmp_path):
    for index in range(25):
        write(tmp_path / f"{index}.png", np.full((4, 4), index, np.uint8))
    parts = [greys(tmp_path, split) for split in ("train", "validation", "test")]
    assert [len(part) for part in parts] == [21, 2, 2]
    assert sorted(sum(parts, [])) == list(range(25))
    assert sum(parts, []) == greys(tmp_path, "all") != sorted(greys(tmp_path, "all"))
    assert greys(tmp_path, "all[:40%]+test[:9]") == parts[0][:10] + parts[2]
    # The order depends on names alone, so it is the same elsewhere.
    (tmp_path / "copy").mkdir()
    for path in tmp_path.glob("*.png"):
        path.rename(tmp_path / "copy" / path.name)
    assert greys(tmp_path / "copy", "test") == parts[2]


def test_sub_folders_are_splits_where_one_is_called_train(tmp_path):
    for index, name in enumerate(["train/b/0", "train/c/1", "val/c/2", "test/a/3"]):
        write(tmp_path / f"{name}.png", np.full((4, 4), index, np.uint8))
    assert sorted(greys(tmp_path, "train")) == [0, 1]
    assert greys(tmp_path, "validation") == [2]
    data = datasets.load(str(tmp_path), "test", labels=True)
    # All splits have the same classes.
    assert data.class_names == ["a", "b", "c"]
    assert [int(label) for _, labels in data for label in labels] == [0]
    with pytest.raises(
        datasets.MissingSplitError, match=r"\['test', 'train', 'validation'\]"
    ):
        datasets.load(str(tmp_path), "extra")
    write(tmp_path / "stray.png", noise())
    with pytest.raises(ValueError, match=r"stray.png' must be in a split"):
        datasets.load(str(tmp_path), "train")


def test_a_split_without_images_is_named(tmp_path):
    write(tmp_path / "a.png", noise())
    assert len(greys(tmp_path, "train[:50000]")) == 1
    for split in ("test", "train[50000:]"):
        with pytest.raises(
            datasets.MissingSplitError, match="holds no images. Received: '"
        ):
            datasets.load(str(tmp_path), split)


def test_the_home_folder_may_be_a_tilde(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    write(tmp_path / "pictures" / "a.png", noise())
    assert len(next(iter(datasets.load("~/pictures")))) == 1


def test_grey_and_colour_are_converted(tmp_path):
    write(tmp_path / "a.png", np.full((4, 4), 70, np.uint8))
    write(tmp_path / "b.png", np.full((4, 4, 3), 90, np.uint8))
    grey, colour = read(tmp_path, (4, 4, 1)), read(tmp_path, (4, 4, 3))
    assert (grey[0] == 70).all()
    assert (grey[1] == 90).all()
    np.testing.assert_array_equal(colour, grey.repeat(3, axis=-1))


def test_transparent_parts_are_white(tmp_path):
    pixels = np.zeros((2, 2, 4), np.uint8)
    pixels[0, 0] = [200, 0, 0, 255]
    pixels[0, 1] = [200, 0, 0, 0]
    pixels[1, 0] = [0, 0, 0, 51]
    write(tmp_path / "a.png", pixels)
    image = read(tmp_path)[0]
    assert image[0, 0].tolist() == [200, 0, 0]
    assert image[0, 1].tolist() == [255, 255, 255]
    np.testing.assert_allclose(image[1, 0], 0.8 * 255, atol=1)
    assert image[1, 1].tolist() == [255, 255, 255]


@pytest.mark.parametrize("mode", ["LA", "P"])
def test_transparency_of_grey_and_of_palettes_is_white(tmp_path, mode):
    pixels = np.zeros((2, 2, 4), np.uint8)
    pixels[0] = [80, 80, 80, 255]
    image = Image.fromarray(pixels).convert(mode)
    image.save(tmp_path / "a.png")
    shape = (2, 2, 1 if mode == "LA" else 3)
    loaded = read(tmp_path)[0]
    assert loaded.shape == shape
    assert (loaded[0] == 80).all()
    assert (loaded[1] == 255).all()


def test_sixteen_bits_keep_their_proportions(tmp_path):
    levels = np.array([[0, 257, 128 * 257], [255 * 257, 1000, 65_000]], np.uint16)
    write(tmp_path / "a.png", levels)
    image = read(tmp_path)[0, ..., 0]
    assert np.abs(image - levels / 257).max() <= 0.5


def test_photographs_stand_upright(tmp_path):
    pixels = np.zeros((16, 8, 3), np.uint8)
    pixels[:8] = 255
    exif = Image.Exif()
    exif[0x0112] = 6
    write(tmp_path / "a.jpg", np.rot90(pixels), exif=exif)
    image = read(tmp_path)[0]
    assert image.shape == pixels.shape
    np.testing.assert_allclose(image, pixels, atol=3)


def test_a_checkerboard_becomes_grey(tmp_path):
    board = np.indices((64, 64)).sum(axis=0) % 2 * np.uint8(255)
    write(tmp_path / "a.png", board.astype(np.uint8))
    image = read(tmp_path, (16, 16, 1))[0]
    np.testing.assert_allclose(image[2:-2, 2:-2], 127.5, atol=2)


def test_images_are_cropped_to_the_aspect_in_the_middle(tmp_path):
    pixels = noise(8, 12, 3)
    write(tmp_path / "a.png", pixels)
    np.testing.assert_array_equal(read(tmp_path, (8, 8, 3))[0], pixels[:, 2:10])


@pytest.mark.parametrize("cache", [True, False])
def test_an_epoch_is_every_image_once(tmp_path, cache):
    for index in range(7):
        write(tmp_path / f"{index}.png", np.full((4, 4), index, np.uint8))
    options = {"batch_size": 3, "training": True, "cache": cache}
    first, again = read(tmp_path, **options), read(tmp_path, **options)
    assert sorted(first[:, 0, 0, 0]) == list(range(7))
    np.testing.assert_array_equal(first, again)


def broken(path, kind):
    write(path, noise(64, 64))
    contents = path.read_bytes()
    path.write_bytes({"cut": contents[:2000], "text": b"text", "empty": b""}[kind])


@pytest.mark.parametrize("kind", ["cut", "text", "empty"])
@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
def test_unreadable_files_are_counted_and_named(tmp_path, kind, suffix):
    write(tmp_path / "good.png", noise(64, 64))
    broken(tmp_path / f"bad{suffix}", kind)
    with pytest.raises(ValueError, match=f"1 of 2 images.*bad{suffix}.*skip_unread"):
        datasets.folder(tmp_path)
    assert len(read(tmp_path, skip_unreadable=True)) == 1


def test_what_is_no_picture_that_can_be_read_is_skipped_if_asked(tmp_path):
    write(tmp_path / "good.png", noise(64, 64))
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "photo.heic").write_bytes(b"unknown to Pillow")
    (tmp_path / "gone.png").symlink_to(tmp_path / "nowhere.png")
    named = "3 of 4 images.*gone.png'.*photo.heic'.*pipe.png' must be.*a pipe"
    with pytest.raises(ValueError, match=named):
        datasets.folder(tmp_path)
    assert len(read(tmp_path, skip_unreadable=True)) == 1
    assert len(greys(tmp_path, "all", skip_unreadable=True)) == 1


def test_many_unreadable_files_are_not_all_named(tmp_path):
    for index in range(5):
        (tmp_path / f"{index}.png").write_bytes(b"text")
    for skip_unreadable in (False, True):
        with pytest.raises(ValueError, match="5 of 5 images") as error:
            datasets.folder(tmp_path, skip_unreadable=skip_unreadable)
        assert "2.png" in str(error.value)
        assert "3.png" not in str(error.value)


def test_photographs_keep_their_sizes(tmp_path, monkeypatch):
    sizes = {"b.png": (5, 7, 3), "a.png": (6, 4, 1), "c/d.png": (3, 3, 3)}
    for name, size in sizes.items():
        write(tmp_path / "views" / name, noise(*size))
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    for place in ("views", tmp_path / "views"):
        found = list(datasets.photographs(place))
        assert [x.shape for x in found] == [(6, 4, 3), (5, 7, 3), (3, 3, 3)]
    np.testing.assert_array_equal(found[1], noise(5, 7, 3))
    with pytest.raises(datasets.MissingSetError, match="'portraits'.*TFDS_DATA_DIR"):
        datasets.photographs("portraits")


def test_images_of_other_sizes_are_counted_and_named(tmp_path):
    write(tmp_path / "a.png", noise(8, 8, 3))
    write(tmp_path / "b.png", noise(8, 9, 3))
    write(tmp_path / "c.png", noise(8, 8, 1))
    with pytest.raises(ValueError, match=r"2 of 3.*\(8, 8, 3\).*b\.png.*c\.png"):
        datasets.folder(tmp_path)
    assert read(tmp_path, (8, 8, 3)).shape == (3, 8, 8, 3)


def test_a_missing_folder_is_named(tmp_path):
    for call in (
        lambda path: datasets.folder(path),
        lambda path: datasets.load(str(path)),
    ):
        with pytest.raises(ValueError, match="There is no folder .*nowhere"):
            call(tmp_path / "nowhere")


def test_a_folder_without_images_says_what_it_looked_for(tmp_path):
    (tmp_path / "notes.txt").write_text("no image")
    with pytest.raises(ValueError, match=r"hold no image.*\.jpg.*\.png.*\.webp"):
        datasets.folder(tmp_path)


@pytest.mark.parametrize("image_shape", [(8, 8), (8, 8, 4), (8, 0, 3), (8, 8.0, 3)])
def test_a_bad_image_shape_is_named(tmp_path, image_shape):
    write(tmp_path / "a.png", noise())
    with pytest.raises(ValueError, match="`image_shape`") as error:
        datasets.folder(tmp_path, image_shape)
    assert str(image_shape) in str(error.value)


def test_a_bad_batch_size_is_named(tmp_path):
    write(tmp_path / "a.png", noise())
    with pytest.raises(ValueError, match="`batch_size`.*0"):
        datasets.folder(tmp_path, batch_size=0)
