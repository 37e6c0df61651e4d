"""The gRPC server: the protocol's service, with defined error codes."""

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection
from mlserver.errors import MLServerError
from mlserver.grpc import dataplane_pb2 as protocol
from mlserver.grpc.converters import (
    ModelMetadataResponseConverter,
    ServerMetadataResponseConverter,
)
from mlserver.grpc.interceptors import PromServerInterceptor
from mlserver.grpc.server import GRPCServer

from keras_gen.serving.bodies import MAX_BYTES, RefusedError, most_bytes
from keras_gen.serving.connections import Connection
from keras_gen.serving.messages import CONTENTS, name_and_version
from keras_gen.serving.pool import DeadlineError, QueueFullError, WorkerError
from keras_gen.serving.requests import DATATYPES, DTYPES
from keras_gen.serving.served import VERSION

_SERVICE = "inference.GRPCInferenceService"
_MAX_BYTES_OF_A_NAME = 4096
# More than the queue takes, whose refusal says more.
_MAX_CALLS = 4096
_MAX_CALLS_OF_A_CONNECTION = 256
_IDLE_SECONDS = 300
_CODES = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    404: grpc.StatusCode.NOT_FOUND,
    413: grpc.StatusCode.RESOURCE_EXHAUSTED,
}


class Rpc(GRPCServer):
    """The gRPC server.

    Args:
        served: `keras_gen.serving.served.Served`.
        reader: `keras_gen.serving.bodies.Reader`.
        finish: Float, seconds for calls that run when the server stops.
        *parts: What `GRPCServer` takes.
    """

    def __init__(self, served, reader, finish, *parts):
        super().__init__(*parts)
        self._finish = finish
        self._servicer = _Servicer(served, reader, self._data_plane)

    def _create_server(self):
        self._server = grpc.aio.server(
            interceptors=[PromServerInterceptor(enable_handling_time_histogram=True)],
            options=[
                ("grpc.max_receive_message_length", MAX_BYTES),
                ("grpc.max_send_message_length", -1),
                ("grpc.max_allowed_incoming_connections", Connection.most),
                ("grpc.max_concurrent_streams", _MAX_CALLS_OF_A_CONNECTION),
                ("grpc.max_connection_idle_ms", _IDLE_SECONDS * 1000),
                # A connection whose client is gone without a word.
                ("grpc.keepalive_time_ms", _IDLE_SECONDS * 1000),
                ("grpc.keepalive_timeout_ms", 20_000),
            ],
            maximum_concurrent_rpcs=_MAX_CALLS,
        )
        handlers = self._servicer.handlers()
        self._server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler(_SERVICE, handlers),)
        )
        self._health = health.aio.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        names = (_SERVICE, health.SERVICE_NAME, reflection.SERVICE_NAME)
        reflection.enable_server_reflection(names, self._server)
        host, port = self._settings.host, self._settings.grpc_port
        self._server.add_insecure_port(f"{host}:{port}")
        return self._server

    async def start(self):
        self._create_server()
        serving = health_pb2.HealthCheckResponse.SERVING
        for name in ("", _SERVICE):
            await self._health.set(name, serving)
        await self._server.start()
        await self._server.wait_for_termination()

    async def turn_not_ready(self):
        """Tells health checks that the server stops. It still answers."""
        await self._health.enter_graceful_shutdown()

    async def stop(self, sig=None):
        await self._server.stop(self._finish)


def _unary(method, request_class=None):
    """A method as a function from bytes to bytes, which turns errors into codes.

    gRPC would parse a message of any length itself, and log each error.

    Args:
        method: Function from a message, or bytes, to a message.
        request_class: Optional class of messages.
    """

    async def answer(message, context):
        try:
            if request_class is not None:
                message = _parsed(request_class, message)
            return (await method(message)).SerializeToString()
        except RefusedError as error:
            await context.abort(_CODES[error.status], str(error))
        except QueueFullError as error:
            await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, str(error))
        except DeadlineError as error:
            await context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, str(error))
        except WorkerError as error:
            await context.abort(grpc.StatusCode.INTERNAL, str(error))
        except MLServerError as error:
            await context.abort(_CODES[error.status_code], str(error))

    return grpc.unary_unary_rpc_method_handler(answer)


