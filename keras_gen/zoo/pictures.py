"""Pictures of what a model makes."""

import numpy as np

from keras_gen.images import grid
from keras_gen.latents import spherical_path
from keras_gen.zoo.evaluation.measures import upper_half
from keras_gen.zoo.shelf.recipes import first_examples


def picture_of(recipe, model, seed=0):
    """The recipe's own picture, else samples, else reconstructions of test images.

    Returns:
        Uint8 array of shape `(height, width, 1 or 3)`.
    """
    if hasattr(recipe, "picture"):
        return recipe.picture(model)
    if hasattr(model, "sample"):
        return grid(model.to_uint8(model.sample(100, seed)))
    return reconstructions(model, test_images(recipe, 50))


def reconstructions(model, images, columns=10):
    """Rows of images, each above a row of their reconstructions."""
    pairs = [images, np.asarray(model.reconstruct(images))]
    rows = [
        part[first : first + columns]
        for first in range(0, len(images), columns)
        for part in pairs
    ]
    return grid(model.to_uint8(np.concatenate(rows)), columns=min(columns, len(images)))


def interpolations(model, images, num_steps=10):
    """Rows of pictures from each image to the next: 1 to 2, 3 to 4, and so on."""
    rows = np.asarray(model.interpolate(images[::2], images[1::2], num_steps))
    return grid(model.to_uint8(rows.reshape(-1, *model.image_shape)), columns=num_steps)


def latent_interpolations(model, num, seed=0, num_steps=10):
    """Rows of samples along great arcs from one latent to another."""
    start, end = model.noise(num, seed), model.noise(num, seed, first_row=num)
    rows = model.interpolate(start, end, num_steps, path=spherical_path)
    return grid(model.to_uint8(rows.reshape(-1, *model.image_shape)), columns=num_steps)


def completions(model, images, labels=None, seed=0, temperature=1.0, num_columns=8):
    """Rows of an image, its upper half, and ways to complete that.

    Args:
        model: `AutoregressiveModel`.
        images: Array of shape `(num_images, *image_shape)`.
        labels: Integer array of shape `(num_images,)` for models with classes.
        seed: Integer in [0, 2**31).
        temperature: Positive float.
        num_columns: Integer, how many ways.

    Returns:
        Uint8 array of shape `(height, width, 1 or 3)`.
    """
    mask = upper_half(model.image_shape)
    known = np.where(mask[..., None], images, np.mean(model.image_range))
    drawn = model.sample(
        len(images) * num_columns,
        seed,
        images=np.repeat(images, num_columns, axis=0),
        mask=mask,
        temperature=temperature,
        labels=None if labels is None else np.repeat(labels, num_columns),
    )
    drawn = drawn.reshape(len(images), num_columns, *model.image_shape)
    rows = np.concatenate([images[:, None], known[:, None], drawn], axis=1)
    rows = rows.reshape(-1, *model.image_shape)
    return grid(model.to_uint8(rows), columns=2 + num_columns)


def test_images(recipe, num_images):
    """The first test images of a recipe, float32."""
    return first_examples(recipe.data("test"), num_images)[0]
