"""The folder that a server reads: exported models, and settings for each signature."""

import json
import os
from pathlib import Path

from keras_gen.serving.requests import DATATYPES
from keras_gen.serving.settings import (
    PLATFORMS,
    Signature,
    read_settings,
    settings_path,
    write_settings,
)

# Rows of a request, and of a batch of requests.
_MAX_ROWS = 64
_MAX_SEED = 2**31 - 1
# Beyond these, site probabilities are 0 and 1, or all alike, to seven digits.
_TEMPERATURES = (1e-3, 1e3)


def write_repository(names, folder, format="tflite", overwrite=False):
    """Exports models into a folder from which they are served.

    Each signature is served under its own name. The main signature, `sample` or else
    `serving_default`, is `<model>`; the others are `<model>-<signature>`. Models that
    are in the folder already are kept.

    Args:
        names: Sequence of names of entries, paths of saved models or run folders.
        folder: String or path.
        format: "tflite", or "saved_model".
        overwrite: Boolean, whether to export models again that are there already.

    Returns:
        List of the names of the served signatures.

    Raises:
        ValueError: If a model does not exist, two models have the same name, or an
            export fails.
        OSError: If it cannot be written.
    """
    labels = [label_of(name) for name in names]
    if len(set(labels)) < len(labels) or not labels:
        raise ValueError(f"Served models must have different names. Received: {labels}")
    folder, served = Path(folder), []
    for name, label in zip(names, labels, strict=True):
        if overwrite or not is_exported(folder, label):
            _export(name, folder, label, format)
        served += [found.name for found in read_settings(folder, model=label)]
    return served


def label_of(name):
    """The name of a model: that of its entry, or the last part of its path."""
    return Path(os.path.normpath(name)).stem


def is_exported(folder, label):
    """Whether a folder has a model with this name."""
    # Written last.
    return settings_path(folder, label).exists()


def _export(name, folder, label, format):
    from keras_gen.export import export_saved_model, export_tflite
    from keras_gen.zoo.shelf.loading import open_model

    model = open_model(name)
    settings_path(folder, label).unlink(missing_ok=True)
    home = folder / label
    if format == "tflite":
        path = home / f"{label}.tflite"
        export_tflite(model, path, batch_size=None, overwrite=True)
        signatures = _signatures_of_tflite(path)
    else:
        path = export_saved_model(model, home, overwrite=True)
        signatures = _signatures_of_saved_model(path)
    main = "sample" if "sample" in signatures else "serving_default"
    for signature in sorted(signatures, key=lambda found: found == main):
        stated = signatures[signature]
        write_settings(
            folder,
            Signature(
                name=label if signature == main else f"{label}-{signature}",
                model=label,
                signature=signature,
                path=path,
                platform=PLATFORMS[format],
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
        if bounded and name == "temperature":
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
