"""How fast the chain of a model moves between classes of images."""

import numpy as np

from keras_gen.zoo.evaluation.extraction import extractor
from keras_gen.zoo.shelf.recipes import first_examples

_NUM_CHAINS, _NUM_STEPS = 100, 100


def mixing(model, recipe, data, protocol) -> dict:
    """How often the class of the state of a chain changes in 100 steps.

    Chains start at test images. The extractor classifies each state. A chain that stays
    at one image never changes. `without_model` is the number for images that are drawn
    independently, with the classes of the test images.
    """
    num = max(2, min(_NUM_CHAINS, protocol.num_images // 10))
    is_test = protocol.split == "test"
    options = {} if is_test else {"training": False}
    images = first_examples(recipe.data(protocol.split, **options), 10 * num)[0]
    extract = extractor(recipe.extractor)

    def classes_of(images):
        return extract(model.x_domain.to_bytes(images)).probabilities.argmax(axis=-1)

    known = classes_of(images)
    frequencies = np.bincount(known) / len(known)
    states = model.chain(images[:num], _NUM_STEPS, protocol.seed, every=1)
    seen = [known[:num], *map(classes_of, states)]
    changes = np.sum(np.diff(seen, axis=0) != 0, axis=0)
    return {
        "metric": "class changes",
        "value": float(changes.mean()),
        "unit": f"in {_NUM_STEPS} steps",
        "standard_error": float(changes.std(ddof=1) / np.sqrt(num)),
        "without_model": {
            "independent images": _NUM_STEPS * float(1 - np.square(frequencies).sum())
        },
        "protocol": {
            "extractor": extract.name,
            "num_chains": num,
            "steps": _NUM_STEPS,
            **({} if is_test else {"split": protocol.split}),
            "seed": protocol.seed,
        },
    }
