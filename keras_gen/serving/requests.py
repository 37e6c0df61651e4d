"""Checks requests of the Open Inference Protocol and turns them into arrays.

A wrong request raises a ValueError that names the input and the value.
"""

import math
import re
import reprlib

import numpy as np

DATATYPES = {
    "bool": "BOOL",
    "uint8": "UINT8",
    "int32": "INT32",
    "int64": "INT64",
    "float16": "FP16",
    "float32": "FP32",
    "float64": "FP64",
}
_DTYPES = {datatype: np.dtype(name) for name, datatype in DATATYPES.items()}
# The kinds of numbers that a datatype accepts.
_KINDS = {"b": "b", "u": "ui", "i": "ui", "f": "uif"}
_NUMBERS = {"b": "booleans", "u": "integers", "i": "integers", "f": "numbers"}


def inputs_of(request, stated, max_rows):
    """The inputs of a request.

    Args:
        request: An `InferenceRequest` of `mlserver.types`.
        stated: Sequence of `MetadataTensor`, the inputs that the model takes. Their
            parameters have `minimum` and `maximum` if there are bounds, and `default`,
            the value of all numbers, if an input may be left out.
        max_rows: Integer, the largest number of rows of a request.

    Returns:
        Dict of arrays by name, all with the same number of rows.

    Raises:
        ValueError: If the request is wrong.
    """
    _check_id(request.id)
    given = [tensor.name for tensor in request.inputs]
    filled = [s for s in stated if "default" in _parameters(s) and s.name not in given]
    wanted = [spec for spec in stated if spec not in filled]
    if sorted(given) != sorted(spec.name for spec in wanted):
        raise ValueError(
            f"The inputs must be {', '.join(spec.name for spec in stated)}. Received: "
            f"{_shown(given)}"
        )
    tensors = {tensor.name: tensor for tensor in request.inputs}
    arrays = {spec.name: _array(tensors[spec.name], spec, max_rows) for spec in wanted}
    rows = {name: len(array) for name, array in arrays.items()}
    if len(set(rows.values())) > 1:
        raise ValueError(f"The inputs must have one number of rows. Received: {rows}")
    for spec in filled:
        shape = (next(iter(rows.values())), *spec.shape[1:])
        default = _parameters(spec)["default"]
        arrays[spec.name] = np.full(shape, default, _DTYPES[spec.datatype])
    return arrays


def lowest_inputs(stated):
    """One row of inputs, with the lowest allowed values or zeros."""
    arrays = {}
    for spec in stated:
        shape, lowest = (1, *spec.shape[1:]), _parameters(spec).get("minimum", 0)
        arrays[spec.name] = np.full(shape, lowest, _DTYPES[spec.datatype])
    return arrays


def outputs_wanted(request, stated):
    """The names of the outputs that a request asks for; by default all."""
    names = [spec.name for spec in stated]
    wanted = [output.name for output in request.outputs or []]
    if not set(wanted) <= set(names):
        raise ValueError(
            f"`outputs` must be some of {', '.join(names)}. Received: {_shown(wanted)}"
        )
    return wanted or names


def _check_id(name):
    # The name is returned in a header.
    if name is not None and not re.fullmatch(r"[ -~]{0,256}", name):
        raise ValueError(
            f"`id` must be at most 256 printable ASCII characters. Received: "
            f"{_shown(name)}"
        )


def _array(tensor, spec, max_rows):
    name = spec.name
    if tensor.datatype != spec.datatype:
        raise ValueError(
            f"`{name}` must have datatype {spec.datatype}. Received: "
            f"{_shown(tensor.datatype)}"
        )
    shape = list(tensor.shape)
    if len(shape) != len(spec.shape) or shape[1:] != list(spec.shape[1:]):
        raise ValueError(
            f"`{name}` must have shape {list(spec.shape)}, -1 for the rows. Received: "
            f"{_shown(shape)}"
        )
    if not 1 <= shape[0] <= max_rows:
        raise ValueError(
            f"`{name}` must have 1 to {max_rows} rows. Received: {shape[0]}"
        )
    array = _numbers(tensor.data, name, _DTYPES[spec.datatype])
    if array.size != math.prod(shape):
        raise ValueError(
            f"`{name}` must hold {math.prod(shape)} values to have shape {shape}. "
            f"Received: {array.size}"
        )
    _check_values(array, name, _parameters(spec))
    array = array.astype(_DTYPES[spec.datatype]).reshape(shape)
    if name == "mask":
        _check_mask(array.reshape(len(array), -1))
    return array


def _numbers(data, name, dtype):
    """Nested or flat data as a flat array of numbers that fit a datatype."""
    data = getattr(data, "root", data)
    wanted = _NUMBERS[dtype.kind]
    try:
        array = np.array(data)
    except (ValueError, OverflowError, RecursionError) as error:
        raise ValueError(
            f"`{name}` must hold {wanted} in a regular array. Received: {_shown(data)}"
        ) from error
    if array.size and array.dtype.kind not in _KINDS[dtype.kind]:
        raise ValueError(f"`{name}` must hold {wanted}. Received: {_shown(data)}")
    return array.reshape(-1)


def _parameters(spec):
    return spec.parameters.model_dump() if spec.parameters else {}


def _check_values(array, name, bounds):
    low, high = bounds.get("minimum", -np.inf), bounds.get("maximum", np.inf)
    if array.dtype.kind == "f":
        # Within float32, in which models compute.
        low, high = (np.clip(bound, -3.4e38, 3.4e38) for bound in (low, high))
    wrong = ~((array >= low) & (array <= high))
    if wrong.any():
        raise ValueError(
            f"`{name}` must lie in [{low:.10g}, {high:.10g}]. Received: "
            f"{array[wrong][0]}"
        )


def _check_mask(sites):
    late = (sites[:, 1:] > sites[:, :-1]).any(axis=1)
    if late.any():
        raise ValueError(
            "`mask` must know the sites of an image from the first on, in raster "
            f"order. Received another in row {late.argmax()}"
        )


def _shown(value):
    return reprlib.repr(value)
