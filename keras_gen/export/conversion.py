"""Converts a SavedModel to TFLite, in a separate process: the converter can crash.

    python conversion.py JOB.json

The job names `saved_model`, `signatures`, `precision`, `out` and, to calibrate int8,
`calibration`: an npz file with batches of each input of `serving_default`. Signatures
without calibration are not quantized. If the conversion fails, the file `out` + `.json`
holds the reason.
"""

import itertools
import json
import sys
from pathlib import Path

import numpy as np
import tensorflow as tf
from tensorflow.lite.python.convert_phase import ConverterError


def convert(saved_model, signatures, precision, out, calibration=None):
    """Writes the TFLite file `out`."""
    converter = tf.lite.TFLiteConverter.from_saved_model(
        saved_model, signature_keys=signatures
    )
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    if precision != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if precision == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if precision == "int8":
        converter.representative_dataset = lambda: _calibration(calibration)
    Path(out).write_bytes(converter.convert())


def _calibration(path):
    """Yields pairs of a signature and a batch of its inputs."""
    with np.load(path) as arrays:
        batches = dict(arrays)
    for batch in zip(*batches.values(), strict=True):
        yield "serving_default", dict(zip(batches, batch, strict=True))


def _reasons(error):
    """The operations that the converter cannot write, and their lines of code."""
    reasons = []
    for detail in error.errors:
        # First come the lines of the operation, from the outermost in; only the first
        # line has its name. The lines of functions around it follow in the same way.
        calls = list(detail.location.call)
        lines = itertools.takewhile(lambda call: not call.name, calls[1:])
        sources = [call.source for call in (*calls[:1], *lines) if call.source.filename]
        line = f"{sources[-1].filename}:{sources[-1].line}" if sources else None
        reasons.append({"operation": detail.operator.name, "line": line})
    return reasons


if __name__ == "__main__":
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    try:
        convert(**job)
    except ConverterError as error:
        report = {"reasons": _reasons(error), "message": str(error)}
        Path(job["out"] + ".json").write_text(json.dumps(report), encoding="utf-8")
        sys.exit(1)
