"""Reads requests of the Open Inference Protocol, and checks them.

A wrong request raises a ValueError that names the input and the value. The work is
bounded by the length of a request, whatever it holds, and what it may hold is bounded
by what the model takes.
"""

import itertools
import math
import re
import reprlib
from typing import NamedTuple

import numpy as np
import orjson

DATATYPES = {
    "bool": "BOOL",
    "uint8": "UINT8",
    "int16": "INT16",
    "int32": "INT32",
    "int64": "INT64",
    "float16": "FP16",
    "float32": "FP32",
    "float64": "FP64",
}
# Numbers are sent as bytes in this order.
DTYPES = {name: np.dtype(dtype).newbyteorder("<") for dtype, name in DATATYPES.items()}
# What JSON calls them.
TYPES_OF_JSON = {
    name: {"b": "boolean", "f": "number"}.get(dtype.kind, "integer")
    for name, dtype in DTYPES.items()
}
# The Python types that a kind of numbers accepts.
_TYPES = {"b": {bool}, "u": {int}, "i": {int}, "f": {int, float}}
_NUMBERS = {"b": "booleans", "u": "integers", "i": "integers", "f": "numbers"}
# Inputs or outputs of a request; no model has as many.
MAX_TENSORS = 64
# Nested lists of data; no model takes arrays of as many axes.
_MAX_DEPTH = 16
# Printable ASCII.
PATTERN_OF_ID = "[ -~]{0,256}"
_LARGEST_FLOAT = 3.4e38
_LARGEST_HALF = 65504.0


class Stated(NamedTuple):
    """What a served signature takes and gives.

    Attributes:
        inputs: List of dicts with `name`, `datatype` and `shape`, whose first axis is
            -1. `parameters` has `minimum` and `maximum` if there are bounds, and
            `default`, the value of all numbers, if the input may be left out.
            `in_order` is 1 for a mask whose known sites must come first.
        outputs: List of names.
        max_rows: Integer, the largest number of rows of a request.
    """

    inputs: list
    outputs: list
    max_rows: int

    @property
    def num_values(self):
        """The most numbers that the inputs of a request can have."""
        rows = [math.prod(spec["shape"][1:]) for spec in self.inputs]
        return self.max_rows * sum(rows)


class Request(NamedTuple):
    """A request that has been checked.

    Attributes:
        id: Optional string.
        inputs: Dict of arrays by name, all with the same number of rows.
        outputs: Dict from the names of the wanted outputs to whether they are wanted as
            bytes.
    """

    id: str | None
    inputs: dict
    outputs: dict


class Tensor(NamedTuple):
    """An input as it was sent: its numbers in lists, in an array or as bytes."""

    name: str
    datatype: str
    shape: list
    data: object


def read_json(body, stated, header_length=None):
    """The request in the body of a POST.

    Args:
        body: Bytes or a memoryview.
        stated: `Stated`.
        header_length: Optional integer: the length of the JSON, if the numbers of
            inputs follow it as bytes.

    Returns:
        `Request`.

    Raises:
        ValueError: If the request is wrong.
    """
    head = body if header_length is None else body[:header_length]
    try:
        found = orjson.loads(head)
    except orjson.JSONDecodeError as error:
        raise ValueError(f"The body must be JSON: {error}") from None
    _check_type(found, dict, "The body", "an object")
    inputs = _objects(found, "inputs")
    rest = None if header_length is None else memoryview(body)[header_length:]
    tensors = []
    for number, tensor in enumerate(inputs):
        where = f"`inputs[{number}]"
        for key, kind, called in (
            ("name", str, "a string"),
            ("datatype", str, "a string"),
            ("shape", list, "a list"),
        ):
            _check_type(tensor.get(key), kind, f"{where}.{key}`", called)
        size = _parameters(tensor, where).get("binary_data_size")
        if size is None:
            if "data" not in tensor:
                raise ValueError(f"{where}.data` must be given.")
            data = tensor["data"]
        else:
            data, rest = _cut(tensor, size, rest)
        tensors.append(
            Tensor(tensor["name"], tensor["datatype"], tensor["shape"], data)
        )
    if rest:
        raise ValueError(
            f"The body must end with the last input. Received {len(rest)} more bytes."
        )
    as_bytes = _parameters(found, "`").get("binary_data_output") is True
    wanted = {}
    for number, output in enumerate(_objects(found, "outputs") or ()):
        where = f"`outputs[{number}]"
        _check_type(output.get("name"), str, f"{where}.name`", "a string")
        parameters = _parameters(output, where)
        if parameters.get("classification"):
            raise ValueError(f"{where}.parameters.classification` is not supported.")
        binary = parameters.get("binary_data", as_bytes)
        wanted[output["name"]] = binary is True
    wanted = outputs_wanted(wanted, stated, as_bytes)
    name = found.get("id")
    if name is not None:
        _check_type(name, str, "`id`", "a string")
    _check_id(name)
    return Request(name, inputs_of(tensors, stated), wanted)


