"""The settings of a served signature: a JSON file that is data, and is checked."""

import json
import os
import re
from pathlib import Path
from typing import NamedTuple

from keras_gen.files import read_json
from keras_gen.serving.requests import DATATYPES, MAX_TENSORS

PLATFORMS = {"tflite": "litert", "saved_model": "tensorflow_savedmodel"}
_FILE = "model-settings.json"
_MAX_BYTES = 2**20
_MAX_ROWS = 4096
_MAX_AXES = 16
_MAX_SIZE = 2**31 - 1
# What earlier versions wrote. It has no effect.
_RUNTIME = "keras_gen.serving.runtime.Runtime"


class Signature(NamedTuple):
    """A signature as its settings state it.

    Attributes:
        name: String, under which it is served.
        model: String, the name of its model.
        signature: String, its name in the file.
        path: `Path` of a `.tflite` file or of the folder of a SavedModel.
        platform: String, one of `PLATFORMS.values()`.
        sha256: String of 64 hexadecimal digits, of the weights or of the saved model
            that was exported.
        max_batch_size: Integer, the largest number of rows.
        inputs: List of dicts with `name`, `datatype`, `shape` and, for some,
            `parameters`.
        outputs: List like `inputs`.
    """

    name: str
    model: str
    signature: str
    path: Path
    platform: str
    sha256: str
    max_batch_size: int
    inputs: list
    outputs: list


def settings_path(folder, name):
    """The path of the settings of a signature in a repository."""
    return Path(folder) / name / _FILE


def write_settings(folder, signature):
    """Writes the settings of a `Signature` into a repository."""
    path = settings_path(folder, signature.name)
    path.parent.mkdir(exist_ok=True)
    settings = {
        "name": signature.name,
        "platform": signature.platform,
        "max_batch_size": signature.max_batch_size,
        "inputs": signature.inputs,
        "outputs": signature.outputs,
        "parameters": {
            "uri": os.path.relpath(signature.path, path.parent),
            "extra": {
                "model": signature.model,
                "signature": signature.signature,
                "sha256": signature.sha256,
            },
        },
    }
    path.write_text(json.dumps(settings, indent=1) + "\n", encoding="utf-8")


def model_of_settings(folder, name):
    """The name of the model to which the settings of a signature belong.

    None if there are no settings under this name, or they cannot be read.
    """
    try:
        found = read_json(settings_path(folder, name), _MAX_BYTES)
        return found["parameters"]["extra"]["model"]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def remove_settings(folder, model):
    """Removes the settings of all signatures of a model, also damaged ones."""
    for path in Path(folder).glob(f"*/{_FILE}"):
        name = path.parent.name
        is_named_so = name == model or name.startswith(f"{model}-")
        if is_named_so and model_of_settings(folder, name) in (model, None):
            path.unlink()


def read_settings(folder, names=None, model=None):
    """The signatures of a repository.

    Args:
        folder: String or path of the repository.
        names: Optional sequence of the names of signatures. Settings of others are not
            read.
        model: Optional name of a model, all signatures of which are read.

    Returns:
        List of `Signature`, in the order of their names.

    Raises:
        ValueError: If a signature is not there, or settings are not as they must be.
    """
    folder = Path(folder)
    found = sorted(path.parent.name for path in folder.glob(f"*/{_FILE}"))
    if model is not None:
        names = [n for n in found if n == model or n.startswith(f"{model}-")]
    absent = sorted({*names} - {*found})
    if absent:
        raise ValueError(f"`names` must be of the repository. Received: {absent}")
    signatures = [_read(folder, name) for name in found if name in names]
    return [s for s in signatures if model in (None, s.model)]


def _read(folder, name):
    path = settings_path(folder, name)
    try:
        return _checked(read_json(path, _MAX_BYTES), folder, path)
    except (OSError, ValueError) as error:
        raise ValueError(
            f"{str(path)!r} cannot be served: {error} Export the model again with "
            "--overwrite."
        ) from error


