"""Errors of the classifier of the entry with 100 labels and no image beside them.

For each of the five draws of labels it learns from latents, as in the entry, and from
the pixels of the same images.

Command: python zoo/semi_supervised_vae_mnist/labels_alone.py FILE

It writes the percentages of wrong test images as JSON.
"""

import sys

import keras
import numpy as np

from keras_gen.files import write_json
from keras_gen.random import seed_initializers
from keras_gen.zoo.shelf.recipes import first_examples, load_recipe

RECIPE = load_recipe("semi_supervised_vae_mnist")
NUM_DRAWS, BATCH_SIZE, EPOCHS = 5, 100, 5


def known_examples(data):
    """The examples with a label, each as often as in an epoch of the entry."""
    x, labels = first_examples(data, 100_000)
    return x[labels >= 0], labels[labels >= 0]


def error_of(x, labels, test, seed):
    """The percentage of wrong test images after 305 updates."""
    seed_initializers(seed)
    model = RECIPE.classifier(x.shape[1:])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(1e-3), loss)
    model.fit(x, labels, BATCH_SIZE, EPOCHS, shuffle=False, verbose=0)
    chosen = model.predict(test[0], 1000, verbose=0).argmax(axis=1)
    return round(100 * float(np.mean(chosen != test[1])), 2)


def errors():
    """Percentages of wrong test images: lists by draw, for latents and for pixels."""
    sources = {
        "latents": RECIPE.data,
        "pixels": lambda split, **options: RECIPE.images_of(
            split, "mnist", 500, split == "train", **options
        ),
    }
    found = {}
    for name, data in sources.items():
        test = first_examples(data("test"), 10_000)
        draws = (known_examples(data("train", seed=n)) for n in range(NUM_DRAWS))
        found[name] = [error_of(*known, test, n) for n, known in enumerate(draws)]
    return found


if __name__ == "__main__":
    write_json(sys.argv[1], errors())