def inputs_of(tensors, stated):
    """The inputs of a request.

    Args:
        tensors: Sequence of `Tensor`.
        stated: `Stated`.

    Returns:
        Dict of arrays by name, all with the same number of rows.

    Raises:
        ValueError: If they are not as stated.
    """
    given = [tensor.name for tensor in tensors]
    filled = [
        spec
        for spec in stated.inputs
        if "default" in spec.get("parameters", {}) and spec["name"] not in given
    ]
    wanted = [spec for spec in stated.inputs if spec not in filled]
    if sorted(given) != sorted(spec["name"] for spec in wanted):
        raise ValueError(
            f"The inputs must be {', '.join(spec['name'] for spec in stated.inputs)}. "
            f"Received: {_shown(given)}"
        )
    by_name = {tensor.name: tensor for tensor in tensors}
    arrays = {
        spec["name"]: _array(by_name[spec["name"]], spec, stated.max_rows)
        for spec in wanted
    }
    rows = {name: len(array) for name, array in arrays.items()}
    if len(set(rows.values())) > 1:
        raise ValueError(f"The inputs must have one number of rows. Received: {rows}")
    for spec in filled:
        shape = (next(iter(rows.values())), *spec["shape"][1:])
        default = spec["parameters"]["default"]
        arrays[spec["name"]] = np.full(shape, default, _native(spec))
    return arrays


def lowest_inputs(stated):
    """One row of inputs, with the lowest allowed values or zeros."""
    arrays = {}
    for spec in stated.inputs:
        lowest = spec.get("parameters", {}).get("minimum", 0)
        arrays[spec["name"]] = np.full((1, *spec["shape"][1:]), lowest, _native(spec))
    return arrays


def outputs_wanted(wanted, stated, as_bytes=False):
    """The outputs that a request asks for; by default all.

    Args:
        wanted: Dict from names to whether they are wanted as bytes.
        stated: `Stated`.
        as_bytes: Boolean, for the default.

    Returns:
        Dict like `wanted`.

    Raises:
        ValueError: If there is no such output.
    """
    if not set(wanted) <= set(stated.outputs):
        raise ValueError(
            f"`outputs` must be some of {', '.join(stated.outputs)}. Received: "
            f"{_shown(list(wanted))}"
        )
    return wanted or dict.fromkeys(stated.outputs, as_bytes)


def _check_id(name):
    if name is not None and not re.fullmatch(PATTERN_OF_ID, name):
        raise ValueError(
            f"`id` must be at most 256 printable ASCII characters. Received: "
            f"{_shown(name)}"
        )


def _check_type(value, kind, name, called):
    if not isinstance(value, kind):
        raise ValueError(f"{name} must be {called}. Received: {_shown(value)}")


def _objects(found, key):
    """A list of objects in a request; None if an optional one is absent."""
    objects = found.get(key)
    if objects is None and key == "outputs":
        return None
    _check_type(objects, list, f"`{key}`", "a list")
    if len(objects) > MAX_TENSORS:
        raise ValueError(
            f"`{key}` must have at most {MAX_TENSORS} elements. Received: "
            f"{len(objects)}"
        )
    for number, value in enumerate(objects):
        _check_type(value, dict, f"`{key}[{number}]`", "an object")
    return objects


def _parameters(found, where):
    parameters = found.get("parameters")
    if parameters is None:
        return {}
    name = f"{where}parameters`" if where == "`" else f"{where}.parameters`"
    _check_type(parameters, dict, name, "an object")
    return parameters


def _cut(tensor, size, rest):
    """The bytes of an input, and those that follow."""
    name = _shown(tensor["name"])
    if rest is None:
        raise ValueError(
            f"The header Inference-Header-Content-Length must give the length of the "
            f"JSON if inputs have a `binary_data_size`. Received one for {name}."
        )
    if "data" in tensor:
        raise ValueError(f"Input {name} must have `data` or `binary_data_size`.")
    if type(size) is not int or not 0 <= size <= len(rest):
        raise ValueError(
            f"`binary_data_size` must be an integer, at most the {len(rest)} bytes "
            f"that are left. Received for {name}: {_shown(size)}"
        )
    return rest[:size], rest[size:]


