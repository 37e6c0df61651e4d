"""Every public model keeps the promises, also in a process of its own."""

import importlib
import json
import pkgutil
import subprocess
import sys

import keras
import numpy as np
import pytest
from contracts import CONTRACTS, contract_of, public_models

import keras_gen.models

MODELS = public_models()
IDS = [model.__name__ for model in MODELS]

LOAD = """
import json, sys
import keras, numpy as np
import keras_gen.models
for name in json.loads(sys.argv[2]):
    folder = f"{sys.argv[1]}/{name}"
    model = keras.saving.load_model(f"{folder}/model.keras")
    inputs = tuple(np.load(f"{folder}/inputs.npz").values())
    outputs = model.predict(inputs if len(inputs) > 1 else inputs[0], verbose=0)
    optimizer = [np.array(v) for v in model.optimizer.variables]
    np.savez(f"{folder}/loaded.npz", outputs, *optimizer)
"""


@pytest.mark.parametrize("model", MODELS, ids=IDS)
def test_every_public_model_has_a_contract(model):
    contract = contract_of(model)
    assert contract is not None, f"{model.__name__} has no contract test"
    for kind, required in CONTRACTS.items():
        if issubclass(model, kind):
            assert issubclass(contract, required)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """What a fresh process gets from the saved models, and what it should get."""
    folder = tmp_path_factory.mktemp("saved")
    expected = {}
    for model_class in MODELS:
        contract = contract_of(model_class)()
        model = contract.fresh()
        model.fit(contract.data(), verbose=0)
        place = folder / model_class.__name__
        place.mkdir()
        model.save(place / "model.keras")
        inputs = contract.inputs(5)
        np.savez(
            place / "inputs.npz", *(inputs if isinstance(inputs, tuple) else (inputs,))
        )
        expected[model_class.__name__] = [
            model.predict(inputs, verbose=0),
            *(np.array(variable) for variable in model.optimizer.variables),
        ]
    names = json.dumps(list(expected))
    subprocess.run([sys.executable, "-c", LOAD, str(folder), names], check=True)
    return {
        name: (arrays, list(np.load(folder / name / "loaded.npz").values()))
        for name, arrays in expected.items()
    }


@pytest.mark.parametrize("name", IDS)
def test_saved_models_load_in_a_fresh_process(loaded, name):
    expected, found = loaded[name]
    assert len(expected) > 3
    for a, b in zip(expected, found, strict=True):
        np.testing.assert_array_equal(a, b)


def test_no_model_is_left_out_of_the_public_names():
    found = set()
    for module in pkgutil.walk_packages(keras_gen.models.__path__, "keras_gen.models."):
        if ".base" not in module.name:
            members = vars(importlib.import_module(module.name)).values()
            found |= {
                m for m in members if isinstance(m, type) and issubclass(m, keras.Model)
            }
    concrete = {m for m in found if m.__module__.split(".")[2] != "base"}
    assert concrete == set(MODELS)


def test_the_package_registers_its_models_with_keras():
    for model in MODELS:
        registered = keras.saving.get_registered_object(f"keras_gen>{model.__name__}")
        assert registered is getattr(keras_gen.models, model.__name__)
