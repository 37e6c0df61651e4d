"""Starts MLServer on exported models, with stricter checks and faster answers."""

import asyncio
import contextlib
import gc
import logging
import socket

from mlserver import MLServer
from mlserver.metrics.server import MetricsServer
from mlserver.server import HANDLED_SIGNALS
from mlserver.settings import ModelParameters, ModelSettings, Settings
from mlserver.utils import install_uvloop_event_loop
from starlette.applications import Starlette
from starlette.routing import Route

from keras_gen.serving.bodies import Reader
from keras_gen.serving.pool import Pool, WorkerError
from keras_gen.serving.rest import Rest, Uvicorn, limited
from keras_gen.serving.rpc import Rpc
from keras_gen.serving.runtime import Runtime
from keras_gen.serving.served import VERSION, Served
from keras_gen.serving.settings import read_settings

_LOGGER = logging.getLogger("mlserver.keras_gen")
# Beyond the deadline, to write an answer.
_SECONDS_TO_ANSWER = 5


def serve(
    repository,
    names,
    host="127.0.0.1",
    port=8080,
    workers=1,
    queue=1024,
    deadline=60.0,
    drain=0.0,
):
    """Serves models until SIGINT or SIGTERM.

    Then the server says that it is not ready, still answers for a while (`drain`, or
    until another signal), listens no more, finishes what it has, and ends.

    Open Inference Protocol V2: REST on `port`, gRPC on `port + 1`, and metrics for
    Prometheus on `port + 2` under `/metrics`.

    Args:
        repository: String or path of the folder that `write_repository()` wrote.
        names: Sequence of names of served models in it.
        host: String, the address to listen on.
        port: Integer.
        workers: Integer of at least 1, the number of processes that run the models.
        queue: Integer of at least 1, requests that may wait for a worker. Others are
            refused at once.
        deadline: Float, seconds until a request is given up.
        drain: Float, seconds for which a server that is told to stop takes requests.

    Raises:
        ValueError: If an argument is wrong, or a model cannot be loaded.
        OSError: If a port is in use.
    """
    signatures = read_settings(repository, names)
    for taken in range(port, port + 3):
        with socket.create_server((host, taken)):
            pass
    settings = _Settings(
        debug=False,
        host=host,
        http_port=port,
        grpc_port=port + 1,
        metrics_port=port + 2,
        # No workers of MLServer: they lose the requests of a worker that dies.
        parallel_workers=0,
        # MLServer compresses at the highest level, which takes most of the time.
        gzip_enabled=False,
        extensions=["binary_tensor_data"],
    )
    # Otherwise each line is logged twice if the root logger has a handler.
    logging.getLogger("mlserver").propagate = False
    install_uvloop_event_loop()
    pool = Pool(workers, queue=queue, deadline=deadline)
    asyncio.run(_serve(settings, signatures, pool, drain))


def _only_arguments(cls, settings_cls, init_settings, **others):
    """MLServer reads `.env` of the working folder too, which can name code to run."""
    return (init_settings,)


class _Settings(Settings):
    settings_customise_sources = classmethod(_only_arguments)


class _ModelSettings(ModelSettings):
    settings_customise_sources = classmethod(_only_arguments)


class _ModelParameters(ModelParameters):
    settings_customise_sources = classmethod(_only_arguments)


def _model_settings(signature, pool):
    """A `Signature` as MLServer's settings. What runs it is always `Runtime`."""
    return _ModelSettings(
        name=signature.name,
        implementation=Runtime,
        platform=signature.platform,
        versions=[VERSION],
        max_batch_size=signature.max_batch_size,
        inputs=signature.inputs,
        outputs=signature.outputs,
        parameters=_ModelParameters(
            version=VERSION,
            extra={
                "path": str(signature.path),
                "signature": signature.signature,
                "sha256": signature.sha256,
                "pool": pool,
            },
        ),
    )


async def _serve(settings, signatures, pool, drain):
    models = [_model_settings(signature, pool) for signature in signatures]
    names = [signature.name for signature in signatures]
    reader = Reader()
    # A request that the server has is answered within its deadline.
    finish = pool.deadline + _SECONDS_TO_ANSWER
    try:
        await reader.start()
        await _Server(settings, reader, names, drain, finish).start(models)
    finally:
        await reader.close()
        await pool.close()


class _Server(MLServer):
    """Loads all models before it listens, so that it never refuses a request.

    Args:
        settings: `Settings`.
        reader: `Reader`.
        names: Sequence of names of models.
        drain: Float, seconds for which it takes requests once it is told to stop.
        finish: Float, the seconds that it has to answer them.
    """

    def __init__(self, settings, reader, names, drain, finish):
        self._reader = reader
        self._names = names
        self._drain = drain
        self._finish = finish
        self._is_told_again = asyncio.Event()
        super().__init__(settings)

    def _create_servers(self):
        parts = (self._settings, self._data_plane, self._model_repository_handlers)
        self._served = Served(self._data_plane, self._names)
        self._rest_server = Rest(self._served, self._reader, self._finish, *parts)
        self._grpc_server = Rpc(self._served, self._reader, self._finish, *parts)
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
        # The loop keeps only weak references to tasks.
        loop, tasks = asyncio.get_running_loop(), set()
        for number in HANDLED_SIGNALS:
            loop.add_signal_handler(
                number, lambda n=number: tasks.add(asyncio.create_task(self.stop(n)))
            )
        # What is there stays. The collector would stop the event loop for a tenth of a
        # second to look through it, each time that a request makes many objects.
        gc.collect()
        gc.freeze()
        await asyncio.gather(
            self._rest_server.start(),
            self._grpc_server.start(),
            self._metrics_server.start(),
        )

    async def stop(self, sig=None):
        if self._served.is_stopping:
            self._is_told_again.set()
        else:
            self._served.is_stopping = True
            _LOGGER.info("Not ready any more. Stops in %g s.", self._drain)
            self._rest_server.turn_not_ready()
            await self._grpc_server.turn_not_ready()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._drain):
                    await self._is_told_again.wait()
        await asyncio.gather(self._rest_server.stop(sig), self._grpc_server.stop(sig))
        await self._metrics_server.stop(sig)


class _MetricsServer(MetricsServer):
    def _get_app(self):
        # Without the pages of FastAPI, which need a network.
        path, answer = self._settings.metrics_endpoint, self._endpoint.handle_metrics
        return Starlette(routes=[Route(path, answer)])

    async def start(self):
        self._server = Uvicorn(limited(self._get_config()))
        await self._server.serve()
