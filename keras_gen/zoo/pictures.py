"""Files of what a model makes: pictures of images, and files of other data."""

import functools
from pathlib import Path

import numpy as np

from keras_gen.domains import Images, Vectors
from keras_gen.images import grid, save_png, to_uint8
from keras_gen.latents import spherical_path
from keras_gen.models.base import marks_of
from keras_gen.random import Rows
from keras_gen.zoo.evaluation.measures import upper_half
from keras_gen.zoo.shelf.recipes import first_examples

# Methods whose results are shown beside examples.
_OF_EXAMPLES = {"reconstruct", "to_y", "upscale"}


def save_made(recipe, model, path, seed=0, shown=None):
    """Writes what a model makes: the recipe's own picture, else `made_by()`.

    A model of points in the plane that knows their density is drawn by
    `density_beside_points()`.

    Args:
        recipe: A recipe, from `load_recipe()`.
        model: A model of the recipe.
        path: Path without a suffix, which follows from the data: `.png` for images.
        seed: Integer in [0, 2**31), of samples.
        shown: Optional function, see `made_by()`.

    Returns:
        The `Path` of the file.
    """
    path = Path(path)
    if hasattr(recipe, "picture"):
        path = path.with_suffix(".png")
        save_png(path, recipe.picture(model))
        return path
    if (
        model.x_domain == Vectors(2)
        and {"sample", "log_prob"} <= marks_of(model).keys()
    ):
        path = path.with_suffix(".png")
        points, *_ = first_examples(recipe.data("train", training=False), 20_000)
        save_png(path, density_beside_points(model, points, seed))
        return path
    domain, examples = made_by(recipe, model, seed, shown)
    path = path.with_suffix(domain.suffix)
    domain.save(path, examples)
    return path


def made_by(recipe, model, seed=0, shown=None):
    """Samples of a model, else what it makes of examples, beside them.

    Args:
        recipe: A recipe, from `load_recipe()`.
        model: A model of the recipe.
        seed: Integer in [0, 2**31), of samples.
        shown: Optional function of a number, at most 100, that returns that many
            examples as a list of arrays: `x` and what it is paired with. Defaults to
            the first test examples.

    Returns:
        Pair of the domain and an array of examples.

    Raises:
        ValueError: If the model does none of these.
    """
    marks = marks_of(model)
    if "sample" in marks:
        return model.x_domain, model.sample(100, seed)
    if shown is None and not marks.keys().isdisjoint(_OF_EXAMPLES):
        shown = functools.partial(first_examples, recipe.data("test"))
    if "reconstruct" in marks:
        pairs = beside_reconstructions(model, *shown(50))
        return model.x_domain, pairs
    if "to_y" in marks:
        return model.y_domain, beside_translations(model, *shown(30))
    if "upscale" in marks:
        return model.x_domain, beside_upscaled(model, *shown(4))
    raise ValueError(
        f"{recipe.name} ({type(model).__name__}) makes nothing to look at: "
        "the recipe must define `picture(model)`."
    )


def beside_reconstructions(model, x, y=None, columns=10):
    """Examples in rows. Each row is followed by a row of their reconstructions."""
    given = {"y": y} if "y" in marks_of(model)["reconstruct"].takes else {}
    return _in_rows([x, np.asarray(model.reconstruct(x, **given))], columns)


def beside_translations(model, x, y=None, columns=10):
    """Examples in rows, each followed by a row of their translations and one of `y`.

    Sources of another size than the translations are left out.
    """
    parts = [np.asarray(model.to_y(x))] + [y] * (y is not None)
    domains = model.x_domain, model.y_domain
    are_images = all(isinstance(domain, Images) for domain in domains)
    if are_images and domains[0].shape[:2] == domains[1].shape[:2]:
        sources = domains[0].to_bytes(x)
        channels = domains[1].shape[2]
        if sources.shape[-1] != channels:
            grey = np.rint(sources.mean(axis=-1, keepdims=True))
            sources = np.repeat(grey, channels, axis=-1)
        parts.insert(0, domains[1].from_bytes(sources))
    return _in_rows(parts, columns)


def beside_upscaled(model, x):
    """A row for each image: the small one, bicubic, what the model makes, the image."""
    small = np.asarray(model.shrink(x))
    pixels = small.repeat(model.scale, axis=1).repeat(model.scale, axis=2)
    smooth = np.asarray(model.bicubic(small))
    return _in_rows([pixels, smooth, np.asarray(model.upscale(small)), x], 1)


