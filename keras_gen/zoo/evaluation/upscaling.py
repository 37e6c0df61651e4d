"""How near images that a model makes larger come to the true ones.

A model is measured as papers on super-resolution do it: true images are reduced by
antialiased bicubic interpolation and rounded to bytes, the model makes them larger, and
the luma of its results, rounded too, is compared with that of the true images.
"""

import numpy as np

from keras_gen.metrics import luma, psnr, sliced_wasserstein_distance, ssim
from keras_gen.random import Rows
from keras_gen.zoo.evaluation import measures
from keras_gen.zoo.shelf.loading import find

#: Patches of an image whose texture is compared, and their side in pixels.
NUM_PATCHES, PATCH_SIZE = 512, 7
_PROJECTIONS = 128


def upscaling(model, recipe, data, protocol) -> dict:
    """The PSNR of the luma of enlarged images, without a border of `scale` pixels.

    Returns:
        A result whose value is the PSNR of the model, averaged over the images.
        `enlargements` has for the `model`, for the model of the recipe's `first_stage`
        and for `bicubic` interpolation the `PSNR`, the `gain` over bicubic
        interpolation, `SSIM` and `texture`, with standard errors over the images.

        `texture` is the sliced Wasserstein distance, in levels of 256, of patches of
        the enlarged image from patches at other places of the true one. Both are taken
        of the luma without that of bicubic interpolation, so of the detail that the
        small image lacks. It is small if an enlargement is as sharp and as rough as the
        truth, even if no pixel is the same. `floor` is that of the true image itself.
    """
    models = {"model": model}
    if data is None and hasattr(recipe, "first_stage"):
        models["first_stage"] = find(recipe.first_stage).load()
    methods, rows = [*models, "bicubic", "floor"], []
    images = list(_images_of(model, recipe, data, protocol))
    for number, image in enumerate(images):
        large = image[None]
        small = _as_bytes(model.shrink(large))
        smooth = np.asarray(model.bicubic(small))
        made = [np.asarray(some.upscale(small)) for some in models.values()]
        luminance = [_luma(_as_bytes(x)) for x in (*made, smooth, large)]
        rows.append(_numbers(luminance, model.scale, protocol.seed, number))
    # Of shape (images, methods, numbers).
    numbers = np.array(rows)
    enlargements = {
        method: {
            name: _mean_of(numbers[:, place, column])
            for column, name in enumerate(("PSNR", "gain", "SSIM", "texture"))
        }
        for place, method in enumerate(methods)
    }
    return {
        "metric": "PSNR of the luma",
        **measures.mean_of(numbers[:, 0, 0], "dB"),
        "without_model": {"bicubic": enlargements["bicubic"]["PSNR"]["value"]},
        "enlargements": enlargements,
        "protocol": {
            "scale": model.scale,
            "reduction": "antialiased bicubic, in bytes",
            "border": model.scale,
            "num_enlarged": len(images),
            "num_pixels": int(sum(image[..., 0].size for image in images)),
            "num_patches": NUM_PATCHES,
            "seed": protocol.seed,
            **measures.split_of(protocol),
        },
    }


def _images_of(model, recipe, data, protocol):
    """True images, float32 in [0, 1], whose sides can be divided by the scale."""
    is_own = data is None and protocol.split == "test"
    if not (is_own and hasattr(recipe, "photographs")):
        (x, *_) = measures.examples_of(recipe, data, protocol)
        yield from x
        return
    for image in recipe.photographs(protocol.is_quick):
        height, width = (side - side % model.scale for side in image.shape[:2])
        yield (image[:height, :width] / 255.0).astype(np.float32)


def _numbers(luminance, border, seed, number):
    """PSNR, its gain, SSIM and texture of each method; the last one is the truth."""
    *enlarged, truth = luminance
    smooth = enlarged[-1]
    bicubic = psnr(smooth, truth, border)[0]
    inner = slice(border, -border)
    expected = _patches((truth - smooth)[0, inner, inner], seed, number, "true")
    found = []
    for x in luminance:
        patches = _patches((x - smooth)[0, inner, inner], seed, number, "enlarged")
        distance = sliced_wasserstein_distance(patches, expected, _PROJECTIONS, seed)
        # The truth itself has no finite PSNR.
        near = np.nan if x is truth else psnr(x, truth, border)[0]
        alike = ssim(x, truth, border)[0]
        found.append((near, near - bicubic, alike, 255.0 * distance.value))
    return found


def _patches(detail, seed, number, name):
    """Patches at random places, of shape `(num, values)`."""
    uniform = np.asarray(Rows(NUM_PATCHES, seed, step=number).uniform((2,), name))
    sides = np.array(detail.shape[:2]) - PATCH_SIZE + 1
    places = np.minimum((uniform * sides).astype(int), sides - 1)
    windows = np.lib.stride_tricks.sliding_window_view(
        detail[..., 0], (PATCH_SIZE, PATCH_SIZE)
    )
    return windows[places[:, 0], places[:, 1]].reshape(NUM_PATCHES, -1)


def _luma(images):
    return luma(images) if images.shape[-1] == 3 else images.astype(np.float64)


def _as_bytes(images):
    """Images in [0, 1] as they come back from a file."""
    return np.rint(255.0 * np.clip(images, 0.0, 1.0)).astype(np.float32) / 255.0


def _mean_of(values):
    if np.isnan(values).any():
        return {"value": None, "standard_error": None}
    error = np.std(values, ddof=1) / np.sqrt(len(values))
    return {"value": float(values.mean()), "standard_error": float(error)}
