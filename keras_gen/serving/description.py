"""Describes what the REST server serves, by OpenAPI 3.0."""

import math
from typing import NamedTuple
from urllib.parse import quote

import keras_gen
from keras_gen.serving.answers import BYTES, HEADER_LENGTH, JSON, PNG
from keras_gen.serving.requests import MAX_TENSORS, PATTERN_OF_ID, TYPES_OF_JSON
from keras_gen.serving.served import VERSION

_OF_MODEL = "/v2/models/{model_name}"
_LIMITS = {
    408: "The request came too slowly.",
    431: "The head is too long.",
    503: "Too many connections, or bodies, at once.",
}
_REFUSALS = {
    400: "The request is wrong. The text says why.",
    406: "A picture is asked for, and the outputs are no images.",
    413: "The body is longer than the model can need.",
    415: "The body is compressed, or is neither JSON nor JSON with bytes.",
    429: "Too many requests wait.",
    500: "The model raises, or two workers die over the request.",
    504: "The deadline has passed without an answer.",
}
_ABSENT = {404: "The server has no model of this name, or not this version."}


class Operation(NamedTuple):
    """What a route does.

    Attributes:
        name: String. Routes with and without a version have the same.
        method: String, "get" or "post".
        summary: String.
        answer: String, the name of the schema of the answer.
        statuses: Dict from statuses of errors to what they mean. Those of all routes
            are left out.
    """

    name: str
    method: str
    summary: str
    answer: str
    statuses: dict


_INFER = Operation("infer", "post", "Run the model", "Answer", _ABSENT | _REFUSALS)
_OPERATIONS = {
    "/v2": Operation("metadata", "get", "The server", "Server", {}),
    "/v2/health/live": Operation("live", "get", "Whether the server runs", "Live", {}),
    "/v2/health/ready": Operation(
        "ready", "get", "Whether requests may be sent here", "Ready", {}
    ),
    "/v2/docs/dataplane.json": Operation(
        "description", "get", "This description", "Description", {}
    ),
}
_OPERATIONS_OF_MODEL = {
    "": Operation("model", "get", "What the model takes and gives", "Model", _ABSENT),
    "/ready": Operation(
        "model_ready", "get", "Whether the model is ready", "ModelReady", _ABSENT
    ),
    "/infer": _INFER,
    "/generate": _INFER._replace(summary="The same as infer"),
    "/docs/dataplane.json": Operation(
        "model_description",
        "get",
        "The same description, with the inputs of this model",
        "Description",
        _ABSENT,
    ),
}


def operations():
    """Dict from the paths of all routes to an `Operation`."""
    found = dict(_OPERATIONS)
    for start in (_OF_MODEL, f"{_OF_MODEL}/versions/{{model_version}}"):
        found |= {start + end: each for end, each in _OPERATIONS_OF_MODEL.items()}
    return found


def description(models, of_model=False):
    """The description as a dict, which is to be sent as JSON.

    Args:
        models: Dict from names of models to `keras_gen.serving.requests.Stated`.
        of_model: Boolean, whether to describe the routes of the first model alone,
            with its inputs.
    """
    name, stated = next(iter(models.items()))
    paths = {}
    for path, operation in operations().items():
        if not of_model:
            paths[path] = _path(path, operation, list(models))
        elif path.startswith(_OF_MODEL):
            own = path.replace("{model_name}", quote(name, safe=""))
            paths[own] = _path(path, operation, None)
    schemas = _SCHEMAS
    if of_model:
        request = _request(_inputs_of(stated), len(stated.inputs), stated.outputs)
        schemas = schemas | {"Request": request}
    return {
        "openapi": "3.0.3",
        "info": {
            "title": f"keras_gen: {name}" if of_model else "keras_gen",
            "version": keras_gen.__version__,
            "description": "Generative models by the Open Inference Protocol, V2.",
        },
        "paths": paths,
        "components": {"schemas": schemas},
    }


