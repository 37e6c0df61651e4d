"""MADE of statically binarized MNIST, from the training images alone.

The same network as the entry's, without a teacher.

Command: keras-gen train zoo/made_binarized_mnist/from_images.py
"""

from keras_gen import datasets
from keras_gen.zoo.shelf.recipes import load_recipe

_entry = load_recipe("made_binarized_mnist")

epochs = 25
validation = _entry.validation
binarization = _entry.binarization
paper = _entry.paper
model = _entry.model
compile = _entry.compile


def data(split="train", source=_entry.DATASET, batch_size=100, **options):
    return datasets.load(
        source, split, image_shape=_entry.IMAGE_SHAPE, batch_size=batch_size, **options
    )
