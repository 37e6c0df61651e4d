"""Every public model has a contract, and a class that Keras knows."""

import importlib
import pkgutil

import keras
import pytest
from contracts import CONTRACTS, PhasesContract, contract_of, public_models

import keras_gen.models

MODELS = public_models()
IDS = [model.__name__ for model in MODELS]


@pytest.mark.parametrize("model", MODELS, ids=IDS)
def test_every_public_model_has_a_contract(model):
    contract = contract_of(model)
    assert contract is not None, f"{model.__name__} has no contract test"
    for kind, required in CONTRACTS.items():
        if issubclass(model, kind):
            assert issubclass(contract, required)
    if len(contract().make().phases()) > 1:
        assert issubclass(contract, PhasesContract)


def test_no_model_is_left_out_of_the_public_names():
    found = set()
    for module in pkgutil.walk_packages(keras_gen.models.__path__, "keras_gen.models."):
        if ".base" not in module.name:
            members = vars(importlib.import_module(module.name)).values()
            found |= {
                m for m in members if isinstance(m, type) and issubclass(m, keras.Model)
            }
    # A family may keep an abstract class of its own, which no model registers.
    concrete = {
        m for m in found if m.__module__.split(".")[2] != "base" and is_registered(m)
    }
    assert concrete == set(MODELS)
    abstract = {m for m in found if m.__module__.split(".")[2] != "base"} - concrete
    for model in abstract:
        assert any(issubclass(m, model) for m in MODELS)


def is_registered(model):
    name = f"keras_gen>{model.__name__}"
    return keras.saving.get_registered_object(name) is model


def test_the_package_registers_its_models_with_keras():
    for model in MODELS:
        registered = keras.saving.get_registered_object(f"keras_gen>{model.__name__}")
        assert registered is getattr(keras_gen.models, model.__name__)
