"""A server that is told to stop loses no request."""

import json
import os
import re
import signal
import socket
import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest

from .conftest import (
    Served,
    connection_to,
    free_port,
    seeds,
    send,
    start,
    wait_until_ready,
)

grpc = pytest.importorskip("grpc")
health_pb2 = pytest.importorskip("grpc_health.v1.health_pb2")
health_pb2_grpc = pytest.importorskip("grpc_health.v1.health_pb2_grpc")
protocol = pytest.importorskip("mlserver.grpc.dataplane_pb2")
services = pytest.importorskip("mlserver.grpc.dataplane_pb2_grpc")

# Far from what a slow machine takes: nothing here ends by it.
SECONDS = 3600


class Clients:
    """Clients that send one request after the other, half of them over gRPC."""

    def __init__(self, port, num):
        self.num = num
        self._port = port
        self._is_over = threading.Event()
        self._answered = threading.Semaphore(0)
        threads = ThreadPoolExecutor(num)
        asks = [self._ask_by_rest, self._ask_by_rpc]
        self._counts = [threads.submit(asks[index % 2]) for index in range(num)]

    def wait_for(self, num):
        """Waits for `num` more answers of all clients together."""
        for _ in range(num):
            wait_until(lambda: self._answered.acquire(timeout=0.1), self)

    def check_running(self):
        """Raises if a client has ended."""
        for count in self._counts:
            assert not count.done(), count.exception()

    def end(self):
        """No client sends another request."""
        self._is_over.set()

    def check(self):
        """Raises unless all requests of each client were answered."""
        assert all(count.result(timeout=SECONDS) > 0 for count in self._counts)

    def _count(self, ask):
        count = 0
        while not self._is_over.is_set():
            ask()
            self._answered.release()
            count += 1
        return count

    def _ask_by_rest(self):
        connection = connection_to(self._port, SECONDS)

        def ask():
            answer = send(connection, "gan/infer", {"inputs": [seeds([(7, 0)])]})
            assert answer[0] == 200

        return self._count(ask)

    def _ask_by_rpc(self):
        request = protocol.ModelInferRequest(model_name="gan")
        sent = request.inputs.add(name="seed", datatype="INT32", shape=[1, 2])
        sent.contents.int_contents.extend([7, 0])
        with grpc.insecure_channel(f"127.0.0.1:{self._port + 1}") as channel:
            stub = services.GRPCInferenceServiceStub(channel)
            return self._count(lambda: stub.ModelInfer(request))


def wait_until(is_so, clients):
    """Waits while some clients go on without an error."""
    deadline = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < deadline
        clients.check_running()
        time.sleep(0.02)


def ready(port):
    """Status, headers and body of the answer to a health check, on a new connection."""
    connection = connection_to(port, SECONDS)
    connection.request("GET", "/v2/health/ready")
    answer = connection.getresponse()
    return answer.status, answer.headers, json.loads(answer.read())


def metric(port, name):
    with urllib.request.urlopen(f"http://127.0.0.1:{port + 2}/metrics") as answer:
        return float(re.search(rf"^{name} (\S+)$", answer.read().decode(), re.M)[1])


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionError:
        return False
    return True


def test_a_server_that_stops_answers_all_requests(served, tmp_path):
    port, log = free_port(3), tmp_path / "log"
    options = ["--port", port, "--out", served.repository, "--workers", 2]
    options += ["--drain", SECONDS, "--deadline", SECONDS]
    process = start(["gan", *options], log)
    own = Served(process, port, log, served.repository, {})
    try:
        wait_until_ready(process, port, log)
        clients = Clients(port, 4)
        clients.wait_for(40)
        process.terminate()
        wait_until(lambda: ready(port)[0] == 503, clients)
        status, headers, body = ready(port)
        assert (status, headers["connection"], body) == (503, "close", {"ready": False})
        with grpc.insecure_channel(f"127.0.0.1:{port + 1}") as channel:
            stub = services.GRPCInferenceServiceStub(channel)
            assert not stub.ServerReady(protocol.ServerReadyRequest()).ready
            assert stub.ServerLive(protocol.ServerLiveRequest()).live
            check = health_pb2_grpc.HealthStub(channel).Check
            found = check(health_pb2.HealthCheckRequest()).status
            assert found == health_pb2.HealthCheckResponse.NOT_SERVING
        # It still answers, until it is told again.
        clients.wait_for(40)
        for pid in own.workers():
            os.kill(pid, signal.SIGSTOP)
        queue = "keras_gen_queue_requests"
        wait_until(lambda: metric(port, queue) == clients.num, clients)
        clients.end()
        process.terminate()
        wait_until(lambda: not listens(port), clients)
        assert process.poll() is None
        for pid in own.workers():
            os.kill(pid, signal.SIGCONT)
        clients.check()
        assert process.wait(timeout=SECONDS) == 0, log.read_text()
    finally:
        if process.poll() is None:
            for pid in (*own.workers(), process.pid):
                os.kill(pid, signal.SIGKILL)
            process.wait()
