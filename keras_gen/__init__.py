"""A zoo of deep generative models for Keras 3 on TensorFlow.

Nothing heavy is imported before it is used: `keras_gen.zoo`, `keras_gen.models` and the
other names load on first access. So the command line starts fast, and the networks
import without TensorFlow. Import `keras_gen.models` before you load a saved model with
`keras.saving.load_model`, so that Keras knows its class.
"""

import importlib

__version__ = "0.1.0"

__all__ = [
    "callbacks",
    "datasets",
    "distributions",
    "domains",
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
]


def __getattr__(name):
    if name in __all__:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return [*__all__, "__version__"]