def _in_rows(parts, columns):
    """A row of the first part, one of each other part, and so on."""
    rows = [
        part[first : first + columns]
        for first in range(0, len(parts[0]), columns)
        for part in parts
    ]
    return np.concatenate(rows)


def interpolations(model, x, num_steps=10):
    """Examples on paths from each example to the next: 1 to 2, 3 to 4, and so on.

    Returns:
        Array of shape `(num, num_steps, *x_domain.shape)`.
    """
    latents = np.asarray(model.encode(x))
    return model.interpolate(latents[::2], latents[1::2], num_steps)


def latent_interpolations(model, num, seed=0, num_steps=10):
    """Examples on great arcs from the latents of one sample to those of another.

    Returns:
        Array of shape `(num, num_steps, *x_domain.shape)`.
    """
    # The noise of a model is its latents if both have the same shape.
    noise, latents = model.domain_of("noise"), model.domain_of("latents")
    is_latents = noise is not None and noise.shape == latents.shape
    drawn = (noise if is_latents else latents).draw(Rows(2 * num, seed))
    return model.interpolate(drawn[:num], drawn[num:], num_steps, path=spherical_path)


def density_beside_points(model, points, seed=0, size=200) -> np.ndarray:
    """A picture of points in the plane, of the density of a model and of its samples.

    The panels show the same square and have the same scale: white is no density, black
    is the 99th percentile of the density of the points.

    Args:
        model: A model of `Vectors(2)` with `log_prob()` and `sample()`.
        points: Float array of shape `(num, 2)`, with at least two points.
        seed: Integer in [0, 2**31), of as many samples.
        size: Integer, the pixels of a side of a panel.

    Returns:
        Uint8 array of shape `(size, 3 * size, 1)`.
    """
    low, high = np.min(points), np.max(points)
    margin = 0.1 * (high - low)
    edges = np.linspace(low - margin, high + margin, size + 1)
    cell = edges[1] - edges[0]
    middles = edges[:-1] + cell / 2
    # The first axis of a picture goes down, that of a plane goes right.
    grid_points = np.stack(np.meshgrid(middles, middles[::-1]), axis=-1)
    log_prob = model.log_prob(grid_points.reshape(-1, 2), batch_size=2000)
    drawn = model.sample(len(points), seed, batch_size=2000)

    def counted(values):
        counts, *_ = np.histogram2d(*values.T, bins=[edges, edges])
        return counts.T[::-1] / (len(values) * cell**2)

    panels = [counted(points), np.exp(log_prob).reshape(size, size), counted(drawn)]
    top = np.percentile(panels[0][panels[0] > 0], 99)
    picture = 1.0 - np.clip(np.concatenate(panels, axis=1) / top, 0.0, 1.0)
    return to_uint8(picture[..., None], (0.0, 1.0))


def completions(model, images, y=None, mask=None, num_columns=8, **options):
    """A picture with a row for each image: the image, what is known, completions.

    Args:
        model: Model of images that has `impute()`.
        images: Array of shape `(num_images, *x_domain.shape)`.
        y: Array of the `y_domain` for models that take it.
        mask: Boolean array of one image or of each, True where a pixel is known.
            Defaults to the upper half.
        num_columns: Integer, the completions of an image. A model that draws nothing
            has one.
        **options: Further arguments of `impute()`.

    Returns:
        Uint8 array of shape `(height, width, 1 or 3)`.
    """
    domain, mark = model.x_domain, marks_of(model)["impute"]
    mask = upper_half(domain.shape) if mask is None else mask
    mask = model.known_sites(mask, len(images))
    known = np.where(mask, images, np.mean(domain.bounds))
    num_columns = num_columns if mark.draws else 1
    if "y" in mark.takes:
        options["y"] = np.repeat(y, num_columns, axis=0)
    images_of_columns, masks = (
        np.repeat(part, num_columns, axis=0) for part in (images, mask)
    )
    drawn = model.impute(images_of_columns, masks, **options)
    drawn = drawn.reshape(len(images), num_columns, *domain.shape)
    rows = np.concatenate([images[:, None], known[:, None], drawn], axis=1)
    rows = rows.reshape(-1, *domain.shape)
    return grid(domain.to_bytes(rows), columns=2 + num_columns)
