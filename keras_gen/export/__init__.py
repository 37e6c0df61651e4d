"""Exports models as files that run without keras_gen: SavedModel, TFLite and ONNX.

Nothing heavy is imported before it is used.
"""

from keras_gen.lazy import lazy_names

__all__ = [
    "ExportReport",
    "Parity",
    "export_onnx",
    "export_saved_model",
    "export_tflite",
    "saved_model_report",
    "signatures_of",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "ExportReport": "parity",
        "Parity": "parity",
        "export_onnx": "onnx_files",
        "export_saved_model": "saved_model",
        "export_tflite": "tflite",
        "saved_model_report": "parity",
        "signatures_of": "signatures",
    },
)
