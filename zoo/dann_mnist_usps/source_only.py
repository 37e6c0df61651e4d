"""The networks of `dann_mnist_usps` without adaptation: no gradient is reversed.

Command: keras-gen train zoo/dann_mnist_usps/source_only.py
"""

from keras_gen.zoo.shelf.recipes import load_recipe

_entry = load_recipe("dann_mnist_usps")

epochs = _entry.epochs
model, data, picture = _entry.model, _entry.data, _entry.picture


def compile(model, steps, learning_rate=0.01):
    _entry.compile(model, steps, learning_rate)
    model.reversal = 0.0
