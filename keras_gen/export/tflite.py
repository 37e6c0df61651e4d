"""Exports models as TFLite files, which run without TensorFlow."""

import hashlib
import importlib.util
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import tensorflow as tf

import keras_gen
from keras_gen.arguments import check_count
from keras_gen.export.parity import (
    ExportReport,
    check_parity,
    compare,
    distance_of,
    probes,
)
from keras_gen.export.saved_model import write_saved_model
from keras_gen.export.signatures import (
    check_float32,
    chosen_of,
    domain_of,
    noise_signature,
    operations_of,
    sha256_of_weights,
    signatures_of,
    traced,
    variables_of,
)
from keras_gen.export.standalone_sampler import sampler_path
from keras_gen.export.writing import check_absent, make_room
from keras_gen.files import written_whole
from keras_gen.models.base import marks_of

# Bytes of a weight.
_PRECISIONS = {"float32": 4, "float16": 2, "int8": 1}
# LiteRT's fast kernels of transposed convolutions need sizes that are known beforehand.
# So a signature with transposed convolutions is also written for blocks of this number
# of rows, in which an image of a DCGAN takes less than half the time.
_BLOCK = 4
_PROBED_IMAGES = 100
_CALIBRATION_IMAGES = 200
# Of a sha256 in hexadecimal.
_DIGITS = 64
_HERE = Path(__file__).parent


def export_tflite(
    model,
    path,
    batch_size=1,
    precision="float32",
    signatures=None,
    overwrite=False,
    extractor=None,
) -> ExportReport:
    """Writes a model as a TFLite file with built-in operations only, and checks it.

    The file has the signatures of `signatures_of()` and draws its noise from seeds. It
    describes itself in `keras_gen.json`, a ZIP member after the model, and ends in the
    sha256 of all bytes before, which `sampler.py` checks. That file is written beside
    it: it draws images with numpy and ai-edge-litert only. The model is converted in a
    separate process, and its file is compared with it in another process that cannot
    import TensorFlow. The file appears only after it has passed.

    Args:
        model: One of `keras_gen.models`, or a functional `keras.Model` of one input and
            one output.
        path: String or path of the file, ending in `.tflite`.
        batch_size: Integer, how many examples the file takes at once; None for any
            number, which not every runtime supports. Signatures with transposed
            convolutions then also exist for blocks of four, as `<name>_4`, which is
            faster.
        precision: "float32"; "float16", half the size, with rounded weights; or "int8",
            a quarter of the size, for models that draw an image in one pass of a
            network. In "int8" weights and activations have 256 levels, calibrated with
            noise.
        signatures: Sequence of names. Defaults to all. "int8" has only
            `serving_default`, and `noise`, which computes its input from pairs (seed,
            row).
        overwrite: Boolean, whether to replace an existing file, and a different
            `sampler.py` beside it.
        extractor: Optional `keras_gen.metrics.FeatureExtractor`. If given, the report
            has the Fréchet distance between samples of the file and of the model.

    Returns:
        `ExportReport`.

    Raises:
        ValueError: If an argument is wrong, the model does not compute in float32 or
            needs an operation that is not built in, or the file fails its checks.
        OSError: If it cannot be written, for instance because the disk is full.
        ImportError: If ai-edge-litert, of the extra `export`, is not installed.
    """
    if importlib.util.find_spec("ai_edge_litert") is None:
        raise ImportError(
            "TFLite files are checked with ai-edge-litert: pip install "
            "'keras-gen[export]'"
        )
    path = Path(path)
    if path.suffix != ".tflite":
        raise ValueError(f"`path` must end in .tflite. Received: {str(path)!r}")
    if batch_size is not None:
        check_count(batch_size, "batch_size", 1)
    check_float32(model)
    chosen = _chosen(model, precision, signatures)
    if extractor is not None and not {"sample", "noise"} & chosen.keys():
        raise ValueError(
            "`extractor` must be left out for a file without samples. Received one for "
            f"the signatures {list(chosen)}"
        )
    check_absent(path, overwrite, "path")
    if path.is_dir():
        raise ValueError(f"`path` must be a file. Received a folder: {str(path)!r}")
    _check_sampler(path, overwrite)
    make_room(path.parent)
    with (
        written_whole(path) as partial,
        # Named like the unfinished file, so that a later export removes both.
        tempfile.TemporaryDirectory(
            prefix=f"{partial.name}-", dir=path.parent.absolute()
        ) as folder,
    ):
        folder = Path(folder)
        stated = _convert(model, chosen, batch_size, precision, folder, partial)
        metadata = _metadata(model, path, batch_size, precision, stated)
        with zipfile.ZipFile(partial, "a") as attached:
            # Without a date, so that a model always gives the same file.
            member = zipfile.ZipInfo("keras_gen.json")
            attached.writestr(member, json.dumps(metadata, indent=1))
            # The file ends in its sha256, as the comment of the ZIP archive.
            attached.comment = bytes(_DIGITS)
        _seal(partial)
        parity = _parity(model, chosen, folder, partial)
        check_parity(model, precision, parity)
    sampler = path.with_name("sampler.py")
    if not sampler.exists() or overwrite:
        with written_whole(sampler) as partial:
            shutil.copyfile(sampler_path(), partial)
    names = {
        name: (list(s["inputs"]), list(s["outputs"])) for name, s in stated.items()
    }
    distance = None
    if extractor is not None:
        distance = distance_of(model, _opened(path).sample, extractor)
    return ExportReport(path, path.stat().st_size, names, parity, distance)


