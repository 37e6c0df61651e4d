"""Completion shows what is public, and each public name is there."""

import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import keras_gen
import keras_gen.models
from keras_gen import zoo

ROOMS = [
    *("callbacks", "datasets", "distributions", "export", "layers", "losses"),
    *("compression", "metrics", "models", "models.base", "networks", "serving", "zoo"),
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


# Losses, layers and these methods return tensors of any backend, which share no type.
STATED = [
    room for room in ROOMS if room not in ("datasets", "layers", "losses", "serving")
]
STATED += ["domains", "images", "latents", "random", "schedules"]
OF_ANY_BACKEND = {"bytes_of", "cast", "from_levels", "to_levels"}


def functions_of(value):
    """The functions behind a public name, by name; a method with those it overrides."""
    if inspect.isfunction(value):
        return {value.__name__: [value]}
    found = {}
    for cls in value.__mro__ if inspect.isclass(value) else ():
        for name, member in vars(cls).items():
            for wrapped in ("fget", "__func__", "python_function"):
                member = getattr(member, wrapped, None) or member
            own = getattr(member, "__qualname__", "") == f"{cls.__name__}.{name}"
            if own and cls.__module__.startswith("keras_gen.") and name[0] != "_":
                found.setdefault(name, []).append(member)
    return {name: found[name] for name in found.keys() - OF_ANY_BACKEND}


@pytest.mark.parametrize("room", STATED)
def test_public_functions_state_what_they_return(room):
    module = importlib.import_module(f"keras_gen.{room}")
    own = [n for n, v in vars(module).items() if inspect.getmodule(v) is module]
    own = [name for name in own if not name.startswith("_")]
    names = getattr(module, "__all__", own)
    public = {name: functions_of(getattr(module, name)) for name in names}
    assert any(public.values())
    assert not [
        f"{name}: {function}"
        for name, functions in public.items()
        for function, overridden in functions.items()
        if not any("return" in one.__annotations__ for one in overridden)
    ]


def test_with_the_models_everything_that_is_saved_is_known():
    package = Path(keras_gen.__file__).parent
    saved = [
        ".".join(("keras_gen", *path.relative_to(package).with_suffix("").parts))
        for path in package.rglob("*.py")
        if "register_keras_serializable" in path.read_text(encoding="utf-8")
    ]
    assert "keras_gen.schedules" in saved
    code = f"import sys, keras_gen.models; print(set({saved}) - set(sys.modules))"
    run = [sys.executable, "-c", code]
    found = subprocess.run(run, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"
