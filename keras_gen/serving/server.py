"""Starts MLServer on exported models, with stricter checks and faster answers."""

import asyncio
import contextlib
import logging
import socket
import struct
from pathlib import Path

import orjson
import uvicorn
from fastapi.exceptions import RequestValidationError
from grpc import StatusCode, aio
from mlserver import MLServer
from mlserver.errors import InferenceError
from mlserver.grpc.dataplane_pb2_grpc import add_GRPCInferenceServiceServicer_to_server
from mlserver.grpc.interceptors import PromServerInterceptor
from mlserver.grpc.server import GRPCServer
from mlserver.grpc.servicers import InferenceServicer
from mlserver.grpc.utils import handle_mlserver_error
from mlserver.metrics.server import MetricsServer
from mlserver.repository import SchemalessModelRepository
from mlserver.rest.errors import APIErrorResponse
from mlserver.rest.responses import Response
from mlserver.rest.server import RESTServer
from mlserver.settings import Settings
from mlserver.types import InferenceRequest
from mlserver.utils import install_uvloop_event_loop
from pydantic import ValidationError
from starlette.responses import Response as RawResponse
from starlette.routing import Route

from keras_gen.serving.pool import WorkerError, shared_pool

# The longest body of a request: 64 colour images of 64 x 64 as JSON.
_MAX_BYTES = 16 * 2**20


def serve(repository, names, host="127.0.0.1", port=8080, workers=1):
    """Serves models until SIGINT or SIGTERM.

    Open Inference Protocol V2: REST on `port`, gRPC on `port + 1`, and metrics for
    Prometheus on `port + 2` under `/metrics`.

    Args:
        repository: String or path of the folder that `write_repository()` wrote.
        names: Sequence of names of served models in it.
        host: String, the address to listen on.
        port: Integer.
        workers: Integer of at least 1, the number of processes that run the models.

    Raises:
        ValueError: If an argument is wrong, or a model cannot be loaded.
        OSError: If a port is in use.
    """
    for taken in range(port, port + 3):
        with socket.create_server((host, taken)):
            pass
    settings = Settings(
        debug=False,
        host=host,
        http_port=port,
        grpc_port=port + 1,
        metrics_port=port + 2,
        # No workers of MLServer: they lose the requests of a worker that dies.
        parallel_workers=0,
        # MLServer compresses at the highest level, which takes most of the time.
        gzip_enabled=False,
        model_repository_root=str(Path(repository).absolute()),
        grpc_max_message_length=_MAX_BYTES,
    )
    # Otherwise each line is logged twice if the root logger has a handler.
    logging.getLogger("mlserver").propagate = False
    install_uvloop_event_loop()
    asyncio.run(_serve(settings, names, workers))


async def _serve(settings, names, workers):
    repository = SchemalessModelRepository(settings.model_repository_root)
    models = [model for model in await repository.list() if model.name in names]
    absent = sorted({*names} - {model.name for model in models})
    if absent:
        raise ValueError(f"`names` must be of the repository. Received: {absent}")
    for model in models:
        model.parameters.extra["workers"] = workers
    try:
        await _Server(settings).start(models)
    finally:
        await shared_pool(workers).close()
        shared_pool.cache_clear()


class _Server(MLServer):
    """Loads all models before it listens, so that it never refuses a request."""

    def _create_servers(self):
        parts = (self._settings, self._data_plane, self._model_repository_handlers)
        self._rest_server = _RESTServer(*parts)
        self._grpc_server = _GRPCServer(*parts)
        self._metrics_server = _MetricsServer(self._settings)
        self._kafka_server = None

    def _add_signal_handlers(self):
        """Does nothing: there is nothing to stop before the server listens."""

    async def start(self, models_settings=()):
        for settings in models_settings:
            try:
                await self._model_registry.load(settings)
            except WorkerError as error:
                raise ValueError(
                    f"{settings.name} cannot be loaded: {error}"
                ) from error
        super()._add_signal_handlers()
        await asyncio.gather(
            self._rest_server.start(),
            self._grpc_server.start(),
            self._metrics_server.start(),
        )


class _Uvicorn(uvicorn.Server):
    """Leaves signals to MLServer, which stops all servers."""

    def capture_signals(self):
        return contextlib.nullcontext()


