"""A zoo of deep generative models for Keras 3 on TensorFlow.

Nothing heavy is imported before it is used: `keras_gen.zoo`, `keras_gen.models` and the
other rooms load on first access, so that the command line answers at once and the
networks import without TensorFlow. Import `keras_gen.models` before
`keras.saving.load_model` opens a saved model, so that its class is known.
"""

import importlib

__version__ = "0.1.0"

_ROOMS = (
    "callbacks",
    "datasets",
    "distributions",
    "export",
    "images",
    "latents",
    "layers",
    "losses",
    "metrics",
    "models",
    "networks",
    "random",
    "serving",
    "zoo",
)


def __getattr__(name):
    if name in _ROOMS:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted([*_ROOMS, "__version__"])
