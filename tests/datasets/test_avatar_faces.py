"""Drawn faces: the builder on a few of our own, and labels that are attributes."""

import json

import numpy as np
import pytest
from missing_data import set_or_skip

from keras_gen import datasets

tfds = pytest.importorskip("tensorflow_datasets")

from keras_gen.datasets.avatar_faces import _STYLES, AvatarFaces  # noqa: E402

NAMES = {"glasses": ["none", "light", "dark"], "hair_color": ["cab188", "28150a"]}


def write(folder, style, split, attributes, seed=0):
    """Writes faces of random pixels, as they are rendered; returns these."""
    side, known = _STYLES[style].side, _STYLES[style].attributes
    shape = (len(attributes), side, side, 3)
    pixels = np.random.default_rng(seed).integers(0, 256, shape, np.uint8)
    (folder / f"{style}.{split}.rgb").write_bytes(pixels.tobytes())
    rest = dict.fromkeys(known, "only")
    lines = "".join(f"{json.dumps(rest | some)}\n" for some in attributes)
    (folder / f"{style}.{split}.jsonl").write_text(lines)
    names = {name: NAMES.get(name, ["only"]) for name in known}
    (folder / f"{style}.names.json").write_text(json.dumps(names))
    return pixels


def build(config, folder):
    manual = tfds.download.DownloadConfig(manual_dir=folder)
    builder = AvatarFaces(config=config, data_dir=folder / "tfds")
    builder.download_and_prepare(download_config=manual)


def read(folder, name, split, label, key=None, prefix=""):
    data = datasets.load(
        f"avatar_faces/{name}",
        split,
        labels=True,
        training=False,
        key=key,
        label_key=f"{prefix}attributes/{label}",
        data_dir=folder / "tfds",
    )
    ((images, labels),) = data.as_numpy_iterator()
    return np.rint(255 * images), np.array(data.class_names)[labels].tolist()


def in_some_order(pixels, images):
    """Where each image is among the pixels; TFDS shuffles examples."""
    flat = pixels.reshape(len(pixels), -1).astype(float)
    return [int(np.abs(flat - image.ravel()).sum(1).argmin()) for image in images]


def test_rendered_faces_become_a_set(tmp_path):
    kinds = ["none", "dark", "light", "dark"]
    attributes = [{"glasses": g, "hair_color": "cab188"} for g in kinds]
    pixels = write(tmp_path, "pixel_art", "train", attributes)
    write(tmp_path, "pixel_art", "test", attributes[:1], seed=1)
    build("pixel_art", tmp_path)
    images, classes = read(tmp_path, "pixel_art", "train", "glasses")
    doubled = pixels.repeat(2, axis=1).repeat(2, axis=2)
    order = in_some_order(doubled, images)
    assert sorted(order) == [0, 1, 2, 3]
    np.testing.assert_array_equal(images, doubled[order])
    assert classes == [kinds[i] for i in order]
    assert read(tmp_path, "pixel_art", "test", "glasses")[1] == ["none"]


def test_the_faces_of_a_pair_stay_together(tmp_path):
    for split, name in (("hair_color_pairs", "hair_color"), ("sunglasses_pairs", "x")):
        both = [{"hair_color": "28150a"}, {"hair_color": "cab188"}]
        both = [{"glasses": "none", **some} for some in both]
        pixels = write(tmp_path, "adventurer", split, both * 2, seed=len(name))
        if name == "hair_color":
            expected = pixels
    build("adventurer_pairs", tmp_path)
    options = ("adventurer_pairs", "hair_color_pairs", "hair_color")
    before, colours = read(tmp_path, *options, key="image")
    after, others = read(tmp_path, *options, "counterfactual", "counterfactual_")
    assert (colours, others) == (["28150a"] * 2, ["cab188"] * 2)
    order = in_some_order(expected, before)
    np.testing.assert_array_equal(before, expected[order])
    np.testing.assert_array_equal(after, expected[np.add(order, 1)])


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        ("bytes", "pixel_art.train.rgb must hold a face of 16 x 16 x 3 bytes.*2 lines"),
        ("names", "pixel_art.names.json must name hair, .*Received: eyes"),
        ("file", "must hold pixel_art.names.json, .*Not found .*: .*test.rgb$"),
    ],
)
def test_wrong_folders_are_refused(tmp_path, spoil, message):
    for split in ("train", "test"):
        faces = [{"glasses": "none", "hair_color": "cab188"}] * 2
        write(tmp_path, "pixel_art", split, faces)
    if spoil == "bytes":
        (tmp_path / "pixel_art.train.rgb").write_bytes(b"123")
    elif spoil == "file":
        (tmp_path / "pixel_art.test.rgb").unlink()
    else:
        (tmp_path / "pixel_art.names.json").write_text('{"eyes": ["a"]}')
    with pytest.raises(ValueError, match=message):
        build("pixel_art", tmp_path)


def test_labels_are_attributes():
    set_or_skip("avatar_faces/pixel_art")
    source = datasets.source(
        "avatar_faces/pixel_art", "test", label_key="attributes/glasses"
    )
    assert (source.num_examples, source.domain.shape) == (2000, (32, 32, 3))
    assert sorted(source.class_names) == ["dark", "light", "none"]
    assert datasets.source("avatar_faces/pixel_art", "test").class_names == []


def test_unknown_labels_and_sets_are_named(tmp_path):
    set_or_skip("avatar_faces/pixel_art")
    wrong = r"`label_key` of .* must be one of .*attributes/glasses,.*'glasses'"
    with pytest.raises(ValueError, match=wrong):
        datasets.source("avatar_faces/pixel_art", "test", label_key="glasses")
    with pytest.raises(ValueError, match="Did you mean avatar_faces/pixel_art"):
        datasets.source("avatar_faces/pixel_arts", "test")
    with pytest.raises(ValueError, match="`label_key` of mnist must be one of label"):
        datasets.source("mnist", "test", label_key="digit")
    with pytest.raises(ValueError, match="`label_key` must be left out: two_moons"):
        datasets.source("two_moons", "test", label_key="label")
