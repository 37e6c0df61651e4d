"""Reads the gRPC messages of requests.

A message is scanned before it is parsed: a parser makes an object of each field, and a
field takes two bytes.
"""

import importlib.util
import sys
from functools import cache
from pathlib import Path

import numpy as np

from keras_gen.serving.requests import (
    Request,
    Tensor,
    _check_id,
    inputs_of,
    outputs_wanted,
)

# Fields of a message and all within it. No request of numbers needs as many.
_MAX_FIELDS = 4096
_MAX_AXES_BYTES = 256
# More than any model's name has.
_MAX_NAME_BYTES = 1024
_MODEL_NAME, _MODEL_VERSION, _ID, _INPUTS, _OUTPUTS, _RAW = 1, 2, 3, 5, 6, 7
_SHAPE, _CONTENTS = 3, 5
# What is within a message's fields, by number.
_NUMBERS = {}
_WITHIN = {_INPUTS: {4: {}, _CONTENTS: _NUMBERS}, _OUTPUTS: {2: {}}, 4: {}}
# Fields of packed numbers; None for those of a length of their own.
_BYTES_OF_A_NUMBER = {1: None, 2: None, 3: None, 4: None, 5: None, 6: 4, 7: 8}
_VARINT, _EIGHT_BYTES, _LENGTH, _FOUR_BYTES = 0, 1, 2, 5
# Where a message has the numbers of each datatype. Those of FP16 are bytes only.
CONTENTS = {
    "BOOL": "bool_contents",
    "UINT8": "uint_contents",
    "INT16": "int_contents",
    "INT32": "int_contents",
    "INT64": "int64_contents",
    "FP32": "fp32_contents",
    "FP64": "fp64_contents",
}


def name_and_version(message):
    """The model that a message names, once the message has few enough fields.

    Args:
        message: Bytes, a serialized `ModelInferRequest`.

    Returns:
        Pair of strings.

    Raises:
        ValueError: If it is malformed or has too many fields.
    """
    found = {_MODEL_NAME: b"", _MODEL_VERSION: b""}
    for number, start, end in _scan(message):
        if number in found:
            found[number] = message[start : min(end, start + _MAX_NAME_BYTES)]
    return tuple(
        found[n].decode("utf-8", "replace") for n in (_MODEL_NAME, _MODEL_VERSION)
    )


def read_message(message, stated):
    """The request in a message that `name_and_version()` has passed.

    Args:
        message: Bytes, a serialized `ModelInferRequest`.
        stated: `keras_gen.serving.requests.Stated`.

    Returns:
        `Request`, whose outputs are wanted as bytes if its inputs are bytes.

    Raises:
        ValueError: If the request is wrong.
    """
    for _ in _scan(message, stated.num_values):
        pass
    protocol = _protocol()
    try:
        request = protocol.ModelInferRequest.FromString(message)
    except Exception as error:
        # The class of the error depends on how protobuf was built.
        raise ValueError(f"The message is malformed: {error}") from None
    _check_id(request.id)
    raw = request.raw_input_contents
    if raw and len(raw) != len(request.inputs):
        raise ValueError(
            f"`raw_input_contents` must have one element for each of the "
            f"{len(request.inputs)} inputs, or none. Received: {len(raw)}"
        )
    tensors = []
    for number, given in enumerate(request.inputs):
        filled = [field.name for field, _ in given.contents.ListFields()]
        if raw and filled:
            raise ValueError(
                f"Input {given.name[:64]!r} must have `contents` or "
                "`raw_input_contents`. Received both."
            )
        if raw:
            data = raw[number]
        else:
            right = CONTENTS.get(given.datatype)
            if filled and right is not None and filled != [right]:
                raise ValueError(
                    f"Input {given.name[:64]!r} of {given.datatype} must have "
                    f"`{right}`. Received: {', '.join(filled)}"
                )
            field = getattr(given.contents, right or "fp32_contents")
            data = np.array(field, _WIDEST.get(right, np.float64))
        tensors.append(Tensor(given.name, given.datatype, list(given.shape), data))
    wanted = {output.name: bool(raw) for output in request.outputs}
    wanted = outputs_wanted(wanted, stated, bool(raw))
    return Request(request.id, inputs_of(tensors, stated), wanted)


_WIDEST = {
    "bool_contents": bool,
    "uint_contents": np.int64,
    "int_contents": np.int64,
    "int64_contents": np.int64,
}


def _scan(message, max_values=None):
    """Yields number, start and end of the fields that have a length, outermost ones."""
    waiting, num_fields = [(memoryview(message), None)], 0
    while waiting:
        part, within = waiting.pop()
        position, is_outermost = 0, within is None
        within = _WITHIN if is_outermost else within
        while position < len(part):
            num_fields += 1
            if num_fields > _MAX_FIELDS:
                raise ValueError(
                    f"The message must have at most {_MAX_FIELDS} fields. Numbers "
                    "count as one field if they are packed or raw."
                )
            key, position = _varint(part, position)
            number, kind = key >> 3, key & 7
            if kind == _VARINT:
                _, position = _varint(part, position)
            elif kind == _EIGHT_BYTES:
                position += 8
            elif kind == _FOUR_BYTES:
                position += 4
            elif kind == _LENGTH:
                length, position = _varint(part, position)
                if is_outermost:
                    yield number, position, position + length
                is_packed = within is _NUMBERS and number in _BYTES_OF_A_NUMBER
                if is_packed and max_values is not None:
                    numbers = part[position : position + length]
                    _check_count(numbers, _BYTES_OF_A_NUMBER[number], max_values)
                if number in within:
                    inside = part[position : position + length]
                    waiting.append((inside, within[number]))
                is_shape = number == _SHAPE and within is _WITHIN[_INPUTS]
                if is_shape and length > _MAX_AXES_BYTES:
                    raise ValueError(
                        f"`shape` must have at most {_MAX_AXES_BYTES} bytes. "
                        f"Received: {length}"
                    )
                position += length
            else:
                raise ValueError("The message is malformed: it has a group.")
        if position != len(part):
            raise ValueError("The message is malformed: it ends within a field.")


def _check_count(numbers, num_bytes, max_values):
    """Raises a ValueError if packed numbers are more than a model takes."""
    if num_bytes is not None:
        num = len(numbers) // num_bytes
    else:
        # The last byte of each number is below 128.
        num = np.count_nonzero(np.frombuffer(numbers, np.uint8) < 128)
    if num > max_values:
        raise ValueError(
            f"The inputs have at most {max_values} values. Received one of {num}."
        )


def _varint(part, position):
    value = 0
    for shift in range(0, 70, 7):
        if position >= len(part):
            break
        byte = part[position]
        position += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, position
    raise ValueError("The message is malformed: it has a broken number.")


@cache
def _protocol():
    """The messages of MLServer, without MLServer unless it is there already."""
    name = "mlserver.grpc.dataplane_pb2"
    if "mlserver" in sys.modules:
        return importlib.import_module(name)
    folder = Path(importlib.util.find_spec("mlserver").origin).parent
    path = folder / "grpc" / "dataplane_pb2.py"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
