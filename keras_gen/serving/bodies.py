"""Receives the bodies of requests, and reads them without stopping the event loop.

What a body may hold is bounded by what the model takes. It is counted while it arrives,
so that a body that holds too much is neither kept nor parsed. Long bodies are read in a
separate process.
"""

import asyncio
import mmap
import pickle
from pathlib import Path

from keras_gen.serving.messages import read_message
from keras_gen.serving.processes import Process
from keras_gen.serving.requests import Request, read_json

# The longest body of a request: 64 colour images of 64 x 64 as JSON.
MAX_BYTES = 16 * 2**20
# Of all bodies that are being received.
_MAX_BYTES_OF_ALL = 256 * 2**20
# Up to this length a body is kept in pieces and read by the event loop.
_SHORT = 2**16
# A number of a nested array in JSON, with spaces and brackets around it.
_BYTES_OF_A_NUMBER = 64
# Objects of a request. Each input and each output has two.
_MAX_OBJECTS = 512
# Brackets and commas beside those of the numbers.
_MAX_MARKS = 4096
_READER = Path(__file__).with_name("reader.py")


class RefusedError(Exception):
    """A request is refused.

    Attributes:
        status: Integer, the status of HTTP.
        closes: Boolean, whether the rest of the body is not read, so that the
            connection must close.
    """

    def __init__(self, status, message, closes=False):
        super().__init__(message)
        self.status = status
        self.closes = closes


def most_bytes(stated):
    """The longest request that a model can need."""
    return min(MAX_BYTES, _SHORT + _BYTES_OF_A_NUMBER * stated.num_values)


class Bodies:
    """Receives bodies, and limits the length of all of them together."""

    def __init__(self):
        self._free = _MAX_BYTES_OF_ALL

    async def receive(self, receive, stated, announced=None, header_length=None):
        """The whole body of a request.

        Args:
            receive: Function of an ASGI application.
            stated: `keras_gen.serving.requests.Stated`.
            announced: Optional integer, the length that the request states.
            header_length: Optional integer, the length of the JSON in the body.

        Returns:
            `bytes`, or a memoryview of a long body.

        Raises:
            RefusedError: If it holds more than the model takes, or ends too early.
        """
        limit = most_bytes(stated)
        if announced is not None and announced > limit:
            raise _too_long(limit)
        capacity = limit if announced is None else announced
        marks, body, length = _Marks(stated, header_length), _Body(capacity), 0
        reserved = 0
        try:
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise RefusedError(400, "The body has broken off.", closes=True)
                piece = message.get("body", b"")
                length += len(piece)
                if length > limit:
                    raise _too_long(limit)
                if not reserved and length > _SHORT:
                    if capacity > self._free:
                        raise RefusedError(
                            503, "The server receives too much. Try again.", closes=True
                        )
                    reserved = capacity
                    self._free -= reserved
                if not marks.wrong:
                    marks.count(piece)
                    body.append(piece)
                # A wrong body is received to its end, so that its sender reads why.
                if not message.get("more_body"):
                    break
        finally:
            self._free += reserved
        if marks.wrong:
            raise RefusedError(400, marks.wrong)
        return body.whole()


def _too_long(limit):
    return RefusedError(
        413, f"Bodies may have {limit} bytes at most for this model.", closes=True
    )


class _Body:
    """The pieces of a body, joined.

    A long one lies in memory of its own, which the system gets back whole.
    """

    def __init__(self, capacity):
        self._capacity = capacity
        self._short = bytearray()
        self._long = None
        self._length = 0

    def append(self, piece):
        first, self._length = self._length, self._length + len(piece)
        if self._length <= _SHORT:
            self._short += piece
            return
        if self._long is None:
            self._long = mmap.mmap(-1, max(self._capacity, self._length))
            self._long[:first] = bytes(self._short)
            self._short.clear()
        self._long[first : self._length] = piece

    def whole(self):
        if self._long is None:
            return bytes(self._short)
        return memoryview(self._long)[: self._length]


class _Marks:
    """Counts what JSON makes objects of, before there are any.

    Marks within strings count as well; no model has names that matter.

    Attributes:
        wrong: String, what there is too much of; empty if nothing.
    """

    def __init__(self, stated, header_length):
        self._left = {
            b"{": (_MAX_OBJECTS, "objects"),
            b"[": (_MAX_MARKS + 2 * stated.num_values, "lists"),
            b",": (_MAX_MARKS + stated.num_values, "values"),
        }
        self._header_length = header_length
        self.wrong = ""

    def count(self, piece):
        if self._header_length is not None:
            piece = piece[: self._header_length]
            self._header_length -= len(piece)
        for mark, (left, name) in self._left.items():
            left -= piece.count(mark)
            self._left[mark] = left, name
            if left < 0:
                self.wrong = f"The body has more {name} than the model can take."


class Reader:
    """Reads requests. Long ones are read in a separate process, in turn."""

    def __init__(self):
        self._process = Process(_READER, "reader")
        self._lock = asyncio.Lock()

    async def start(self):
        """Starts the process."""
        await self._process.start()

    async def close(self):
        """Lets the process end."""
        await self._process.close()

    async def read_json(self, body, stated, header_length=None):
        """`keras_gen.serving.requests.read_json()`."""
        if len(body) <= _SHORT:
            return read_json(body, stated, header_length)
        return await self._read("json", body, stated, header_length)

    async def read_message(self, message, stated):
        """`keras_gen.serving.messages.read_message()`."""
        if len(message) <= _SHORT:
            return read_message(message, stated)
        return await self._read("message", message, stated)

    async def _read(self, kind, body, *arguments):
        # Not cancelled with the request: the answer would meet the next one.
        task = asyncio.ensure_future(self._ask(kind, memoryview(body), arguments))
        answer = await asyncio.shield(task)
        if not isinstance(answer, Request):
            raise ValueError(answer)
        return answer

    async def _ask(self, kind, body, arguments):
        job = pickle.dumps((kind, *arguments))
        async with self._lock:
            answer = await self._process.answer(len(job).to_bytes(8), job, body)
        if answer is None:
            return "The request could not be read."
        return pickle.loads(answer)
