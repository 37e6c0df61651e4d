"""Connections that wait for ever, or send without end, are closed."""

import asyncio
import contextlib
import json

import pytest

uvicorn = pytest.importorskip("uvicorn")
connections = pytest.importorskip("keras_gen.serving.connections")

GET = b"GET / HTTP/1.1\r\nHost: x\r\n"
POST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


async def echo(scope, receive, send):
    """Answers with the body, or at once if the path is /at_once."""
    assert scope["type"] == "http"
    body, more = b"", scope["path"] != "/at_once"
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body, more = body + message["body"], message["more_body"]
    length = str(len(body)).encode()
    start = {"status": 200, "headers": [(b"content-length", length)]}
    await send({"type": "http.response.start", **start})
    await send({"type": "http.response.body", "body": body})


def exchange(talk, **limits):
    """What a client does with a server whose connections have other limits.

    Args:
        talk: Coroutine function of a function that opens a connection.
        **limits: Attributes of `Connection`.
    """
    kind = type("Limited", (connections.Connection,), limits)

    class Server(uvicorn.Server):
        def capture_signals(self):
            return contextlib.nullcontext()

    async def run():
        config = uvicorn.Config(
            echo, port=0, http=kind, lifespan="off", log_config=None
        )
        server = Server(config)
        started = asyncio.Event()
        original = server.startup

        async def startup(**options):
            await original(**options)
            started.set()

        server.startup = startup
        serving = asyncio.create_task(server.serve())
        await started.wait()
        port = server.servers[0].sockets[0].getsockname()[1]
        try:
            async with asyncio.timeout(600):
                return await talk(lambda: asyncio.open_connection("127.0.0.1", port))
        finally:
            server.should_exit = True
            await serving

    return asyncio.run(run())


def answer_to(*pieces, **limits):
    """All that comes until the server closes, after pieces with nothing between."""

    async def talk(connect):
        reader, writer = await connect()
        for piece in pieces:
            writer.write(piece)
        found = await reader.read()
        writer.close()
        return found

    return exchange(talk, **limits)


def is_late(found):
    head, text = found.split(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408")
    assert b"connection: close" in head
    return json.loads(text) == {"error": "The head of the request came too slowly."}


@pytest.mark.parametrize("start", [b"", b"GET", GET, b"\r\n"])
def test_a_head_must_come_in_time(start):
    assert is_late(answer_to(start, head_seconds=0.2))


@pytest.mark.parametrize("start", [b"GET", GET, b"\r\n"])
def test_the_head_of_another_request_must_come_in_time(start):
    async def talk(connect):
        reader, writer = await connect()
        writer.write(GET + b"\r\n")
        await reader.readuntil(b"\r\n\r\n")
        writer.write(start)
        found = await reader.read()
        writer.close()
        return found

    assert is_late(exchange(talk, head_seconds=0.2))


@pytest.mark.parametrize("start", [GET, b""])
def test_a_head_may_not_trickle(start):
    async def talk(connect):
        reader, writer = await connect()
        found = asyncio.create_task(reader.read())
        writer.write(start)
        while not found.done():
            writer.write(b"x-more: 1\r\n" if start else b"\r\n")
            await asyncio.wait({found}, timeout=0.02)
        writer.close()
        # What is sent after the end can reset the connection and its answer.
        return b"408" in found.result() if found.exception() is None else True

    assert exchange(talk, head_seconds=0.2)


@pytest.mark.parametrize("pieces", [[POST], [POST, b"1234"], [CHUNKED, b"1\r\n"]])
def test_a_body_must_come_in_time(pieces):
    found = answer_to(*pieces, body_seconds=0.2)
    assert found.startswith(b"HTTP/1.1 408")
    assert b"The body of the request came too slowly." in found


def test_a_body_without_end_is_not_read_after_its_answer():
    head = CHUNKED.replace(b"POST /", b"POST /at_once")
    found = answer_to(head, b"1\r\n", body_seconds=0.2)
    assert found.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    "start", [b"GET /", GET + b"x: ", GET + b"x: 1\r\n", b"\r\n\r\n"]
)
def test_a_head_has_a_bounded_length(start):
    more = b"x: 1\r\n" if start.endswith(b"1\r\n") else b"1"
    more = b"\r\n" if start == b"\r\n\r\n" else more
    found = answer_to(start, more * 999, more * 999, head_bytes=1500)
    assert found.startswith(b"HTTP/1.1 431")
    assert b"A head may have 1500 bytes at most." in found


def test_many_requests_may_follow_each_other_and_long_bodies_are_received():
    async def talk(connect):
        reader, writer = await connect()
        for length in (9, 0, 200_000, 9):
            head = POST.replace(b"9", str(length).encode())
            writer.write(head + b"1" * length)
            found = await reader.readuntil(b"\r\n\r\n")
            assert found.startswith(b"HTTP/1.1 200")
            assert await reader.readexactly(length) == b"1" * length
        writer.close()

    exchange(talk, head_bytes=300)


def test_connections_beyond_the_limit_are_refused():
    async def talk(connect):
        kept = [await connect() for _ in range(3)]
        # Their server has met them all once they are answered.
        for reader, writer in kept:
            writer.write(GET + b"\r\n")
            await reader.readuntil(b"\r\n\r\n")
        reader, writer = await connect()
        refused = await reader.read()
        writer.close()
        kept[0][1].close()
        await kept[0][1].wait_closed()
        answered = b""
        while not answered.startswith(b"HTTP/1.1 200"):
            reader, writer = await connect()
            writer.write(GET + b"Connection: close\r\n\r\n")
            answered = await reader.read()
            writer.close()
        for _, writer in kept:
            writer.close()
        return refused

    found = exchange(talk, most=3)
    assert found.startswith(b"HTTP/1.1 503")
    assert b"The server has 3 connections. Try again." in found