def _chosen(model, precision, names):
    """The signatures to write, as a dict."""
    known = signatures_of(model)
    if precision not in _PRECISIONS:
        raise ValueError(
            f"`precision` must be one of {', '.join(_PRECISIONS)}. Received: "
            f"{precision!r}"
        )
    if precision == "int8":
        if "sample" not in marks_of(model) or model.compiled_sampling:
            raise ValueError(
                "`precision` can be 'int8' only for models that draw an image in one "
                f"pass of a network. Received one for {type(model).__name__}."
            )
        # Noise would lose its tails on 256 levels, so it is drawn in float32.
        default = known["serving_default"]
        known = {"serving_default": default, "noise": noise_signature(model)}
        if names is not None:
            raise ValueError(
                f"`signatures` must be left out in int8, which has {', '.join(known)}. "
                f"Received: {names}"
            )
    return chosen_of(known, names)


def _check_sampler(path, overwrite):
    beside = path.with_name("sampler.py")
    if overwrite or not beside.exists():
        return
    if beside.read_bytes() != sampler_path().read_bytes():
        raise ValueError(
            f"`path` must stand where `sampler.py` may be written: {str(beside)!r} is "
            "another one. Choose another folder, or `overwrite`."
        )


def _convert(model, signatures, batch_size, precision, folder, path):
    """Writes the file and returns the descriptions of its signatures."""
    functions = {name: traced(found, batch_size) for name, found in signatures.items()}
    blocks = {
        f"{name}_{_BLOCK}": traced(signatures[name], _BLOCK)
        for name, function in functions.items()
        if batch_size is None
        # Eight bits are calibrated for one signature.
        and precision != "int8"
        and "Conv2DBackpropInput" in operations_of(function)
    }
    written = functions | blocks
    module = tf.Module()
    module.weights = variables_of(written.values())
    write_saved_model(module, written, folder / "saved_model", debug_info=True)
    job = {
        "saved_model": str(folder / "saved_model"),
        "signatures": list(written),
        "precision": precision,
        "out": str(folder / "model.tflite"),
    }
    if precision == "int8":
        job["calibration"] = str(folder / "calibration.npz")
        np.savez(job["calibration"], **_draws(model, batch_size or 1))
    (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")
    done = _run("conversion.py", folder / "job.json")
    if done.returncode:
        raise ValueError(_why_not(folder / "model.tflite.json", done))
    shutil.copyfile(job["out"], path)
    weights = sum(math.prod(v.shape) for v in variables_of(functions.values()))
    if path.stat().st_size < weights * _PRECISIONS[precision]:
        raise ValueError(
            f"The converted file lacks weights: {path.stat().st_size} bytes for "
            f"{weights} numbers in {precision}."
        )
    return {
        name: {
            "inputs": _stated(signatures[name].inputs, batch_size),
            "outputs": _stated(function.structured_outputs, batch_size),
            **({"block": _BLOCK} if f"{name}_{_BLOCK}" in blocks else {}),
        }
        for name, function in functions.items()
    }


def _stated(tensors, batch_size):
    return {
        name: {"shape": [batch_size, *tensor.shape[1:]], "dtype": tensor.dtype.name}
        for name, tensor in tensors.items()
    }


def _draws(model, batch_size):
    """Random batches of the inputs of `serving_default`."""
    num = -(-_CALIBRATION_IMAGES // batch_size) * batch_size
    inputs = probes(model, ["serving_default"], num)["serving_default"].inputs
    return {
        name: values.reshape(-1, batch_size, *values.shape[1:])
        for name, values in inputs.items()
    }


def _why_not(report, done):
    """The reason why a conversion failed, in one sentence."""
    if not report.exists():
        return (
            f"The converter ended with code {done.returncode}, without a reason: "
            f"{done.stderr[-500:]}"
        )
    failure = json.loads(report.read_text(encoding="utf-8"))
    needed = [
        f"{reason['operation']} (from {reason['line'] or 'an unknown line'})"
        for reason in failure["reasons"]
    ]
    if not needed:
        return f"The conversion to TFLite failed: {failure['message'][:500]}"
    needed = ", ".join(dict.fromkeys(needed))
    return f"`model` needs operations that are no built-ins of TFLite: {needed}"


def _metadata(model, path, batch_size, precision, stated):
    return {
        "name": path.stem,
        "model": type(model).__name__,
        "keras_gen": keras_gen.__version__,
        "precision": precision,
        "batch_size": batch_size,
        "x": _described(model, "x"),
        "y": _described(model, "y"),
        "mask": _described(model, "mask"),
        "weights_sha256": sha256_of_weights(model),
        "signatures": stated,
    }


def _seal(path):
    """Writes the sha256 of a file into its last bytes, which do not count."""
    with open(path, "rb+") as file:
        left, digest = path.stat().st_size - _DIGITS, hashlib.sha256()
        while left:
            piece = file.read(min(left, 2**20))
            digest.update(piece)
            left -= len(piece)
        # Between reading and writing.
        file.seek(-_DIGITS, 2)
        file.write(digest.hexdigest().encode())


def _described(model, name):
    """A domain of a model as JSON, or None."""
    domain = domain_of(model, name)
    if domain is None:
        return None
    return {"class": type(domain).__name__, **domain.get_config()}


def _parity(model, signatures, folder, path):
    """Runs the file without TensorFlow and compares it with the model."""
    expected = probes(model, signatures, _PROBED_IMAGES)
    inputs = {
        f"{signature}/{name}": values
        for signature, probe in expected.items()
        for name, values in probe.inputs.items()
    }
    inputs_path, outputs = folder / "inputs.npz", folder / "outputs.npz"
    np.savez(inputs_path, **inputs)
    done = _run("litert.py", sampler_path(), path.absolute(), inputs_path, outputs)
    if done.returncode:
        reason = done.stderr.strip().splitlines()[-1:]
        raise ValueError(f"The file does not run in LiteRT: {' '.join(reason)}")
    with np.load(outputs) as found:
        return {
            signature: compare(
                probe, {name: found[f"{signature}/{name}"] for name in probe.outputs}
            )
            for signature, probe in expected.items()
        }


def _opened(path):
    """A file as its `Sampler`."""
    spec = importlib.util.spec_from_file_location("sampler", sampler_path())
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Sampler(path)


def _run(script, *arguments):
    """Runs a script of this folder in a separate process, which ends with this one."""
    command = [_HERE / "child.py", _HERE / script, *arguments]
    command = [sys.executable, "-P", *map(str, command)]
    # Nothing is written: its end closes with this process.
    reading, writing = os.pipe()
    try:
        return subprocess.run(
            command, stdin=reading, capture_output=True, text=True, check=False
        )
    finally:
        os.close(reading)
        os.close(writing)