def _path(path, operation, names):
    parameters = []
    if "{model_name}" in path and names is not None:
        parameters.append(_in_path("model_name", names))
    if "{model_version}" in path:
        parameters.append(_in_path("model_version", [VERSION]))
    described = {
        "operationId": path.strip("/").translate(str.maketrans("/.", "__", "{}")),
        "summary": operation.summary,
        "responses": {
            "200": {"description": "OK", "content": _json(operation.answer)},
            **{
                str(status): {"description": text, "content": _json("Error")}
                for status, text in sorted((operation.statuses | _LIMITS).items())
            },
        },
    }
    if operation.answer in ("Ready", "ModelReady"):
        described["responses"]["503"] = {
            "description": "Not ready, or too many connections at once.",
            "content": {
                JSON: {"schema": {"anyOf": [_ref(operation.answer), _ref("Error")]}}
            },
        }
    if operation.method == "post":
        binary = {"schema": {"type": "string", "format": "binary"}}
        described["requestBody"] = {
            "required": True,
            "content": _json("Request") | {BYTES: binary},
        }
        described["responses"]["200"]["content"] |= {BYTES: binary, PNG: binary}
        parameters.append(
            {
                "name": HEADER_LENGTH,
                "in": "header",
                "description": "The bytes of JSON, if numbers follow as bytes.",
                "schema": {"type": "integer", "minimum": 0},
            }
        )
    return {operation.method: described, "parameters": parameters}


def _in_path(name, values):
    return {
        "name": name,
        "in": "path",
        "required": True,
        "schema": {"type": "string", "enum": values},
    }


def _json(name):
    return {JSON: {"schema": _ref(name)}}


def _ref(name):
    return {"$ref": f"#/components/schemas/{name}"}


def _object(optional=(), **properties):
    return {
        "type": "object",
        "required": [name for name in properties if name not in optional],
        "properties": properties,
    }


def _inputs_of(stated):
    """The schema of each input of a model."""
    inputs = []
    for spec in stated.inputs:
        rank, bounds = len(spec["shape"]), spec.get("parameters", {})
        limits = {key: bounds[key] for key in ("minimum", "maximum") if key in bounds}
        number = {"type": TYPES_OF_JSON[spec["datatype"]], **limits}
        most = stated.max_rows * math.prod(spec["shape"][1:])
        inputs.append(
            _object(
                name={"type": "string", "enum": [spec["name"]]},
                datatype={"type": "string", "enum": [spec["datatype"]]},
                shape={
                    "type": "array",
                    "description": f"{spec['shape']}, with the number of rows first",
                    "items": {"type": "integer", "minimum": 1},
                    "minItems": rank,
                    "maxItems": rank,
                },
                data={
                    "type": "array",
                    "description": "The numbers in one list, or in nested ones",
                    "items": {"anyOf": [number, {"type": "array", "items": {}}]},
                    "minItems": 1,
                    "maxItems": most,
                },
            )
        )
    return inputs


def _request(inputs, num, outputs):
    one = inputs[0] if len(inputs) == 1 else {"anyOf": inputs}
    name = {"type": "string"} | ({"enum": list(outputs)} if outputs else {})
    return _object(
        ("id", "outputs", "parameters"),
        id={"type": "string", "pattern": f"^{PATTERN_OF_ID}$"},
        parameters={"type": "object"},
        inputs={"type": "array", "items": one, "minItems": 1, "maxItems": num},
        outputs={
            "type": "array",
            "items": _object(("parameters",), name=name, parameters={"type": "object"}),
            "maxItems": MAX_TENSORS,
        },
    )


_TEXT = {"type": "string"}
_TRUTH = {"type": "boolean"}
_SHAPE = {"type": "array", "items": {"type": "integer"}}
_TENSOR = {"name": _TEXT, "datatype": _TEXT, "shape": _SHAPE}
_STATED = {
    "type": "array",
    "items": _object(("parameters",), **_TENSOR, parameters={"type": "object"}),
}
_DATA = {"type": "array", "items": {}}
_SCHEMAS = {
    "Error": _object(error=_TEXT),
    "Server": _object(
        name=_TEXT, version=_TEXT, extensions={"type": "array", "items": _TEXT}
    ),
    "Live": _object(live=_TRUTH),
    "Ready": _object(ready=_TRUTH),
    "ModelReady": _object(name=_TEXT, ready=_TRUTH),
    "Model": _object(
        name=_TEXT,
        versions={"type": "array", "items": _TEXT},
        platform=_TEXT,
        inputs=_STATED,
        outputs=_STATED,
    ),
    "Description": _object(openapi=_TEXT, paths={"type": "object"}),
    "Request": _request([_object(**_TENSOR, data=_DATA)], MAX_TENSORS, None),
    "Answer": _object(
        ("id",),
        model_name=_TEXT,
        model_version=_TEXT,
        id=_TEXT,
        outputs={
            "type": "array",
            "items": _object(
                ("data", "parameters"),
                **_TENSOR,
                data=_DATA,
                parameters={"type": "object"},
            ),
        },
    ),
}