class _MetricsServer(MetricsServer):
    async def start(self):
        self._server = _Uvicorn(self._get_config())
        await self._server.serve()


class _RESTServer(RESTServer):
    """The REST server with its own inference, without streams and remote loading.

    MLServer's streams break off instead of returning an error. Its inference uses
    FastAPI, which takes several times as long, mostly to check each number of an
    answer.
    """

    def __init__(self, *parts):
        super().__init__(*parts)
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
        self._app.add_exception_handler(RequestValidationError, _refuse_invalid)
        self._app.add_middleware(_BodyLimit)

    async def start(self):
        self._server = _Uvicorn(self._get_config())
        await self._server.serve()

    async def _infer(self, request):
        kind = request.headers.get("content-type", "application/json")
        if "json" not in kind:
            return _not_json(kind)
        try:
            payload = orjson.loads(await request.body())
            payload = InferenceRequest.model_validate(payload)
        except orjson.JSONDecodeError as error:
            return _error(400, f"body: JSON decode error: {error}")
        except ValidationError as error:
            return _invalid(error, "body")
        names = request.path_params
        answer = await self._data_plane.infer(
            payload, names["model_name"], names.get("model_version")
        )
        found = {
            "model_name": answer.model_name,
            "id": answer.id,
            "outputs": [
                {
                    "name": output.name,
                    "shape": output.shape,
                    "datatype": output.datatype,
                    "data": output.data,
                }
                for output in answer.outputs
            ],
        }
        body = orjson.dumps(found, option=orjson.OPT_SERIALIZE_NUMPY)
        return RawResponse(body, media_type="application/json")


async def _refuse_invalid(request, error):
    kind = request.headers.get("content-type", "")
    return _invalid(error) if "json" in kind else _not_json(kind)


def _not_json(kind):
    return _error(415, f"Content-Type must be application/json. Received: {kind!r}")


def _invalid(error, *inside):
    """Answers with one sentence, not with a copy of the request, as FastAPI does."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in (*inside, *first["loc"]))
    return _error(400, f"{where}: {first['msg']}")


def _error(status, message):
    return Response(APIErrorResponse(error=message).model_dump(), status)


class _BodyLimit:
    """Rejects bodies that are too long or compressed, before they are parsed."""

    def __init__(self, app):
        self._app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if any(name == b"content-encoding" for name, _ in scope["headers"]):
            refusal = _error(415, "Bodies must come without Content-Encoding.")
            await refusal(scope, receive, send)
            return
        messages, length = [], 0
        while not messages or messages[-1].get("more_body"):
            messages.append(await receive())
            length += len(messages[-1].get("body", b""))
            if length > _MAX_BYTES:
                refusal = _error(413, f"Bodies may have {_MAX_BYTES} bytes at most.")
                await refusal(scope, receive, send)
                return

        async def again():
            return messages.pop(0) if messages else await receive()

        await self._app(scope, again, send)


class _GRPCServer(GRPCServer):
    def _create_server(self):
        self._server = aio.server(
            interceptors=[PromServerInterceptor(enable_handling_time_histogram=True)],
            options=self._get_options(),
        )
        servicer = _Servicer(self._data_plane, self._model_repository_handlers)
        add_GRPCInferenceServiceServicer_to_server(servicer, self._server)
        host, port = self._settings.host, self._settings.grpc_port
        self._server.add_insecure_port(f"{host}:{port}")
        return self._server


class _Servicer(InferenceServicer):
    """The gRPC server with defined error codes, without remote loading."""

    @handle_mlserver_error
    async def ModelReady(self, request, context):  # noqa: N802
        return await super().ModelReady(request, context)

    async def RepositoryModelLoad(self, request, context):  # noqa: N802
        await context.abort(StatusCode.UNIMPLEMENTED, "Models are loaded at the start.")

    RepositoryModelUnload = RepositoryModelLoad

    def _InsertHeaders(self, request, context):  # noqa: N802
        try:
            return super()._InsertHeaders(request, context)
        except (struct.error, IndexError, KeyError, ValueError, MemoryError) as error:
            raise InferenceError(
                f"`raw_input_contents` must hold the values of the inputs by their "
                f"datatypes and shapes. Received: {error}"
            ) from error
