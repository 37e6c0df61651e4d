"""The numbers of `entry_numbers.json` are found again, by their own weights alone.

Samples of models of sites are no part of them, so nothing is compiled by XLA.
"""

import importlib.util
import inspect
from pathlib import Path

import numpy as np
import pytest

from keras_gen import zoo
from keras_gen.datasets.sources import find_set
from keras_gen.zoo.shelf.recipes import load_recipe

_SPEC = importlib.util.spec_from_file_location(
    "numbers_of_entries", Path(__file__).with_name("entry_numbers.py")
)
numbers = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(numbers)

STORED = numbers.stored()


#: An entry of each kind, whose weights are disturbed too.
DISTURBED = (
    "classifier_mnist",
    "denoising_autoencoder_mnist",
    "gan_mnist",
    "made_binarized_mnist",
    "pixel_cnn_binarized_mnist",
    "vae_2d_mnist",
)


def same(value):
    # Rounding changes the sixth digit.
    return pytest.approx(value, rel=5e-5)


def test_every_entry_has_its_numbers():
    assert sorted(STORED) == sorted(zoo.names()), (
        "run python tests/zoo/entry_numbers.py NAME"
    )


@pytest.mark.parametrize("name", zoo.names())
def test_the_numbers_are_found_again(name):
    recipe = load_recipe(name)
    source = inspect.signature(recipe.data).parameters["source"].default
    if find_set(source) is None:
        pytest.skip(f"needs {source} in TFDS_DATA_DIR, which is not in the package")
    model = zoo.load(name)
    assert numbers.numbers_of(model, recipe) == same(STORED[name])
    if name in DISTURBED:
        disturb(model)
        assert numbers.numbers_of(model, recipe) != same(STORED[name])


def disturb(model):
    """Changes each weight by 2% of itself, up or down."""
    generator = np.random.default_rng(0)
    for weight in model.trainable_weights:
        noise = generator.normal(size=tuple(weight.shape)).astype(np.float32)
        weight.assign(weight * (1.0 + 0.02 * noise))
