"""How near edited images come to how they should look.

Data with counterfactuals have pairs of images that differ in one attribute alone. The
first image is edited to have what the second one has.
"""

import numpy as np

from keras_gen.latents import attribute_vector
from keras_gen.zoo.attributes import edited, known_latents, label_keys_of
from keras_gen.zoo.evaluation import measures
from keras_gen.zoo.shelf.recipes import first_examples

_UNIT = "squared pixel values an image"


def counterfactuals(model, recipe, data, protocol) -> dict:
    """The squared error of edited images to their counterfactuals.

    An image of class `a` whose counterfactual has class `b` is moved by the difference
    of the mean latents of the training images of both classes.

    Returns:
        A result whose value is the error of the edited images for the first attribute
        of the recipe, summed over an image. `edits` holds for each attribute the error,
        with its standard error over the pairs, of `edited`, the decoded latents; of
        `change_added`, the image plus the change of the decoded latents, which keeps
        what a reconstruction loses; of `unedited`, the image as it is; and of `floor`,
        the reconstruction of the counterfactual.
    """
    keys = label_keys_of(recipe)
    latents, classes = known_latents(model, recipe, keys)
    edits, sizes = {}, []
    for key in keys:
        pairs = recipe.counterfactuals(key, protocol.split)
        (x, before), (truth, after) = (
            first_examples(part, protocol.num_images) for part in pairs
        )
        names = np.array(pairs[0].class_names)
        directions = np.empty((len(x), latents.shape[1]), np.float32)
        for a, b in np.unique(np.stack([before, after], axis=1), axis=0):
            known = np.isin(classes[key], names[[a, b]])
            is_after = classes[key][known] == names[b]
            both = (before == a) & (after == b)
            directions[both] = attribute_vector(latents[known], is_after)
        plain, moved = np.swapaxes(edited(model, x, directions, (0.0, 1.0)), 0, 1)
        guesses = {
            "edited": moved,
            "change_added": np.clip(x + moved - plain, *model.x_domain.bounds),
            "unedited": x,
            "floor": np.asarray(model.reconstruct(truth)),
        }
        edits[key.rpartition("/")[2]] = {
            name: measures.mean_of(_errors(guess, truth), _UNIT)
            for name, guess in guesses.items()
        }
        sizes.append(len(x))
    first = next(iter(edits.values()))
    return {
        "metric": "squared error of edited images to their counterfactuals",
        **first["edited"],
        "without_model": {"unedited": first["unedited"]["value"]},
        "edits": edits,
        "protocol": {
            "num_pairs": sizes,
            "num_training_images": len(latents),
            **measures.split_of(protocol),
        },
    }


def _errors(guesses, truth):
    squares = np.square(guesses - truth, dtype=np.float64)
    return squares.reshape(len(truth), -1).sum(axis=1)