def _array(tensor, spec, max_rows):
    name = spec["name"]
    if tensor.datatype != spec["datatype"]:
        raise ValueError(
            f"`{name}` must have datatype {spec['datatype']}. Received: "
            f"{_shown(tensor.datatype)}"
        )
    shape = list(tensor.shape)
    is_right = (
        len(shape) == len(spec["shape"])
        and all(type(size) is int for size in shape)
        and shape[1:] == list(spec["shape"][1:])
    )
    if not is_right:
        raise ValueError(
            f"`{name}` must have shape {list(spec['shape'])}, -1 for the rows. "
            f"Received: {_shown(shape)}"
        )
    if not 1 <= shape[0] <= max_rows:
        raise ValueError(
            f"`{name}` must have 1 to {max_rows} rows. Received: {shape[0]}"
        )
    array = _numbers(tensor.data, name, DTYPES[spec["datatype"]], math.prod(shape))
    if array.size != math.prod(shape):
        raise ValueError(
            f"`{name}` must hold {math.prod(shape)} values to have shape {shape}. "
            f"Received: {array.size}"
        )
    _check_values(array, spec)
    array = array.astype(_native(spec)).reshape(shape)
    if spec.get("parameters", {}).get("in_order"):
        _check_order(array.reshape(len(array), -1))
    return array


def _native(spec):
    return DTYPES[spec["datatype"]].newbyteorder("=")


def _numbers(data, name, dtype, num):
    """Lists, an array or bytes as a flat array of numbers that fit a datatype."""
    if isinstance(data, np.ndarray):
        return data
    if isinstance(data, (bytes, memoryview)):
        if len(data) != num * dtype.itemsize:
            raise ValueError(
                f"`{name}` must hold {num} values of {dtype.itemsize} bytes. Received "
                f"{len(data)} bytes."
            )
        if dtype.kind == "b" and (np.frombuffer(data, np.uint8) > 1).any():
            raise ValueError(f"`{name}` must hold bytes of 0 and 1 for booleans.")
        return np.frombuffer(data, dtype)
    wanted = _NUMBERS[dtype.kind]
    if not isinstance(data, list):
        raise ValueError(f"`{name}` must hold {wanted}. Received: {_shown(data)}")
    flat, depth = data, 0
    # numpy would try every value before it finds that lists are ragged, and would give
    # each number the length of the longest text.
    while flat and set(map(type, flat)) == {list}:
        depth += 1
        if len(set(map(len, flat))) > 1 or depth > _MAX_DEPTH:
            raise ValueError(
                f"`{name}` must hold {wanted} in a regular array. Received: "
                f"{_shown(data)}"
            )
        flat = list(itertools.chain.from_iterable(flat))
    types = set(map(type, flat))
    if list in types:
        raise ValueError(
            f"`{name}` must hold {wanted} in a regular array. Received: {_shown(data)}"
        )
    if not types <= _TYPES[dtype.kind]:
        raise ValueError(f"`{name}` must hold {wanted}. Received: {_shown(data)}")
    try:
        # As wide as can be, so that the check of bounds sees what does not fit.
        return np.array(flat, {"b": bool, "f": np.float64}.get(dtype.kind, np.int64))
    except OverflowError:
        raise ValueError(
            f"`{name}` must hold {wanted} of 64 bits. Received: {_shown(data)}"
        ) from None


def _check_values(array, spec):
    name, bounds = spec["name"], spec.get("parameters", {})
    low, high = bounds.get("minimum", -np.inf), bounds.get("maximum", np.inf)
    if array.dtype.kind == "f":
        # Within float32, in which models compute.
        largest = _LARGEST_HALF if spec["datatype"] == "FP16" else _LARGEST_FLOAT
        low, high = max(low, -largest), min(high, largest)
    wrong = ~((array >= low) & (array <= high))
    if wrong.any():
        raise ValueError(
            f"`{name}` must lie in [{low:.10g}, {high:.10g}]. Received: "
            f"{array[wrong][0]}"
        )


def _check_order(sites):
    late = (sites[:, 1:] > sites[:, :-1]).any(axis=1)
    if late.any():
        raise ValueError(
            "`mask` must know the sites of an image from the first on, in raster "
            f"order. Received another in row {late.argmax()}"
        )


def _shown(value):
    return reprlib.repr(value)
