"""The REST server: MLServer's, with an inference of its own."""

import asyncio
import contextlib

import orjson
import uvicorn
from mlserver.errors import MLServerError
from mlserver.rest.server import RESTServer
from starlette.responses import Response
from starlette.routing import Route

from keras_gen.serving.bodies import Bodies, RefusedError
from keras_gen.serving.pool import WorkerError
from keras_gen.serving.requests import DATATYPES

# For a client that still sends when its request has been refused: a connection that
# closes at once would take the answer with it.
_SECONDS_TO_READ_A_REFUSAL = 2
_JSON = "application/json"


class Uvicorn(uvicorn.Server):
    """Leaves signals to MLServer, which stops all servers."""

    def capture_signals(self):
        return contextlib.nullcontext()


class Rest(RESTServer):
    """The REST server, without streams and remote loading.

    MLServer's streams break off instead of returning an error. Its inference stops the
    event loop while it parses and checks, and takes several times as long.

    Args:
        served: `keras_gen.serving.served.Served`.
        reader: `keras_gen.serving.bodies.Reader`.
        *parts: What `RESTServer` takes.
    """

    def __init__(self, served, reader, *parts):
        super().__init__(*parts)
        self._served = served
        self._reader = reader
        self._bodies = Bodies()
        routes = self._app.router.routes
        infer = [
            Route(route.path, self._infer, methods=["POST"])
            for route in routes
            if route.path.endswith(("/infer", "/generate"))
        ]
        others = [
            route
            for route in routes
            if not route.path.endswith(("_stream", "/infer", "/generate"))
            and "/repository/" not in route.path
        ]
        routes[:] = infer + others

    async def start(self):
        self._server = Uvicorn(self._get_config())
        await self._server.serve()

    async def _infer(self, request):
        try:
            return await self._answer(request)
        except MLServerError as error:
            return refusal(error.status_code, str(error))
        except RefusedError as error:
            return refusal(error.status, str(error), error.closes)
        except WorkerError as error:
            return refusal(500, str(error))

    async def _answer(self, request):
        name = request.path_params["model_name"]
        version = request.path_params.get("model_version")
        model = await self._served.model(name, version)
        kind = request.headers.get("content-type", _JSON)
        if "json" not in kind:
            raise RefusedError(
                415, f"Content-Type must be {_JSON}. Received: {kind[:64]!r}"
            )
        if "content-encoding" in request.headers:
            raise RefusedError(415, "Bodies must come without Content-Encoding.")
        async with self._served.counted(name):
            announced = request.headers.get("content-length")
            body = await self._bodies.receive(
                request.receive, model.stated, announced and int(announced)
            )
            try:
                wanted = await self._reader.read_json(body, model.stated)
            except ValueError as error:
                raise RefusedError(400, str(error)) from error
            outputs = await model.run(wanted)
        found = {
            "model_name": name,
            "id": wanted.id,
            "outputs": [
                {
                    "name": name,
                    "shape": values.shape,
                    "datatype": DATATYPES[values.dtype.name],
                    "data": values.reshape(-1),
                }
                for name, values in outputs.items()
            ],
        }
        text = orjson.dumps(found, option=orjson.OPT_SERIALIZE_NUMPY)
        return Response(text, media_type=_JSON)


def refusal(status, message, closes=False):
    """A response with the text of an error."""
    kind = _ClosingResponse if closes else Response
    return kind(orjson.dumps({"error": message}), status, media_type=_JSON)


class _ClosingResponse(Response):
    """Closes the connection, once the client has had time to read the answer."""

    async def __call__(self, scope, receive, send):
        self.headers["connection"] = "close"
        start = {
            "type": "http.response.start",
            "status": self.status_code,
            "headers": self.raw_headers,
        }
        await send(start)
        message = {"type": "http.response.body", "body": self.body, "more_body": True}
        await send(message)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SECONDS_TO_READ_A_REFUSAL):
                while (await receive()).get("more_body"):
                    pass
        await send({"type": "http.response.body", "body": b"", "more_body": False})
