"""One server for all tests here, with a generator in one pass and a model of sites."""

import http.client
import json
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
import pytest
from contracts import make_tiny

import keras_gen
from keras_gen.models import GAN, GatedPixelCNN
from keras_gen.serving import write_repository

NUM_WORKERS = 2


class Served(NamedTuple):
    """A running server, and the models that it should be."""

    process: subprocess.Popen
    port: int
    log: Path
    repository: Path
    models: dict

    def workers(self):
        """Process ids of the workers, in the order of their start."""
        started = re.findall(r"Started worker process (\d+)", self.log.read_text())
        return [int(pid) for pid in started]

    def connection(self):
        return connection_to(self.port)


def connection_to(port, seconds=600):
    """A connection to the REST port of a server."""
    return http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)


def send(connection, path, body, kind="application/json"):
    """Status and JSON of the answer to a body: bytes, or what is sent as JSON."""
    body = body if isinstance(body, bytes) else json.dumps(body)
    connection.request("POST", f"/v2/models/{path}", body, {"Content-Type": kind})
    response = connection.getresponse()
    return response.status, json.loads(response.read() or "null")


def tensor(name, datatype, values):
    """An input of a request."""
    values = np.asarray(values)
    data = values.reshape(-1).tolist()
    return {"name": name, "shape": values.shape, "datatype": datatype, "data": data}


def seeds(pairs):
    return tensor("seed", "INT32", pairs)


def labels(values):
    return tensor("y", "INT32", values)


def output_of(answer):
    """The one output of an answer, as an array."""
    (output,) = answer["outputs"]
    return np.array(output["data"]).reshape(output["shape"])


def is_image(found, expected):
    return found.shape == expected.shape and np.abs(found - expected).max() <= 1


def free_port(num):
    """The first of some free ports in a row."""
    while True:
        with socket.create_server(("127.0.0.1", 0)) as first:
            port = first.getsockname()[1]
        try:
            for other in range(port, port + num):
                socket.create_server(("127.0.0.1", other)).close()
        except (OSError, OverflowError):
            continue
        return port


def start(arguments, log, folder=None):
    """`keras-gen serve` as a process that writes its log to a file.

    Args:
        arguments: Sequence of what the command takes.
        log: Path.
        folder: Optional path of the working folder.
    """
    with open(log, "w") as file:
        return subprocess.Popen(
            [sys.executable, "-m", "keras_gen.cli", "serve", *map(str, arguments)],
            stdout=file,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(Path(keras_gen.__file__).parents[1])},
        )


def wait_until_ready(process, port, log, seconds=3600):
    """Returns when the server is ready, which is when it listens."""
    deadline = time.monotonic() + seconds
    while True:
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
        try:
            connection.request("GET", "/v2/health/ready")
            assert connection.getresponse().status == 200
            return
        except ConnectionError:
            time.sleep(0.05)


@pytest.fixture(scope="session")
def served(tmp_path_factory):
    """The server, which must stop at SIGTERM and leave no worker behind."""
    pytest.importorskip("mlserver")
    folder = tmp_path_factory.mktemp("serving")
    models = {"gan": make_tiny(GAN), "pixels": make_tiny(GatedPixelCNN)}
    inputs = keras.Input((64, 64, 3))
    outputs = keras.layers.GlobalAveragePooling2D()(inputs)
    models["large"] = keras.Model(inputs, outputs)
    for name, model in models.items():
        model.save(folder / f"{name}.keras")
    paths = [folder / f"{name}.keras" for name in models]
    write_repository(paths, folder / "repository")
    port, log = free_port(3), folder / "log"
    options = ["--port", port, "--workers", NUM_WORKERS, "--out", folder / "repository"]
    process = start([*paths, *options], log)
    served = Served(process, port, log, folder / "repository", models)
    try:
        wait_until_ready(process, port, log)
        yield served
    finally:
        process.terminate()
        code = process.wait(timeout=600)
    assert code == 0, log.read_text()
    assert not any(Path(f"/proc/{pid}").exists() for pid in served.workers())
