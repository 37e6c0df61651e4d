"""Trains a small DRAW that reads and writes patches of 5 x 5, and shows where.

Prints the bound of one draw on the validation images after each epoch. Writes
`attention.png`: a row for each drawing, the canvas after every glimpse, and on it the
window from the first filter to the last one.

Command: python zoo/draw_binarized_mnist/attention.py
"""

from pathlib import Path

import keras
import numpy as np
from PIL import Image, ImageDraw

from keras_gen.distributions import BernoulliLikelihood
from keras_gen.images import grid, save_png
from keras_gen.models import DRAW
from keras_gen.random import seed_initializers
from keras_gen.zoo.shelf.recipes import load_recipe

EPOCHS, NUM_GLIMPSES, NUM_DRAWINGS, ZOOM = 6, 12, 8, 3


def main():
    recipe = load_recipe("draw_binarized_mnist")
    keras.config.set_dtype_policy(recipe.training_dtype)
    seed_initializers(0)
    model = DRAW(
        recipe.IMAGE_SHAPE,
        BernoulliLikelihood(),
        NUM_GLIMPSES,
        latents_per_glimpse=10,
        units=128,
        read_size=5,
        write_size=5,
        seed=0,
    )
    recipe.prepare(model, recipe.data())
    recipe.compile(model, EPOCHS * 500, learning_rate=3e-3)
    validation = recipe.data("validation")
    model.fit(recipe.data(), epochs=EPOCHS, validation_data=validation, verbose=2)
    save_png(Path(__file__).with_name("attention.png"), picture(model))


def picture(model):
    latents = model.noise(NUM_DRAWINGS, seed=0)
    canvases = model.x_domain.to_bytes(model.canvases(latents).numpy())
    windows = model.windows(latents).numpy()
    cells = [
        framed(canvas, window)
        for drawing, places in zip(canvases, windows, strict=True)
        for canvas, window in zip(drawing, places, strict=True)
    ]
    return grid(np.stack(cells), model.num_glimpses, gap=2)


def framed(canvas, window):
    """A canvas in colour, larger, with the frame of a window."""
    height, width, _ = canvas.shape
    image = Image.fromarray(canvas[..., 0]).convert("RGB")
    image = image.resize((ZOOM * width, ZOOM * height), Image.Resampling.NEAREST)
    top, left, bottom, right = ZOOM * (window + 0.5)
    ImageDraw.Draw(image).rectangle((left, top, right, bottom), outline="red")
    return np.asarray(image)


if __name__ == "__main__":
    main()
