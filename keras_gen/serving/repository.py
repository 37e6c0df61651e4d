"""The folder that a server reads: exported models, and settings for each signature."""

import json
import pickle
import subprocess
import sys
from pathlib import Path

from keras_gen.serving.requests import DATATYPES
from keras_gen.serving.settings import (
    PLATFORMS,
    Signature,
    model_of_settings,
    read_settings,
    remove_settings,
    write_settings,
)
from keras_gen.zoo.shelf import catalog
from keras_gen.zoo.shelf.loading import label_of, weights_sha256

_EXPORTER = Path(__file__).with_name("exporter.py")
# Rows of a request, and of a batch of requests.
_MAX_ROWS = 64
_MAX_SEED = 2**31 - 1
# Beyond these, site probabilities are 0 and 1, or all alike, to seven digits.
_TEMPERATURES = (1e-3, 1e3)


def write_repository(names, folder, format="tflite", overwrite=False, in_process=True):
    """Exports models into a folder from which they are served.

    Each signature is served under its own name. The main signature, `sample` or else
    `serving_default`, is `<model>`; the others are `<model>-<signature>`. Models that
    are in the folder already are kept.

    Args:
        names: Sequence of names of entries, paths of saved models or run folders, or
            names of models that are in the folder already.
        folder: String or path.
        format: "tflite", or "saved_model".
        overwrite: Boolean, whether to export models again that are there already.
        in_process: Boolean. If False, another process exports, with which TensorFlow
            and its memory end.

    Returns:
        List of the names of the served signatures.

    Raises:
        ValueError: If a model does not exist, two models or signatures have the same
            name, the folder has another model or format under a name, or an export
            fails.
        OSError: If it cannot be written.
    """
    labels = [label_of(name) for name in names]
    if len(set(labels)) < len(labels) or not labels:
        raise ValueError(f"Served models must have different names. Received: {labels}")
    folder = Path(folder)
    absent = []
    for name, label in zip(names, labels, strict=True):
        if overwrite or not is_exported(folder, label):
            absent.append((name, label, weights_sha256(name)))
        else:
            _check_same(name, folder, label, format)
    if absent and not in_process:
        _write_apart([name for name, *_ in absent], folder, format, overwrite)
        absent = []
    for name, label, sha256 in absent:
        _export(name, folder, label, sha256, format)
    return [s.name for label in labels for s in read_settings(folder, model=label)]


def is_exported(folder, label):
    """Whether a folder has a model with this name."""
    # Written last.
    return model_of_settings(folder, label) == label


def _write_apart(*arguments):
    """`write_repository()` in another process."""
    command = [sys.executable, "-P", str(_EXPORTER)]
    # If a terminal interrupts both processes, the exporter tidies up.
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        pickle.dump(arguments, process.stdin)
        process.stdin.flush()
        answer = process.stdout.read()
        # Its input closes with this process, and not before it has ended.
        process.wait()
    if process.returncode:
        raise ChildProcessError(
            f"The process that exports has ended with code {process.returncode}."
        )
    error = pickle.loads(answer)
    if error is not None:
        raise error


def _check_same(name, folder, label, format):
    """Raises a ValueError unless what is in the folder was exported from a model."""
    (found,) = read_settings(folder, [label])
    where = f"{label!r} in {str(folder)!r}"
    way_out = "Export it again with --overwrite, or choose another folder with --out."
    if found.platform != PLATFORMS[format]:
        raise ValueError(f"{where} is of another format than {format!r}. {way_out}")
    if str(name) == label and label not in catalog.names() and not Path(name).exists():
        # The folder has it, and what it was exported from is elsewhere.
        return
    sha256 = weights_sha256(name)
    if sha256 != found.sha256:
        raise ValueError(
            f"{where} was exported from other weights than those of {str(name)!r}: "
            f"their sha256 is {found.sha256[:8]}..., not {sha256[:8]}... {way_out}"
        )


def _export(name, folder, label, sha256, format):
    from keras_gen.export import export_saved_model, export_tflite, signatures_of
    from keras_gen.zoo.shelf.loading import open_model

    model = open_model(name)
    signatures = signatures_of(model)
    main = "sample" if "sample" in signatures else "serving_default"
    served = {
        signature: label if signature == main else f"{label}-{signature}"
        for signature in signatures
    }
    for taken in served.values():
        if model_of_settings(folder, taken) not in (None, label):
            raise ValueError(
                f"{str(name)!r} would be served as {taken!r}, which is a signature of "
                f"{model_of_settings(folder, taken)!r} in {str(folder)!r}. Rename it, "
                "or choose another folder with --out."
            )
    remove_settings(folder, label)
    home = folder / label
    if format == "tflite":
        path = home / f"{label}.tflite"
        export_tflite(model, path, batch_size=None, overwrite=True)
        signatures = _signatures_of_tflite(path)
    else:
        path = export_saved_model(model, home, overwrite=True)
        signatures = _signatures_of_saved_model(path)
    for signature in sorted(signatures, key=lambda found: found == main):
        stated = signatures[signature]
        write_settings(
            folder,
            Signature(
                name=served[signature],
                model=label,
                signature=signature,
                path=path,
                platform=PLATFORMS[format],
                sha256=sha256,
                max_batch_size=_MAX_ROWS,
                inputs=_tensors(model, stated["inputs"], bounded=True),
                outputs=_tensors(model, stated["outputs"]),
            ),
        )


def _signatures_of_tflite(path):
    import zipfile

    with zipfile.ZipFile(path) as attached:
        return json.loads(attached.read("keras_gen.json"))["signatures"]


def _signatures_of_saved_model(path):
    import tensorflow as tf

    def stated(tensors):
        return {
            name: {"shape": tensor.shape.as_list(), "dtype": tensor.dtype.name}
            for name, tensor in tensors.items()
        }

    model = tf.saved_model.load(str(path))
    return {
        name: {
            "inputs": stated(function.structured_input_signature[1]),
            "outputs": stated(function.structured_outputs),
        }
        for name, function in model.signatures.items()
    }


def _tensors(model, stated, bounded=False):
    from keras_gen.export.signatures import ONE_BY_DEFAULT

    tensors = []
    for name, tensor in stated.items():
        shape = [-1, *tensor["shape"][1:]]
        if None in shape:
            raise ValueError(
                f"{model.name} cannot be served: {name!r} has an open shape: {shape}"
            )
        described = {
            "name": name,
            "datatype": DATATYPES[tensor["dtype"]],
            "shape": shape,
        }
        bounds = _bounds(model, name) if bounded else None
        if bounds is not None:
            described["parameters"] = {"minimum": bounds[0], "maximum": bounds[1]}
        if bounded and name == "mask" and model.domain_of("mask").in_order:
            described["parameters"]["in_order"] = 1
        if bounded and name in ONE_BY_DEFAULT:
            described["parameters"]["default"] = 1.0
        tensors.append(described)
    return tensors


def _bounds(model, name):
    """The least and the greatest value of an input, or None."""
    if name == "seed":
        return 0, _MAX_SEED
    if name == "temperature":
        return _TEMPERATURES
    from keras_gen.export.signatures import domain_of

    domain = domain_of(model, name)
    return None if domain is None else domain.bounds