def _checked(settings, folder, path):
    where = "It"
    keys = ("name", "platform", "max_batch_size", "inputs", "outputs", "parameters")
    _check_keys(settings, where, keys, optional=("implementation", "versions"))
    if settings.get("implementation", _RUNTIME) != _RUNTIME:
        raise ValueError(
            "It must have no `implementation`: the server runs no code of a "
            f"repository. Received: {_shown(settings['implementation'])}"
        )
    if settings["name"] != path.parent.name:
        raise ValueError(
            f"`name` must be that of the folder. Received: {_shown(settings['name'])}"
        )
    if settings["platform"] not in PLATFORMS.values():
        raise ValueError(
            f"`platform` must be one of {', '.join(PLATFORMS.values())}. Received: "
            f"{_shown(settings['platform'])}"
        )
    _check_integer(settings["max_batch_size"], "`max_batch_size`", 1, _MAX_ROWS)
    parameters = settings["parameters"]
    _check_keys(parameters, "`parameters`", ("uri", "extra"))
    extra = parameters["extra"]
    _check_keys(extra, "`parameters.extra`", ("model", "signature", "sha256"))
    for key in extra:
        _check_text(extra[key], f"`parameters.extra.{key}`")
    if not re.fullmatch(r"[0-9a-f]{64}", extra["sha256"]):
        raise ValueError(
            f"`parameters.extra.sha256` must be 64 hexadecimal digits. Received: "
            f"{_shown(extra['sha256'])}"
        )
    return Signature(
        settings["name"],
        extra["model"],
        extra["signature"],
        _path_of(parameters["uri"], folder, path, settings["platform"]),
        settings["platform"],
        extra["sha256"],
        settings["max_batch_size"],
        _tensors(settings["inputs"], "inputs"),
        _tensors(settings["outputs"], "outputs"),
    )


def _path_of(uri, folder, path, platform):
    _check_text(uri, "`parameters.uri`")
    model = (path.parent / uri).resolve()
    if not model.is_relative_to(folder.resolve()):
        raise ValueError(
            f"`parameters.uri` must be within the repository. Received: {_shown(uri)}"
        )
    is_file = platform == PLATFORMS["tflite"]
    if is_file:
        is_there = model.is_file() and model.suffix == ".tflite"
    else:
        is_there = (model / "saved_model.pb").is_file()
    if not is_there:
        kind = "a .tflite file" if is_file else "the folder of a SavedModel"
        raise ValueError(f"`parameters.uri` must be {kind}. Received: {_shown(uri)}")
    return model


def _tensors(tensors, key):
    if not isinstance(tensors, list) or not 1 <= len(tensors) <= MAX_TENSORS:
        raise ValueError(
            f"`{key}` must be a list of 1 to {MAX_TENSORS} objects. Received: "
            f"{_shown(tensors)}"
        )
    for number, tensor in enumerate(tensors):
        where = f"{key}[{number}]"
        _check_keys(
            tensor,
            f"`{where}`",
            ("name", "datatype", "shape"),
            optional=("parameters",),
        )
        _check_text(tensor["name"], f"`{where}.name`")
        if tensor["datatype"] not in DATATYPES.values():
            raise ValueError(
                f"`{where}.datatype` must be one of {', '.join(DATATYPES.values())}. "
                f"Received: {_shown(tensor['datatype'])}"
            )
        _check_shape(tensor["shape"], f"`{where}.shape`")
        bounds = tensor.get("parameters", {})
        _check_keys(
            bounds,
            f"`{where}.parameters`",
            (),
            ("minimum", "maximum", "default", "in_order"),
        )
        for name, value in bounds.items():
            if type(value) not in (int, float):
                raise ValueError(
                    f"`{where}.parameters.{name}` must be a number. Received: "
                    f"{_shown(value)}"
                )
    names = [tensor["name"] for tensor in tensors]
    if len(set(names)) < len(names):
        raise ValueError(f"`{key}` must have different names. Received: {names}")
    return tensors


def _check_shape(shape, name):
    is_shape = (
        isinstance(shape, list)
        and 1 <= len(shape) <= _MAX_AXES
        and shape[0] == -1
        and all(type(size) is int and 1 <= size <= _MAX_SIZE for size in shape[1:])
    )
    if not is_shape:
        raise ValueError(
            f"{name} must be -1 and then sizes of at least 1. Received: {_shown(shape)}"
        )


def _check_keys(value, name, keys, optional=()):
    if not isinstance(value, dict):
        raise ValueError(f"{name} must be an object. Received: {_shown(value)}")
    wrong = sorted({*value} - {*keys, *optional} | {*keys} - {*value})
    if wrong:
        raise ValueError(
            f"{name} must have the keys {', '.join(keys) or 'of bounds'}. Absent or "
            f"unknown: {_shown(', '.join(wrong))}"
        )


def _check_text(value, name):
    if (
        not isinstance(value, str)
        or not value.isprintable()
        or not 0 < len(value) < 4096
    ):
        raise ValueError(f"{name} must be a short text. Received: {_shown(value)}")


def _check_integer(value, name, least, most):
    if type(value) is not int or not least <= value <= most:
        raise ValueError(
            f"{name} must be an integer from {least} to {most}. Received: "
            f"{_shown(value)}"
        )


def _shown(value):
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
