"""Models as files that run without keras_gen: SavedModel and TFLite.

Nothing heavy is imported before it is used, since the processes that convert and check
a file import from here too.
"""

import importlib

__all__ = ["TFLiteReport", "export_saved_model", "export_tflite", "signatures_of"]

_HOMES = {
    "TFLiteReport": "tflite",
    "export_saved_model": "saved_model",
    "export_tflite": "tflite",
    "signatures_of": "signatures",
}


def __getattr__(name):
    if name in _HOMES:
        return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted({*globals(), *_HOMES})
