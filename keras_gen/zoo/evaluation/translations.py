"""How near translations of images come to the truth.

A recipe says by `pairs()` which images belong together. A model that learned without
pairs is measured on them too, which it has never seen as pairs.
"""

import numpy as np

from keras_gen.metrics import psnr, sliced_wasserstein_distance, ssim
from keras_gen.models.base import marks_of
from keras_gen.models.base.batches import in_batches
from keras_gen.zoo.evaluation import measures
from keras_gen.zoo.shelf.recipes import first_examples

#: The least side of images that are measured, that of a window of SSIM.
LEAST_SIDE = 11
_ROWS_AT_ONCE = 100
# The error of rounding to bytes.
_MOST_PSNR = 10 * np.log10(12 * 255**2)
_PATCH = 7


def translation(model, recipe, data, protocol) -> dict:
    """The PSNR of translations to the truth, in each direction that a model has.

    Images are rounded to bytes. Numbers are of values in [0, 1], over all channels.

    Returns:
        A result whose value is the mean PSNR of `to_y`, in dB. PSNR is at most 58.9: an
        error below that of rounding to bytes is none. `translations` has a dict of four
        numbers for each guess: `L1`, the mean absolute error of a value, `PSNR` and
        `SSIM`, with standard errors over the pairs, and `patches`, the sliced
        Wasserstein distance of its patches of 7 x 7 pixels from those of the true
        images. Guesses are the translation of the model, the input itself if both
        domains have one height and width, and the mean image and the mean colour of
        the training pairs. Training images have `patches` alone, which is the floor.

    Raises:
        ValueError: If `pairs()` of the recipe does not give images of both domains.
    """
    pairs = _pairs(model, recipe, protocol.split, protocol.num_images)
    known = _pairs(model, recipe, "train", protocol.num_training_images)
    found = {}
    for name, sources, targets in (("to_y", "x", "y"), ("to_x", "y", "x")):
        if name not in marks_of(model):
            continue
        in_bytes = model.domain_of(targets).to_bytes
        truth, examples = in_bytes(pairs[targets]) / 255, in_bytes(known[targets]) / 255
        made = in_batches(
            getattr(model, name), {sources: pairs[sources]}, _ROWS_AT_ONCE
        )
        inputs = model.domain_of(sources).to_bytes(pairs[sources]) / 255
        guesses = {
            "model": in_bytes(made) / 255,
            **_copied(inputs, truth.shape),
            "mean image": examples.mean(axis=0),
            "mean colour": examples.mean(axis=(0, 1, 2)),
        }
        for guess, images in guesses.items():
            images = np.broadcast_to(images, truth.shape)
            found[f"{name}, {guess}"] = {
                **_errors(images, truth),
                "patches": _distance(images, truth, protocol.seed),
            }
        floor = _distance(examples[: len(truth)], truth, protocol.seed)
        nothing = dict.fromkeys(("L1", "PSNR", "SSIM"), _number(None))
        found[f"{name}, training images"] = {**nothing, "patches": floor}
    others = [key for key in found if key.startswith("to_y, ")][1:-1]
    return {
        "metric": "PSNR of translations",
        **found["to_y, model"]["PSNR"],
        "without_model": {
            key.removeprefix("to_y, "): found[key]["PSNR"]["value"] for key in others
        },
        "translations": found,
        "protocol": {
            "num_pairs": len(pairs["x"]),
            "num_training_pairs": len(known["x"]),
            "seed": protocol.seed,
            **measures.split_of(protocol),
        },
    }


def _pairs(model, recipe, split, num):
    """The first pairs of a split, a dict of two arrays."""
    parts = first_examples(recipe.pairs(split), num)
    wanted = [model.x_domain.shape, model.y_domain.shape]
    shapes = [part.shape[1:] for part in parts]
    if shapes != wanted or len(parts[0]) < 2:
        raise ValueError(
            f"pairs({split!r}) of the recipe {recipe.name} must give batches of at "
            f"least two pairs of images of shapes {wanted[0]} and {wanted[1]}. "
            f"Received: {len(parts[0])} of shapes {', '.join(map(str, shapes))}"
        )
    return dict(zip(("x", "y"), parts, strict=True))


def _copied(inputs, shape):
    """The inputs as translations, in grey if channels differ; {} if sizes differ."""
    if inputs.shape[1:3] != shape[1:3]:
        return {}
    same = inputs.shape == shape
    return {"input": inputs if same else inputs.mean(axis=-1, keepdims=True)}


def _errors(images, truth):
    """The three errors of images, each with its standard error over them."""
    parts = []
    for first in range(0, len(truth), _ROWS_AT_ONCE):
        block = (
            images[first : first + _ROWS_AT_ONCE],
            truth[first : first + _ROWS_AT_ONCE],
        )
        distances = np.abs(block[0] - block[1]).mean(axis=(1, 2, 3))
        decibels = np.minimum(psnr(*block), _MOST_PSNR)
        parts.append([distances, decibels, ssim(*block)])
    errors = np.concatenate(parts, axis=1)
    names = zip(("L1", "PSNR", "SSIM"), ("", "dB", ""), errors, strict=True)
    return {name: measures.mean_of(values, unit) for name, unit, values in names}


def _distance(images, truth, seed):
    distance = sliced_wasserstein_distance(_patches(images), _patches(truth), seed=seed)
    return _number(distance.value)


def _patches(images):
    """The patches of images side by side, vectors."""
    num, *sides, channels = images.shape
    rows, columns = (side // _PATCH for side in sides)
    cut = images[:, : rows * _PATCH, : columns * _PATCH]
    cut = cut.reshape(num, rows, _PATCH, columns, _PATCH, channels)
    return np.swapaxes(cut, 2, 3).reshape(num * rows * columns, -1)


def _number(value):
    return {"value": value, "unit": "", "standard_error": None}
