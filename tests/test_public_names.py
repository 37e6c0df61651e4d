"""Completion shows what is public, and each public name is there."""

import importlib

import pytest

import keras_gen
import keras_gen.models
from keras_gen import zoo

ROOMS = [
    *("callbacks", "datasets", "distributions", "export", "layers", "losses"),
    *("metrics", "models", "models.base", "networks", "serving", "zoo"),
]


def shown(module):
    return [name for name in dir(module) if not name.startswith("_")]


@pytest.mark.parametrize("module", [keras_gen, zoo], ids=["keras_gen", "zoo"])
def test_completion_shows_public_names_alone(module):
    # Whatever was imported on the way, such as `keras_gen.arguments`.
    assert shown(module) == sorted(module.__all__)


@pytest.mark.parametrize("room", ROOMS)
def test_every_public_name_is_there(room):
    module = importlib.import_module(f"keras_gen.{room}")
    for name in module.__all__:
        assert getattr(module, name) is not None
