"""The REST server: MLServer's, with an inference of its own."""

import asyncio
import contextlib

import orjson
import uvicorn
from mlserver.errors import MLServerError
from mlserver.rest.server import RESTServer
from starlette.responses import Response
from starlette.routing import Route

from keras_gen.serving.answers import (
    BYTES,
    HEADER_LENGTH,
    JSON,
    header_length_of,
    response_of,
)
from keras_gen.serving.bodies import Bodies, RefusedError
from keras_gen.serving.connections import Connection
from keras_gen.serving.pool import DeadlineError, QueueFullError, WorkerError

# For a client that still sends when its request has been refused: a connection that
# closes at once would take the answer with it.
_SECONDS_TO_READ_A_REFUSAL = 2


class Uvicorn(uvicorn.Server):
    """Leaves signals to MLServer, which stops all servers."""

    def capture_signals(self):
        return contextlib.nullcontext()


def limited(config):
    """A configuration of uvicorn whose connections have limits."""
    config.http = Connection
    return config


class Rest(RESTServer):
    """The REST server, without streams and remote loading.

    MLServer's inference stops the event loop while it parses and checks, and takes
    several times as long. Its health checks have no body, which KServe's client reads.

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
        own = {
            "/infer": ("POST", self._infer),
            "/generate": ("POST", self._infer),
            "/health/live": ("GET", self._live),
            "/health/ready": ("GET", self._ready),
            "/ready": ("GET", self._model_ready),
        }
        # Streams break off instead of returning an error.
        absent = ("_stream", "/index", "/load", "/unload")
        for number, route in enumerate(routes):
            for end, (method, answer) in own.items():
                if route.path.endswith(end):
                    routes[number] = Route(route.path, answer, methods=[method])
                    break
        routes[:] = [route for route in routes if not route.path.endswith(absent)]

    async def start(self):
        self._server = Uvicorn(self._get_config())
        await self._server.serve()

    def _get_config(self):
        return limited(super()._get_config())

    async def _infer(self, request):
        try:
            return await self._answer(request)
        except MLServerError as error:
            return refusal(error.status_code, str(error))
        except RefusedError as error:
            return refusal(error.status, str(error), error.closes)
        except QueueFullError as error:
            response = refusal(429, str(error))
            response.headers["Retry-After"] = "1"
            return response
        except DeadlineError as error:
            return refusal(504, str(error))
        except WorkerError as error:
            return refusal(500, str(error))

    async def _answer(self, request):
        name = request.path_params["model_name"]
        version = request.path_params.get("model_version")
        model = await self._served.model(name, version)
        headers = request.headers
        header_length = header_length_of(headers)
        kind = headers.get("content-type", JSON)
        if "json" not in kind and (header_length is None or kind != BYTES):
            raise RefusedError(
                415,
                f"Content-Type must be {JSON}, or {BYTES} with the header "
                f"{HEADER_LENGTH}. Received: {kind[:64]!r}",
            )
        if "content-encoding" in headers:
            raise RefusedError(415, "Bodies must come without Content-Encoding.")
        async with self._served.counted(name):
            announced = headers.get("content-length")
            body = await self._bodies.receive(
                request.receive,
                model.stated,
                announced and int(announced),
                header_length,
            )
            try:
                wanted = await self._reader.read_json(body, model.stated, header_length)
            except ValueError as error:
                raise RefusedError(400, str(error)) from error
            outputs = await _unless_gone(request, model.run(wanted))
            return await response_of(name, wanted, outputs, headers)

    async def _live(self, request):
        return _json({"live": await self._data_plane.live()})

    async def _ready(self, request):
        is_ready = await self._data_plane.ready()
        return _json({"ready": is_ready}, 200 if is_ready else 503)

    async def _model_ready(self, request):
        name = request.path_params["model_name"]
        try:
            model = await self._served.model(
                name, request.path_params.get("model_version")
            )
        except MLServerError as error:
            return refusal(error.status_code, str(error))
        found = {"name": name, "ready": model.ready}
        return _json(found, 200 if model.ready else 503)


async def _unless_gone(request, outputs):
    """What a coroutine returns, unless the client closes the connection before."""
    running = asyncio.ensure_future(outputs)
    # The body has been received, so that nothing else can come.
    gone = asyncio.ensure_future(request.receive())
    try:
        await asyncio.wait({running, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not running.done():
            raise RefusedError(400, "The client has gone.")
        return running.result()
    finally:
        running.cancel()
        gone.cancel()


def _json(found, status=200):
    return Response(orjson.dumps(found), status, media_type=JSON)


def refusal(status, message, closes=False):
    """A response with the text of an error."""
    kind = _ClosingResponse if closes else Response
    return kind(orjson.dumps({"error": message}), status, media_type=JSON)


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
