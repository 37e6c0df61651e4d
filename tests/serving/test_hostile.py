"""No request takes the event loop, or the memory, from the others."""

import http.client
import json
import os

import numpy as np
import pytest

from . import hostile

grpc = pytest.importorskip("grpc")

# Seconds of processor of the event loop, and of a health check beside a request.
MOST_SECONDS = 0.1
LATEST_CHECK = 0.25
MOST_TRIES = 5
MOST_BYTES = 100 * 2**20
# As much as the small model takes, as much as any takes, and more.
SIZES = {"gan": [72_000], "large": [2**20, 2**24 - 999]}
INPUTS = {"gan": ("seed", "INT32", [2]), "large": ("inputs", "FP32", [64, 64, 3])}


def processes(served):
    """The server and the process that reads for it, of which each request may take."""
    pid, workers = served.process.pid, served.workers()
    return [pid, *(child for child in hostile.children_of(pid) if child not in workers)]


def check(served, send, *request):
    """Sends a request beside health checks, within the bounds.

    Other processes of the machine add to a time and take nothing from it, so the
    request may be sent again: one try within the bounds shows that they hold.
    """
    pids = processes(served)
    for _ in range(MOST_TRIES):
        before = [hostile.memory_of(pid) for pid in pids]
        for pid in pids:
            hostile.forget_most(pid)
        used = hostile.used_by(pids[0])
        with hostile.Watch(served.port, pids[0]) as watch:
            code = send(*request)
        used = hostile.used_by(pids[0]) - used
        most = [hostile.memory_of(pid, most=True) for pid in pids]
        assert sum(most) - sum(before) < MOST_BYTES
        if used < MOST_SECONDS and watch.latest < LATEST_CHECK:
            break
    assert used < MOST_SECONDS
    assert watch.latest < LATEST_CHECK
    return code


@pytest.mark.parametrize("model", SIZES)
@pytest.mark.parametrize("kind", hostile.bodies("", "", []))
def test_no_body_stops_the_server(served, model, kind):
    make = hostile.bodies(*INPUTS[model])[kind]
    for size in SIZES[model]:
        status = check(served, hostile.post, served.port, model, make(size))
        assert status == 400


@pytest.mark.parametrize("model", SIZES)
@pytest.mark.parametrize("kind", hostile.messages("", "", ""))
def test_no_message_stops_the_server(served, model, kind):
    make = hostile.messages(model, *INPUTS[model][:2])[kind]
    with grpc.insecure_channel(f"127.0.0.1:{served.port + 1}") as channel:
        for size in SIZES[model]:
            code = check(served, hostile.call, channel, make(size))
            assert code in ("INVALID_ARGUMENT", "NOT_FOUND")


@pytest.mark.parametrize("model", SIZES)
def test_a_body_that_is_too_long_for_a_model_is_not_received(served, model):
    body = bytes(2**24 + 2**20)
    assert check(served, hostile.post, served.port, model, body) == 413


def test_hostile_requests_leave_no_memory_behind(served):
    pids = processes(served)
    sizes = (300, 30_000, 2**20)
    hostile.attack(served.port, "large", *INPUTS["large"], 100, sizes)
    before = sum(map(hostile.memory_of, pids))
    found = hostile.attack(served.port, "large", *INPUTS["large"], 400, sizes)
    assert sum(map(hostile.memory_of, pids)) - before < 50 * 2**20
    assert found.keys() == {400, "INVALID_ARGUMENT", "NOT_FOUND"}


def test_names_that_are_made_up_do_not_become_metrics(served):
    hostile.post(served.port, "made_up", b"{}")
    with grpc.insecure_channel(f"127.0.0.1:{served.port + 1}") as channel:
        assert hostile.call(channel, hostile.packed(1, b"made_up")) == "NOT_FOUND"
    connection = http.client.HTTPConnection("127.0.0.1", served.port + 2)
    connection.request("GET", "/metrics")
    assert b"made_up" not in connection.getresponse().read()
    log = os.stat(served.log).st_size
    hostile.attack(served.port, "gan", *INPUTS["gan"], 100)
    assert os.stat(served.log).st_size == log


def test_the_largest_request_is_answered(served):
    numbers = np.linspace(0, 1, 64 * 64 * 64 * 3).round(6).reshape(64, 64, 64, 3)
    given = {"name": "inputs", "datatype": "FP32", "shape": numbers.shape}
    body = json.dumps({"inputs": [{**given, "data": numbers.tolist()}]}).encode()
    assert check(served, hostile.post, served.port, "large", body) == 200
