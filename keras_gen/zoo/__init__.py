"""The pretrained models: list, load, train, evaluate.

`names()` and `info()` answer without importing TensorFlow.
"""

import importlib

from keras_gen.zoo.catalog import info, names

__all__ = [
    "QUICK",
    "Protocol",
    "evaluate",
    "extractor",
    "info",
    "load",
    "mirrored",
    "multiworker",
    "names",
    "train",
]

_HOMES = {
    "Protocol": "evaluation",
    "QUICK": "evaluation",
    "evaluate": "evaluation",
    "extractor": "extraction",
    "load": "loading",
    "mirrored": "strategies",
    "multiworker": "strategies",
    "train": "training",
}


def __getattr__(name):
    if name in _HOMES:
        return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted({*globals(), *_HOMES})
