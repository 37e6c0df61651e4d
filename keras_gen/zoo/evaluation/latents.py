"""What latents and categories know of the classes of images."""

import numpy as np

from keras_gen.metrics import nearest_neighbours, principal_components
from keras_gen.models.base.batches import in_batches
from keras_gen.zoo.evaluation.measures import flat, latents_of, share
from keras_gen.zoo.shelf.recipes import first_examples

#: Training images among which a neighbour is searched, also by the quick protocol: with
#: fewer of them the neighbour is farther away.
NUM_REFERENCES = 10_000
_ROWS_AT_ONCE = 500


def neighbours(model, recipe, data, protocol) -> dict:
    """The percentage of images that have the label of their nearest training image.

    Images are compared by their latents. `without_model` has the percentages by as many
    principal components of the training images, and by the pixels.
    """
    (known, labels), (x, expected), stated = _known_and_unknown(recipe, protocol)

    def hits(references, codes):
        nearest = nearest_neighbours(codes, references).indices[:, 0]
        return labels[nearest] == expected

    pixels = flat(known), flat(x)
    latents = latents_of(model, known), latents_of(model, x)
    components = components_of(known, latents[0].shape[1])
    return {
        "metric": "accuracy of the nearest neighbour",
        **share(hits(*latents)),
        "without_model": {
            "principal components": 100 * float(hits(*map(components, pixels)).mean()),
            "pixels": 100 * float(hits(*pixels).mean()),
        },
        "protocol": {**stated, "latents": latents[0].shape[1]},
    }


def categories(model, recipe, data, protocol) -> dict:
    """The percentage of images whose category is the one that their label has.

    The category of an image is the most probable one by `codes()`. Each category stands
    for the label that most of its training images have, so several may stand for one;
    `labels` are those of the categories in turn, and -1 is that of a category without
    images.
    """
    (known, labels), (x, expected), stated = _known_and_unknown(recipe, protocol)

    def categories_of(images):
        codes = in_batches(model.codes, {"x": images}, _ROWS_AT_ONCE)
        return codes[:, : model.num_categories].argmax(axis=1)

    counts = np.zeros((model.num_categories, recipe.num_classes), int)
    np.add.at(counts, (categories_of(known), labels), 1)
    stands_for = np.where(counts.sum(axis=1), counts.argmax(axis=1), -1)
    return {
        "metric": "accuracy of the category",
        **share(stands_for[categories_of(x)] == expected),
        "labels": stands_for.tolist(),
        "protocol": stated,
    }


def _known_and_unknown(recipe, protocol):
    """Training examples and others, each with labels, and what a protocol states."""
    split = protocol.split
    if split != "test":
        # Other images than the references.
        split = f"train[-{protocol.num_images}:]"
    num = NUM_REFERENCES
    known = first_examples(labelled(recipe, f"train[:{num}]"), num)
    unknown = first_examples(labelled(recipe, split), protocol.num_images)
    return (
        known,
        unknown,
        {
            "num_images": len(unknown[0]),
            "num_references": len(known[0]),
            **({} if split == "test" else {"split": split}),
        },
    )


def labelled(recipe, split, **options):
    """Batches of `(x, labels)` of a split, or of `x` alone if there are no labels."""
    data = recipe.data(split, training=False, **options)
    spec = data.element_spec
    if isinstance(spec, tuple) or not getattr(data, "class_names", None):
        return data
    return recipe.data(split, training=False, labels=True, **options)


def components_of(x, num):
    """A function from flat examples to their coordinates by components of `x`."""
    size = flat(x).shape[1]
    return principal_components(flat(x), min(num, size)).encode
