"""Writes the answers of the REST server: JSON, numbers as bytes, or a picture."""

import asyncio
import gzip
import io

import numpy as np
import orjson
from PIL import Image
from starlette.responses import Response

from keras_gen.images import grid
from keras_gen.serving.bodies import RefusedError
from keras_gen.serving.requests import DATATYPES, DTYPES
from keras_gen.serving.served import VERSION

JSON = "application/json"
BYTES = "application/octet-stream"
HEADER_LENGTH = "Inference-Header-Content-Length"
PNG = "image/png"
# Shorter answers are not compressed.
_LEAST_COMPRESSED = 1024


async def response_of(model, request, outputs, headers):
    """The response to a request.

    Args:
        model: String, the name of the model.
        request: `keras_gen.serving.requests.Request`.
        outputs: Dict of arrays by name.
        headers: The headers of the request. `Accept: image/png` asks for a picture, and
            `Accept-Encoding: gzip` for compression.

    Raises:
        RefusedError: If a picture is asked for, and the outputs are no images.
    """
    if _accepts(headers.get("accept", ""), PNG):
        return Response(await _png(outputs), media_type=PNG)
    described, numbers = [], []
    for name, values in outputs.items():
        datatype = DATATYPES[values.dtype.name]
        output = {"name": name, "shape": values.shape, "datatype": datatype}
        if request.outputs[name]:
            numbers.append(values.astype(DTYPES[datatype], copy=False).tobytes())
            output["parameters"] = {"binary_data_size": len(numbers[-1])}
        else:
            output["data"] = values.reshape(-1)
        described.append(output)
    found = {
        "model_name": model,
        "model_version": VERSION,
        "id": request.id,
        "outputs": described,
    }
    if request.id is None:
        del found["id"]
    body = orjson.dumps(found, option=orjson.OPT_SERIALIZE_NUMPY)
    added, kind = {}, JSON
    if numbers:
        added[HEADER_LENGTH] = str(len(body))
        body, kind = b"".join([body, *numbers]), BYTES
    wants_gzip = _accepts(headers.get("accept-encoding", ""), "gzip")
    if wants_gzip and len(body) >= _LEAST_COMPRESSED:
        # In a thread, which does not hold the interpreter while it compresses.
        body = await asyncio.to_thread(gzip.compress, body, 1, mtime=0)
        added["Content-Encoding"] = "gzip"
    return Response(body, headers=added, media_type=kind)


def header_length_of(headers):
    """The length of the JSON at the start of a body that has bytes; None without any.

    Raises:
        RefusedError: If the header is not a number.
    """
    value = headers.get(HEADER_LENGTH.lower())
    if value is None:
        return None
    if not (value.isascii() and value.isdigit() and len(value) < 16):
        raise RefusedError(
            400, f"{HEADER_LENGTH} must be a number of bytes. Received: {value[:64]!r}"
        )
    return int(value)


async def _png(outputs):
    shapes = {name: list(values.shape) for name, values in outputs.items()}
    pictures = [
        values
        for values in outputs.values()
        if values.dtype == np.uint8 and values.ndim == 4 and values.shape[-1] in (1, 3)
    ]
    if len(pictures) != 1 or len(outputs) != 1:
        raise RefusedError(
            406,
            f"{PNG} needs one output that is images in bytes. The outputs are "
            f"{shapes}: ask for one of them, or for {JSON}.",
        )
    return await asyncio.to_thread(_written, pictures[0])


def _written(images):
    picture, file = grid(images), io.BytesIO()
    picture = picture[..., 0] if picture.shape[-1] == 1 else picture
    Image.fromarray(picture).save(file, "PNG")
    return file.getvalue()


def _accepts(header, wanted):
    """Whether a header such as `gzip;q=0.5, br` names something, not with `q=0`."""
    for item in header.lower().split(","):
        name, *parameters = (part.strip() for part in item.split(";"))
        if name == wanted:
            return not any(
                p.replace(" ", "") in ("q=0", "q=0.0", "q=0.00", "q=0.000")
                for p in parameters
            )
    return False
