"""Sets the entry beside its networks before training: what its codes know.

Prints the accuracy of the nearest neighbour by codes, and the squared errors of the
reconstruction to the image and to another image, of the test images. Writes
`reconstructions.png`.

Command: python zoo/bigan_mnist/inversion.py
"""

from pathlib import Path

import numpy as np

from keras_gen import zoo
from keras_gen.images import grid, save_png
from keras_gen.random import seed_initializers
from keras_gen.zoo.evaluation.evaluate import measure
from keras_gen.zoo.evaluation.protocol import full_protocol
from keras_gen.zoo.shelf.recipes import first_examples, load_recipe


def main():
    recipe = load_recipe("bigan_mnist")
    seed_initializers(0)
    models = {"untrained": recipe.model(), "trained": zoo.load("bigan_mnist")}
    (x,) = first_examples(recipe.data("test"), 10_000)
    for name, model in models.items():
        found = measure(model, recipe, ["neighbours"], full_protocol(recipe))
        reconstructions = model.predict(x, batch_size=500, verbose=0)
        own, other = (
            float(np.square(reconstructions - y).sum(axis=(1, 2, 3)).mean())
            for y in (x, np.roll(x, 1, axis=0))
        )
        print(
            f"{name}: nearest neighbour {found['neighbours']['value']:.2f} %, squared "
            f"error {own:.2f}, to another image {other:.2f}, ratio {own / other:.3f}"
        )
    both = models["trained"].x_domain.to_bytes(
        np.concatenate([x[:20], reconstructions[:20]])
    )
    rows = both.reshape(2, 2, 10, *both.shape[1:]).swapaxes(0, 1)
    picture = grid(rows.reshape(both.shape), 10)
    save_png(Path(__file__).with_name("reconstructions.png"), picture)


if __name__ == "__main__":
    main()
