"""Attributes of images as directions in the latents, and images that are edited."""

import numpy as np

from keras_gen.arguments import check_count, check_reals, shown
from keras_gen.domains import Vectors
from keras_gen.files import open_file, written_whole
from keras_gen.latents import attribute_vector
from keras_gen.models.base import marks_of
from keras_gen.zoo.evaluation.measures import latents_of
from keras_gen.zoo.shelf.recipes import first_examples

#: Files of an entry: the directions of its attributes, and a grid of a few images.
DIRECTIONS, EXAMPLES = "directions.npz", "examples.png"
#: Training images by which a direction is found.
NUM_TRAINING_IMAGES = 5000
_SHA256 = "weights_sha256"
_ROWS_AT_ONCE = 200


def edits(model) -> bool:
    """Whether a model encodes examples alone, and decodes vectors of real numbers."""
    marks = marks_of(model)
    if not {"encode", "decode", "reconstruct"} <= marks.keys():
        return False
    latents = model.domain_of("latents")
    is_alone = (marks["encode"].takes, marks["decode"].takes) == (("x",), ("latents",))
    return is_alone and isinstance(latents, Vectors) and len(latents.shape) == 1


def label_keys_of(recipe) -> list:
    """The features of the data that the attributes of a recipe are about, a list."""
    return list(dict.fromkeys(key for key, _, _ in recipe.attributes.values()))


def known_latents(model, recipe, label_keys) -> tuple:
    """The latents of training images and what their labels are.

    Args:
        model: A model of the recipe that encodes.
        recipe: A recipe with `attributes`; see `load_recipe()`.
        label_keys: Iterable of strings, features of the data.

    Returns:
        Float array of shape `(num, latent_dim)`, and a dict from label keys to string
        arrays of shape `(num,)`, the names of the classes.
    """
    latents, classes = None, {}
    for key in label_keys:
        options = {"labels": True, "label_key": key, "training": False}
        data = recipe.data(f"train[:{NUM_TRAINING_IMAGES}]", **options)
        x, labels = first_examples(data, NUM_TRAINING_IMAGES)
        if latents is None:
            latents = latents_of(model, x)
        classes[key] = np.array(data.class_names)[labels]
    return latents, classes


def directions(model, recipe) -> dict:
    """The direction of each attribute of a recipe, from training images.

    Args:
        model: A model of the recipe that encodes and decodes.
        recipe: A recipe with `attributes`.

    Returns:
        Dict from the names of attributes to float32 arrays of shape `(latent_dim,)`.

    Raises:
        ValueError: If the training images have none of a class that is named.
    """
    latents, classes = known_latents(model, recipe, label_keys_of(recipe))
    found = {}
    for name, (key, absent, present) in recipe.attributes.items():
        missing = {absent, present} - {None, *classes[key]}
        if missing:
            raise ValueError(
                f"`attributes` of {recipe.name} names {shown(missing)} in {name!r}: "
                f"{key} is one of {', '.join(np.unique(classes[key]))}"
            )
        has = classes[key] == present
        chosen = has | (np.ones_like(has) if absent is None else classes[key] == absent)
        found[name] = attribute_vector(latents[chosen], has[chosen])
    return found


def save_directions(path, found, weights_sha256) -> None:
    """Writes directions, with the sha256 of the weights that they belong to."""
    with written_whole(path) as partial, open(partial, "wb") as file:
        np.savez(file, **{_SHA256: np.array(weights_sha256)}, **found)


def attributes_of(entry, model) -> list:
    """The names of the attributes that an entry can change, a list of strings.

    Args:
        entry: `Entry` or `Run`.
        model: Its model.

    Raises:
        ValueError: If the model is not one that `edits()`, or the recipe names no
            attributes.
    """
    if not edits(model):
        raise ValueError(
            f"{entry.name} ({type(model).__name__}) does not encode examples alone as "
            "vectors of real numbers and decode these."
        )
    if not hasattr(entry.recipe, "attributes"):
        raise ValueError(
            f"{entry.name} knows no attributes: its recipe does not name any."
        )
    return list(entry.recipe.attributes)


def directions_of(entry, model) -> dict:
    """The directions that an entry keeps, else those that its training data give.

    Args:
        entry: `Entry` or `Run`.
        model: Its model, which has `attributes_of()`.

    Returns:
        See `directions()`.

    Raises:
        ValueError: If the file does not belong to the weights.
    """
    path = entry.folder / DIRECTIONS
    if not path.exists():
        return directions(model, entry.recipe)
    with open_file(path) as file, np.load(file, allow_pickle=False) as arrays:
        found = dict(arrays)
    if str(found.pop(_SHA256, None)) != entry.weights_sha256:
        raise ValueError(
            f"The directions in {str(path)!r} are not those of the weights of "
            f"{entry.name}."
        )
    return found


def edited(model, x, direction, amounts) -> np.ndarray:
    """Images whose latents are moved along a direction, each by several amounts.

    Args:
        model: A model that encodes and decodes.
        x: Array of shape `(num, *x_domain.shape)`.
        direction: Float array of shape `(latent_dim,)`, or of `(num, latent_dim)` for
            a direction of each image.
        amounts: Sequence of floats; 0 gives the reconstruction, 1 moves by the whole
            direction, and less than 0 moves against it.

    Returns:
        Float32 array of shape `(num, len(amounts), *x_domain.shape)`.
    """
    direction = np.broadcast_to(direction, (len(x), np.shape(direction)[-1]))
    shifts = np.asarray(amounts, np.float32)[:, None] * direction[:, None]
    parts = []
    for first in range(0, len(x), _ROWS_AT_ONCE):
        some = slice(first, first + _ROWS_AT_ONCE)
        moved = np.asarray(model.encode(x[some]))[:, None] + shifts[some]
        parts.append(np.asarray(model.decode(moved.reshape(-1, moved.shape[-1]))))
    return np.concatenate(parts).reshape(len(x), len(amounts), *model.x_domain.shape)


def strips(model, x, direction, amount, num_steps) -> np.ndarray:
    """Rows of images: each image, then edited ones from none of it to the amount.

    Args:
        model: A model that encodes and decodes.
        x: Array of shape `(num, *x_domain.shape)`.
        direction: Float array of shape `(latent_dim,)`.
        amount: Float, that of the last image of a row.
        num_steps: Integer of at least 2, the edited images in a row.

    Returns:
        Float32 array of shape `(num, 1 + num_steps, *x_domain.shape)`.
    """
    check_count(num_steps, "num_steps", 2)
    check_reals(amount=amount)
    row = edited(model, x, direction, np.linspace(0.0, amount, num_steps))
    return np.concatenate([np.asarray(x)[:, None], row], axis=1)