def _parsed(request_class, message):
    if len(message) > _MAX_BYTES_OF_A_NAME:
        raise RefusedError(
            413, f"Messages may have {_MAX_BYTES_OF_A_NAME} bytes at most here."
        )
    try:
        return request_class.FromString(message)
    except Exception as error:
        # The class of the error depends on how protobuf was built.
        raise RefusedError(400, f"The message is malformed: {error}") from None


def _unsupported(sentence, is_stream=False):
    async def answer(message, context):
        await context.abort(grpc.StatusCode.UNIMPLEMENTED, sentence)

    async def answers(messages, context):
        await context.abort(grpc.StatusCode.UNIMPLEMENTED, sentence)
        yield

    if is_stream:
        return grpc.stream_stream_rpc_method_handler(answers)
    return grpc.unary_unary_rpc_method_handler(answer)


class _Servicer:
    """Answers the calls of the protocol."""

    def __init__(self, served, reader, data_plane):
        self._served = served
        self._reader = reader
        self._data_plane = data_plane

    def handlers(self):
        """Dict from names of methods to what handles them."""
        loading = _unsupported("Models are loaded at the start.")
        return {
            "ServerLive": _unary(self._live, protocol.ServerLiveRequest),
            "ServerReady": _unary(self._ready, protocol.ServerReadyRequest),
            "ModelReady": _unary(self._model_ready, protocol.ModelReadyRequest),
            "ServerMetadata": _unary(self._metadata, protocol.ServerMetadataRequest),
            "ModelMetadata": _unary(
                self._model_metadata, protocol.ModelMetadataRequest
            ),
            "ModelInfer": _unary(self._infer),
            "ModelStreamInfer": _unsupported(
                "There are no streams: send each request by ModelInfer.", is_stream=True
            ),
            "RepositoryIndex": loading,
            "RepositoryModelLoad": loading,
            "RepositoryModelUnload": loading,
        }

    async def _live(self, request):
        return protocol.ServerLiveResponse(live=await self._data_plane.live())

    async def _ready(self, request):
        return protocol.ServerReadyResponse(ready=await self._served.is_ready())

    async def _model_ready(self, request):
        is_ready = await self._served.is_model_ready(request.name, request.version)
        return protocol.ModelReadyResponse(ready=is_ready)

    async def _metadata(self, request):
        found = await self._data_plane.metadata()
        return ServerMetadataResponseConverter.from_types(found)

    async def _model_metadata(self, request):
        model = await self._served.model(request.name, request.version)
        return ModelMetadataResponseConverter.from_types(await model.metadata())

    async def _infer(self, message):
        try:
            name, version = name_and_version(message)
            model = await self._served.model(name, version)
            limit = most_bytes(model.stated)
            if len(message) > limit:
                raise RefusedError(
                    413, f"Messages may have {limit} bytes at most for this model."
                )
            async with self._served.counted(name):
                wanted = await self._reader.read_message(message, model.stated)
                outputs = await model.run(wanted)
        except ValueError as error:
            raise RefusedError(400, str(error)) from error
        answer = protocol.ModelInferResponse(
            model_name=name, model_version=VERSION, id=wanted.id
        )
        for name, values in outputs.items():
            datatype = DATATYPES[values.dtype.name]
            output = answer.outputs.add(
                name=name, datatype=datatype, shape=values.shape
            )
            if wanted.outputs[name]:
                raw = values.astype(DTYPES[datatype], copy=False).tobytes()
                answer.raw_output_contents.append(raw)
            else:
                getattr(output.contents, CONTENTS[datatype]).extend(
                    values.reshape(-1).tolist()
                )
        return answer
