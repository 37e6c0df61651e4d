"""The REST server: MLServer's, with an inference of its own."""

import asyncio
import contextlib

import orjson
import uvicorn
from mlserver.errors import MLServerError
from mlserver.rest.server import RESTServer
from starlette.exceptions import HTTPException
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
from keras_gen.serving.description import description, operations
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
        finish: Float, seconds for requests that run when the server stops.
        *parts: What `RESTServer` takes.
    """

    def __init__(self, served, reader, finish, *parts):
        super().__init__(*parts)
        self._served = served
        self._reader = reader
        self._finish = finish
        self._bodies = Bodies()
        answers = {
            "metadata": self._metadata,
            "live": self._live,
            "ready": self._ready,
            "description": self._description,
            "model": self._model,
            "model_ready": self._model_ready,
            "model_description": self._model_description,
            "infer": self._infer,
        }
        self._app.router.routes[:] = [
            Route(path, answers[operation.name], methods=[operation.method])
            for path, operation in operations().items()
        ]
        self._app.add_exception_handler(HTTPException, _unknown)

    async def start(self):
        self._server = Uvicorn(self._get_config())
        await self._server.serve()

    def turn_not_ready(self):
        """Closes each connection after its next answer: its client connects again."""
        self._server.server_state.is_stopping = True

    def _get_config(self):
        config = limited(super()._get_config())
        config.timeout_graceful_shutdown = self._finish
        return config

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
        model = await self._asked(request)
        name = model.name
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
        is_ready = await self._served.is_ready()
        return _json({"ready": is_ready}, 200 if is_ready else 503)

    async def _metadata(self, request):
        return _described(await self._data_plane.metadata())

    async def _description(self, request):
        names = self._served.names
        models = {name: (await self._served.model(name)).stated for name in names}
        return _json(description(models))

    async def _model(self, request):
        return _described(await (await self._asked(request)).metadata())

    async def _model_ready(self, request):
        name = (await self._asked(request)).name
        is_ready = await self._served.is_model_ready(name)
        return _json({"name": name, "ready": is_ready}, 200 if is_ready else 503)

    async def _model_description(self, request):
        model = await self._asked(request)
        return _json(description({model.name: model.stated}, of_model=True))

    async def _asked(self, request):
        """The model that a path names."""
        asked = request.path_params
        return await self._served.model(asked["model_name"], asked.get("model_version"))


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


def _described(found):
    """A description by MLServer, without what it leaves open."""
    return _json(found.model_dump(exclude_unset=True, exclude_none=True))


async def _unknown(request, error):
    """A path or a method that is not served."""
    response = refusal(error.status_code, error.detail)
    response.headers.update(error.headers or {})
    return response


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
