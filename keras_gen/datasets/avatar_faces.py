"""A builder of TensorFlow Datasets for drawn faces whose attributes are known.

Render the faces with `avatar_faces.mjs`, which stands beside this file and says how.
Then build the set:

    from keras_gen.datasets.avatar_faces import AvatarFaces
    from tensorflow_datasets.download import DownloadConfig

    AvatarFaces(config="pixel_art", data_dir="tfds").download_and_prepare(
        download_config=DownloadConfig(manual_dir="rendered")
    )

Then `datasets.load("avatar_faces/pixel_art", label_key="attributes/glasses",
labels=True, data_dir="tfds")` reads the faces and whether they wear glasses.
"""

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow_datasets as tfds


class _Style(NamedTuple):
    """A style of DiceBear.

    Attributes:
        side: Integer, the side of a rendered face in pixels.
        scale: Integer, how many pixels of a side a rendered pixel becomes.
        attributes: Tuple of strings.
        license: String.
    """

    side: int
    scale: int
    attributes: tuple
    license: str


_STYLES = {
    "pixel_art": _Style(
        16,
        2,
        (
            *("hair", "hair_color", "skin_color"),
            *("glasses", "glasses_shape", "glasses_color"),
            *("eyes", "eyes_color", "mouth", "mouth_color"),
            *("beard", "beard_shape", "clothing", "clothing_color"),
        ),
        "CC0 1.0. Design: Pixel Art by DiceBear.",
    ),
    "adventurer": _Style(
        64,
        1,
        (
            *("hair", "hair_color", "skin_color", "glasses", "glasses_shape"),
            *("eyes", "eyebrows", "mouth", "feature"),
        ),
        "CC BY 4.0. Design: Adventurer by Lisa Wischofsky.",
    ),
}
_PAIRS = "_pairs"


class AvatarFaces(tfds.core.GeneratorBasedBuilder):
    """Faces put together from the parts of two DiceBear styles, on white.

    `pixel_art` has images of 32 x 32 pixels and `adventurer` of 64 x 64, in the splits
    `train` and `test`, with `attributes` such as `hair_color` and `glasses` (none,
    light or dark). In `pixel_art_pairs` and `adventurer_pairs` each face is there
    twice, as `image` and as `counterfactual`: with another hair colour
    (`hair_color_pairs`), or without and with sunglasses (`sunglasses_pairs`).

    The folder of the rendered faces holds for each split of a style, such as `train`,

    - `pixel_art.train.rgb`: the bytes of all faces one after the other, 16 x 16 x 3 for
      `pixel_art` and 64 x 64 x 3 for `adventurer`; the two faces of a pair are
      neighbours;
    - `pixel_art.train.jsonl`: for each face a line of JSON, its attributes by name;
    - and `pixel_art.names.json`: for each attribute the list of what it can be.
    """

    VERSION = tfds.core.Version("1.0.0")
    BUILDER_CONFIGS = [
        tfds.core.BuilderConfig(name=f"{style}{tail}")
        for style in _STYLES
        for tail in ("", _PAIRS)
    ]
    MANUAL_DOWNLOAD_INSTRUCTIONS = (
        f"Render the faces with {Path(__file__).with_suffix('.mjs')}, which says how, "
        "and pass the folder that it has written as manual_dir."
    )

    @property
    def _style(self):
        return self.builder_config.name.removesuffix(_PAIRS)

    @property
    def _has_pairs(self):
        return self.builder_config.name.endswith(_PAIRS)

    def _info(self):
        style = _STYLES[self._style]
        side = style.side * style.scale
        names = ("", "counterfactual") if self._has_pairs else ("",)
        features = {}
        for name in names:
            image, attributes = _keys_of(name)
            features[image] = tfds.features.Image(
                shape=(side, side, 3), encoding_format="png"
            )
            # Their names are in the folder, which is not known yet.
            features[attributes] = {
                a: tfds.features.ClassLabel() for a in style.attributes
            }
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(features),
            supervised_keys=("image", "counterfactual") if self._has_pairs else None,
            homepage="https://www.dicebear.com",
            license=style.license,
        )

    def _split_generators(self, dl_manager):
        folder = dl_manager.manual_dir
        splits = ("train", "test")
        if self._has_pairs:
            splits = ("hair_color_pairs", "sunglasses_pairs")
        parts = [f"{split}.{kind}" for split in splits for kind in ("jsonl", "rgb")]
        files = [f"{self._style}.{part}" for part in ("names.json", *parts)]
        missing = [file for file in files if not (folder / file).is_file()]
        if missing:
            raise ValueError(
                f"manual_dir must hold {', '.join(files)}. Not found in "
                f"{str(folder)!r}: {', '.join(missing)}"
            )
        names = json.loads((folder / f"{self._style}.names.json").read_text())
        wanted = _STYLES[self._style].attributes
        if sorted(names) != sorted(wanted):
            raise ValueError(
                f"{self._style}.names.json must name {', '.join(wanted)}. Received: "
                f"{', '.join(names)}"
            )
        for key, feature in self.info.features.items():
            if key.endswith("attributes"):
                for attribute, classes in names.items():
                    feature[attribute].names = classes
        return {split: self._generate_examples(folder, split) for split in splits}

    def _generate_examples(self, folder, split):
        style, side = _STYLES[self._style], _STYLES[self._style].side
        file = f"{self._style}.{split}"
        lines = (folder / f"{file}.jsonl").read_text().splitlines()
        data = np.frombuffer((folder / f"{file}.rgb").read_bytes(), np.uint8)
        per_example = 2 if self._has_pairs else 1
        if data.size != len(lines) * side * side * 3 or len(lines) % per_example:
            raise ValueError(
                f"{file}.rgb must hold a face of {side} x {side} x 3 bytes for "
                f"each line of {file}.jsonl, and pairs as neighbours. Received: "
                f"{data.size} bytes and {len(lines)} lines"
            )
        images = data.reshape(-1, side, side, 3)
        for number in range(len(lines) // per_example):
            example = {}
            for place, name in enumerate(("", "counterfactual")[:per_example]):
                row = per_example * number + place
                image, attributes = _keys_of(name)
                pixels = images[row].repeat(style.scale, 0).repeat(style.scale, 1)
                example |= {image: pixels, attributes: json.loads(lines[row])}
            yield number, example


def _keys_of(name):
    """The keys of an image and of its attributes."""
    return (name, f"{name}_attributes") if name else ("image", "attributes")
