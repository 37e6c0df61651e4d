"""The network of the entry, trained by the distance to the truth alone.

Command: keras-gen train zoo/pix2pix_openmoji/distance_alone.py
"""

import functools

from keras_gen.zoo.shelf.recipes import load_recipe

_entry = load_recipe("pix2pix_openmoji")

epochs = _entry.epochs
validation = _entry.validation
model = functools.partial(_entry.model, adversarial_weight=0.0)
data = _entry.data
pairs = _entry.pairs
compile = _entry.compile
