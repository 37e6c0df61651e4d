"""Sends a server hostile requests beside good ones, and says what the good ones felt.

    python tests/serving/hostile.py PID 8080 vae_mnist 10000

The server with this process id runs on this machine. The model samples from seeds.
"""

import http.client
import json
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np


def filled(start, unit, end, size):
    """Bytes of about a size, which repeat a unit."""
    return start + unit * ((size - len(start) - len(end)) // len(unit)) + end


def tensor(name, datatype, shape, data):
    """The start and the end of a request of one input, around its numbers."""
    return (
        b'{"inputs": [{"name": "%s", "datatype": "%s", "shape": %s, "data": %s'
        % (name.encode(), datatype.encode(), json.dumps(shape).encode(), data),
        b"}]}",
    )


def bodies(name, datatype, shape):
    """Dict of functions from a size to a hostile body, for an input of a model."""
    start, end = tensor(name, datatype, [1, *shape], b"")

    def data(first, unit, last=b"0]"):
        return lambda size: filled(start + first, unit, last + end, size)

    return {
        "empty inputs": lambda size: filled(b'{"inputs": [', b"{},", b"{}]}", size),
        "empty outputs": lambda size: filled(
            b'{"inputs": [], "outputs": [', b"{},", b"{}]}", size
        ),
        "lists for inputs": lambda size: filled(b'{"inputs": [', b"[],", b"[]]}", size),
        "parameters": lambda size: filled(
            b'{"inputs": [], "parameters": {', b'"":0,', b'"":0}}', size
        ),
        "axes": lambda size: filled(
            b'{"inputs": [{"name": "x", "datatype": "FP32", "shape": [',
            b"1,",
            b'1], "data": []}]}',
            size,
        ),
        "empty lists": data(b"[", b"[],"),
        "ragged lists": data(b"[", b"[1,[2]],"),
        "objects": data(b"[", b"{},"),
        "nested lists": lambda size: (
            start + b"[" * (size // 2 - 99) + b"]" * (size // 2 - 99) + end
        ),
        "short numbers": data(b"[", b"1,"),
        "long numbers": data(b"[", b"0." + b"1" * 98 + b","),
        "one number": data(b"[", b"1" * 64),
        "one text among numbers": data(b'["%s",' % (b"7" * 9999), b"1,"),
        "one text": data(b'["', b"7" * 64, b'"]'),
        "texts": data(b"[", b'"",'),
        "escapes": data(b'["', b"\\u0000", b'"]'),
        "nulls": data(b"[", b"null,"),
        "spaces": lambda size: filled(b"", b" " * 64, b"{}", size),
        "no text": lambda size: b"\xff" * size,
        "no end": lambda size: filled(start + b"[", b"1,", b"", size),
    }


def packed(number, content):
    """A field of a gRPC message that has a length."""
    length, digits = len(content), b""
    while length > 127:
        digits += bytes([length & 127 | 128])
        length >>= 7
    return bytes([number << 3 | 2]) + digits + bytes([length]) + content


def messages(model, name, datatype):
    """Dict of functions from a size to a hostile gRPC message."""
    called = packed(1, model.encode())
    described = packed(1, name.encode()) + packed(2, datatype.encode())

    def within(content):
        return called + packed(5, described + content)

    def contents(number):
        return lambda size: within(packed(5, packed(number, b"\1" * size)))

    return {
        "empty inputs": lambda size: called + packed(5, b"") * (size // 2),
        "empty outputs": lambda size: called + packed(6, b"") * (size // 2),
        "empty parameters": lambda size: called + packed(4, b"") * (size // 2),
        "empty raw contents": lambda size: called + packed(7, b"") * (size // 2),
        "parameters of an input": lambda size: within(packed(4, b"") * (size // 2)),
        "parameters of an output": lambda size: (
            called + packed(6, packed(2, b"") * (size // 2))
        ),
        "axes": lambda size: within(packed(3, b"\1" * size)),
        "booleans": contents(1),
        "integers": contents(2),
        "long integers": contents(3),
        "numbers": contents(6),
        "texts": lambda size: within(packed(5, packed(8, b"") * (size // 2))),
        "unknown fields": lambda size: called + packed(15, b"") * (size // 2),
        "groups": lambda size: called + b"\x0b" * size,
        "a name": lambda size: packed(1, b"a" * size),
        "a name that is no text": lambda size: packed(1, b"\xff" * size),
        "broken numbers": lambda size: called + b"\xff" * size,
        "nothing": lambda size: bytes(size),
    }


class Watch:
    """Asks a server for its health for the time of a block, again and again.

    Attributes:
        latest: Float, the longest time of an answer in seconds, without the time in
            which the machine had no processor for the server.
    """

    def __init__(self, port, pid):
        self._port = port
        self._pid = pid
        self._ends = threading.Event()
        self.latest = 0.0

    def _ask(self):
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=600)
        while not self._ends.is_set():
            begin, waited = time.perf_counter(), waited_of(self._pid)
            own = waited_of("thread-self")
            connection.request("GET", "/v2/health/live")
            assert connection.getresponse().read() is not None
            late = waited_of(self._pid) - waited + waited_of("thread-self") - own
            self.latest = max(self.latest, time.perf_counter() - begin - late)
            self._ends.wait(0.005)
        connection.close()

    def __enter__(self):
        self._thread = threading.Thread(target=self._ask)
        self._thread.start()
        return self

    def __exit__(self, *error):
        self._ends.set()
        self._thread.join()


def used_by(pid):
    """Processor seconds of the main thread of a process, which runs the event loop."""
    schedule = Path(f"/proc/{pid}/task/{pid}/schedstat").read_text()
    return int(schedule.split()[0]) / 1e9


def waited_of(pid):
    """Seconds for which the main thread of a process waited for a processor."""
    task = f"{pid}" if pid == "thread-self" else f"{pid}/task/{pid}"
    return int(Path(f"/proc/{task}/schedstat").read_text().split()[1]) / 1e9


def memory_of(pid, most=False):
    """Bytes of memory of a process; with `most`, the most since `forget_most()`."""
    name = "VmHWM" if most else "VmRSS"
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * 1024
    return 0


def forget_most(pid):
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def children_of(pid):
    """The processes that a process has started."""
    return [
        int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    ]


def post(port, model, body):
    """The status of the answer to a body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    try:
        connection.request(
            "POST",
            f"/v2/models/{model}/infer",
            body,
            {"Content-Type": "application/json"},
        )
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


def call(channel, message):
    """The name of the code of the answer to a gRPC message."""
    import grpc

    try:
        channel.unary_unary("/inference.GRPCInferenceService/ModelInfer")(message)
    except grpc.RpcError as error:
        return error.code().name
    return "OK"


def attack(port, model, name, datatype, shape, num, sizes=(300, 30_000, 72_000)):
    """Sends hostile requests from eight clients; counts statuses."""
    import grpc

    texts = list(bodies(name, datatype, shape).values())
    wires = list(messages(model, name, datatype).values())
    with grpc.insecure_channel(f"127.0.0.1:{port + 1}") as channel:

        def one(number):
            size = sizes[number // 2 % len(sizes)]
            if number % 2:
                return call(channel, wires[number // 6 % len(wires)](size))
            return post(port, model, texts[number // 6 % len(texts)](size))

        with ThreadPoolExecutor(8) as threads:
            found = list(threads.map(one, range(num)))
    return {status: found.count(status) for status in set(found)}


def main(pid, port, model, num):
    pids = (pid, *children_of(pid))
    before = sum(map(memory_of, pids))
    times, statuses = [], []

    def good():
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
        for row in range(num // 10):
            seed = {
                "name": "seed",
                "shape": [1, 2],
                "datatype": "INT32",
                "data": [7, row],
            }
            begin = time.perf_counter()
            connection.request(
                "POST", f"/v2/models/{model}/infer", json.dumps({"inputs": [seed]})
            )
            answer = connection.getresponse()
            answer.read()
            times.append(time.perf_counter() - begin)
            statuses.append(answer.status)

    thread = threading.Thread(target=good)
    begin = time.perf_counter()
    thread.start()
    sizes = (300, 30_000, 300_000, 2_000_000)
    found = attack(port, model, "seed", "INT32", [2], num, sizes)
    thread.join()
    print(f"{num} hostile requests in {time.perf_counter() - begin:.0f} s: {found}")
    print(
        f"{len(times)} good ones: {statuses.count(200)} answered, median "
        f"{np.median(times) * 1000:.0f} ms, latest {max(times) * 1000:.0f} ms"
    )
    time.sleep(1)
    after = sum(map(memory_of, pids))
    print(f"memory: {before / 2**20:.0f} MiB before, {after / 2**20:.0f} MiB after")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
