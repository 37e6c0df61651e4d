"""What a client gets when a limit is reached, and what it leaves behind."""

import asyncio
import json
import re
import socket
from types import SimpleNamespace

import pytest

from . import hostile

grpc = pytest.importorskip("grpc")
pytest.importorskip("mlserver")

from keras_gen.serving.bodies import Bodies, RefusedError  # noqa: E402
from keras_gen.serving.pool import (  # noqa: E402
    DeadlineError,
    QueueFullError,
    WorkerError,
)
from keras_gen.serving.requests import Stated  # noqa: E402
from keras_gen.serving.rest import Rest, _unless_gone  # noqa: E402
from keras_gen.serving.rpc import _unary  # noqa: E402

ERRORS = [
    (QueueFullError("full"), 429, "RESOURCE_EXHAUSTED"),
    (DeadlineError("late"), 504, "DEADLINE_EXCEEDED"),
    (WorkerError("dead"), 500, "INTERNAL"),
    (RefusedError(413, "long"), 413, "RESOURCE_EXHAUSTED"),
]


@pytest.mark.parametrize(("error", "status", "code"), ERRORS)
def test_an_error_has_a_status_and_a_code(error, status, code):
    async def fails(*arguments):
        raise error

    aborted = []

    async def abort(code, details):
        aborted.append((code.name, details))

    context = SimpleNamespace(abort=abort)
    asyncio.run(_unary(fails).unary_unary(b"", context))
    assert aborted == [(code, str(error))]
    response = asyncio.run(Rest._infer(SimpleNamespace(_answer=fails), None))
    assert response.status_code == status
    assert json.loads(response.body) == {"error": str(error)}
    assert response.headers.get("retry-after") == ("1" if status == 429 else None)


def test_a_request_whose_client_has_gone_is_given_up():
    cancelled = asyncio.Event()

    async def forever():
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            cancelled.set()

    async def disconnect():
        return {"type": "http.disconnect"}

    async def run():
        with pytest.raises(RefusedError, match="has gone"):
            await _unless_gone(SimpleNamespace(receive=disconnect), forever())
        await cancelled.wait()

    asyncio.run(run())


def test_all_bodies_together_have_a_bounded_length(monkeypatch):
    """A body has its place from its 64th KiB to its end, also if it breaks off."""
    monkeypatch.setattr("keras_gen.serving.bodies._MAX_BYTES_OF_ALL", 300_000)
    stated = Stated([{"name": "x", "datatype": "FP32", "shape": [-1, 4096]}], ["x"], 64)

    async def run(ends):
        bodies, waiting = Bodies(), []

        async def receive(pieces):
            if pieces:
                return {"type": "http.request", "body": pieces.pop(), "more_body": True}
            return await ends

        for _ in range(3):
            part = receive.__get__([bytes(70_000)])
            body = bodies.receive(part, stated, announced=100_000)
            waiting.append(asyncio.ensure_future(body))
        await asyncio.sleep(0)
        part = receive.__get__([bytes(70_000)])
        with pytest.raises(RefusedError, match="receives too much") as refused:
            await bodies.receive(part, stated, announced=100_000)
        assert (refused.value.status, refused.value.closes) == (503, True)
        return bodies, waiting

    async def whole():
        ends = asyncio.get_running_loop().create_future()
        bodies, waiting = await run(ends)
        ends.set_result({"type": "http.request", "body": bytes(30_000)})
        assert [len(body) for body in await asyncio.gather(*waiting)] == [100_000] * 3
        assert bodies._free == 300_000

    async def broken():
        ends = asyncio.get_running_loop().create_future()
        bodies, waiting = await run(ends)
        ends.set_result({"type": "http.disconnect"})
        found = await asyncio.gather(*waiting, return_exceptions=True)
        assert all("broken off" in str(error) for error in found)
        assert bodies._free == 300_000

    asyncio.run(whole())
    asyncio.run(broken())


def connect(served, model, length):
    """A connection on which a body of some length has been announced."""
    client = socket.create_connection(("127.0.0.1", served.port), timeout=600)
    head = f"POST /v2/models/{model}/infer HTTP/1.1\r\nHost: x\r\n"
    client.sendall(f"{head}Content-Length: {length}\r\n\r\n".encode())
    return client


def read_all(client):
    """What comes until the server closes."""
    found = b""
    while piece := client.recv(2**16):
        found += piece
    client.close()
    return found


@pytest.mark.parametrize("is_sent", [False, True])
def test_the_connection_closes_after_413(served, is_sent):
    client = connect(served, "gan", 10**6)
    if is_sent:
        client.sendall(bytes(10**6))
    found = read_all(client)
    assert found.startswith(b"HTTP/1.1 413")
    assert b"connection: close" in found
    assert b"Bodies may have 73728 bytes at most for this model." in found


def test_the_connection_stays_after_a_wrong_body(served):
    connection = served.connection()
    for _ in range(3):
        connection.request("POST", "/v2/models/large/infer", b"[" * 10**6)
        answer = connection.getresponse()
        assert (answer.status, bool(answer.read())) == (400, True)
        assert connection.sock is not None


def test_memory_of_unfinished_bodies_is_given_back(served):
    pid = served.process.pid
    length = 15 * 2**20
    first = connect(served, "large", length)
    first.close()
    before = hostile.memory_of(pid)
    clients = [connect(served, "large", length) for _ in range(6)]
    for client in clients:
        client.sendall(bytes(length - 1))
    # This one is answered after the server has read what the others have sent.
    assert hostile.post(served.port, "large", b"[" * length) == 400
    assert hostile.memory_of(pid) - before > 30 * 2**20
    for client in clients:
        client.sendall(b"1")
    for client in clients:
        assert re.match(rb"HTTP/1.1 400", client.recv(2**16))
        client.close()
    assert hostile.memory_of(pid) - before < 30 * 2**20


def test_grpc_refuses_more_connections_than_the_limit(served):
    from keras_gen.serving.connections import Connection

    address = ("127.0.0.1", served.port + 1)
    clients = [socket.create_connection(address, 60) for _ in range(Connection.most)]
    try:
        for client in clients:
            # The settings of a server that has taken the connection.
            client.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0")
        assert all(client.recv(1) for client in clients[: Connection.most // 2])
        more = socket.create_connection(address, 60)
        assert read_or_reset(more) == b""
    finally:
        for client in clients:
            client.close()


def read_or_reset(client):
    try:
        return read_all(client)
    except ConnectionResetError:
        return b""
