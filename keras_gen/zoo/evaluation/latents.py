"""What latents keep of the classes of images, beside other codes of the same size."""

from keras_gen.metrics import nearest_neighbours, principal_components
from keras_gen.zoo.evaluation.measures import flat, latents_of, share
from keras_gen.zoo.shelf.recipes import first_examples

#: Training images among which a neighbour is searched, also by the quick protocol: with
#: fewer of them the neighbour is farther away.
NUM_REFERENCES = 10_000


def neighbours(model, recipe, data, protocol) -> dict:
    """The percentage of images that have the label of their nearest training image.

    Images are compared by their latents. `without_model` has the percentages by as many
    principal components of the training images, and by the pixels.
    """
    split = protocol.split
    if split != "test":
        # Other images than the references.
        split = f"train[-{protocol.num_images}:]"
    num = NUM_REFERENCES
    known, labels = first_examples(labelled(recipe, f"train[:{num}]"), num)
    x, expected = first_examples(labelled(recipe, split), protocol.num_images)

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
        "protocol": {
            "num_images": len(x),
            "num_references": len(known),
            "latents": latents[0].shape[1],
            **({} if split == "test" else {"split": split}),
        },
    }


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
