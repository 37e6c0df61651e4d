"""The chain of binarized MNIST without walkback: the network of the entry.

It passes through the network as often as the entry does, so it has more epochs.

Command: keras-gen train zoo/denoising_chain_binarized_mnist/without_walkback.py
"""

import functools

from keras_gen.zoo.shelf.recipes import load_recipe

_entry = load_recipe("denoising_chain_binarized_mnist")

epochs = 3 * _entry.epochs
validation = _entry.validation
extractor = _entry.extractor
binarization = _entry.binarization
model = functools.partial(_entry.model, walkback_steps=1)
data = _entry.data
compile = _entry.compile
picture = _entry.picture
