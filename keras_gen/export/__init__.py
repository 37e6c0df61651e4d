"""Models as files that run without keras_gen: SavedModel and TFLite.

Nothing heavy is imported before it is used.
"""

import importlib

__all__ = [
    "ExportReport",
    "Parity",
    "export_saved_model",
    "export_tflite",
    "saved_model_report",
    "signatures_of",
]

_HOMES = {
    "ExportReport": "parity",
    "Parity": "parity",
    "export_saved_model": "saved_model",
    "export_tflite": "tflite",
    "saved_model_report": "parity",
    "signatures_of": "signatures",
}


def __getattr__(name):
    if name in _HOMES:
        return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted({*globals(), *_HOMES})
