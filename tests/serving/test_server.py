import json
import os
import shutil
import signal
import threading
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from keras_gen.files import sha256_of

from .conftest import (
    NUM_WORKERS,
    free_port,
    is_image,
    labels,
    output_of,
    seeds,
    send,
    start,
    tensor,
    wait_until_ready,
)
from .hostile import children_of

# MLServer does not install on Python 3.13.
grpc = pytest.importorskip("grpc")
protocol = pytest.importorskip("mlserver.grpc.dataplane_pb2")
services = pytest.importorskip("mlserver.grpc.dataplane_pb2_grpc")

# Enough that each of 1,000 requests is known by its image.
NUM_IMAGES = 50


@pytest.fixture(scope="module")
def expected(served):
    """The images 0 ... of a seed, and labels, by the models themselves."""
    images = {}
    for name in ("gan", "pixels"):
        model = served.models[name]
        given = {"y": np.arange(NUM_IMAGES) % 3} if name == "pixels" else {}
        drawn = model.x_domain.to_bytes(model.sample(NUM_IMAGES, 7, **given)).astype(
            int
        )
        # Otherwise a mixed-up answer could pass for the right one.
        flat = drawn.reshape(NUM_IMAGES, -1)
        apart = np.abs(flat[:, None] - flat).max(axis=-1) + 9 * np.eye(NUM_IMAGES)
        assert apart.min() > 1
        images[name] = drawn
    return images


@pytest.fixture(scope="module")
def stub(served):
    with grpc.insecure_channel(f"127.0.0.1:{served.port + 1}") as channel:
        yield services.GRPCInferenceServiceStub(channel)


def as_bytes(model, samples):
    return model.x_domain.to_bytes(samples).astype(int)


def request_for(name, rows):
    """Asks for some of the images that are expected."""
    inputs = [seeds([(7, row) for row in rows])]
    if name == "pixels":
        inputs.append(labels([row % 3 for row in rows]))
    return {"inputs": inputs}


def ask(served, expected, requests, done=None):
    """How many of some (name, row) are answered with their image."""
    connection, right = served.connection(), 0
    for name, row in requests:
        status, answer = send(connection, f"{name}/infer", request_for(name, [row]))
        assert status == 200, answer
        right += is_image(output_of(answer)[0], expected[name][row])
        if done is not None:
            done.release()
    connection.close()
    return right


def clients(served, expected, num_clients, num_requests, done=None):
    """Right answers to requests that many clients send at once."""
    requests = [
        (("gan", "pixels")[i % 2], i * 7 % NUM_IMAGES) for i in range(num_requests)
    ]
    with ThreadPoolExecutor(num_clients) as threads:
        shares = [requests[first::num_clients] for first in range(num_clients)]
        return [threads.submit(ask, served, expected, share, done) for share in shares]


@pytest.mark.parametrize("name", ["gan", "pixels"])
@pytest.mark.parametrize("num", [1, 5, NUM_IMAGES])
def test_rest_gives_the_samples_of_the_model(served, expected, name, num):
    request = {"id": "mine", **request_for(name, range(num))}
    status, answer = send(served.connection(), f"{name}/infer", request)
    assert status == 200
    assert answer["id"] == "mine"
    assert answer["model_name"] == name
    assert is_image(output_of(answer), expected[name][:num])


@pytest.mark.parametrize("name", ["gan", "pixels"])
@pytest.mark.parametrize("is_raw", [False, True])
def test_grpc_gives_the_samples_of_the_model(expected, stub, name, is_raw):
    request = protocol.ModelInferRequest(model_name=name)
    for given in request_for(name, range(5))["inputs"]:
        sent = request.inputs.add(name=given["name"], datatype="INT32")
        sent.shape.extend(given["shape"])
        if is_raw:
            request.raw_input_contents.append(np.array(given["data"], "<i4").tobytes())
        else:
            sent.contents.int_contents.extend(given["data"])
    answer = stub.ModelInfer(request)
    if is_raw:
        values = np.frombuffer(answer.raw_output_contents[0], np.uint8)
    else:
        values = np.array(answer.outputs[0].contents.uint_contents)
    images = values.astype(int).reshape(answer.outputs[0].shape)
    assert is_image(images, expected[name][:5])


def test_other_signatures_have_names_of_their_own(served, expected):
    model, connection = served.models["pixels"], served.connection()
    images = np.array(model.sample(4, 7, y=np.arange(4) % 3))
    given = [tensor("x", "FP32", images), labels(np.arange(4) % 3)]
    _, answer = send(connection, "pixels-log_prob/infer", {"inputs": given})
    log_prob = model.log_prob(images, y=np.arange(4) % 3)
    np.testing.assert_allclose(output_of(answer), log_prob, rtol=1e-4)

    mask = np.broadcast_to(np.arange(8)[:, None, None] < 4, images.shape) * 1
    given += [seeds([(7, row) for row in range(4)]), tensor("mask", "UINT8", mask)]
    _, answer = send(connection, "pixels-impute/infer", {"inputs": given})
    assert is_image(output_of(answer), expected["pixels"][:4])

    noise = tensor("noise", "FP32", np.array(served.models["gan"].noise(4, 7)))
    _, answer = send(connection, "gan-serving_default/infer", {"inputs": [noise]})
    samples = np.array(served.models["gan"].sample(4, 7))
    np.testing.assert_allclose(output_of(answer), samples, atol=1e-5)


def test_a_temperature_may_be_given(served):
    model, connection = served.models["pixels"], served.connection()
    given = [tensor("temperature", "FP32", np.full(4, 0.5)), labels([0] * 4)]
    given.append(seeds([(7, row) for row in range(4)]))
    _, answer = send(connection, "pixels/infer", {"inputs": given})
    samples = model.sample(4, 7, y=[0] * 4, temperature=0.5)
    assert is_image(output_of(answer), model.x_domain.to_bytes(samples).astype(int))


def test_models_state_what_they_take(served):
    with urllib.request.urlopen(
        f"http://127.0.0.1:{served.port}/v2/models/pixels"
    ) as answer:
        stated = answer.read().decode()
    assert '"shape":[-1,2],"parameters":{"minimum":0,"maximum":2147483647}' in stated
    assert '"shape":[-1],"parameters":{"minimum":0,"maximum":2}' in stated
    bounds = '{"minimum":0.001,"maximum":1000.0,"default":1.0}'
    assert (
        f'"temperature","datatype":"FP32","shape":[-1],"parameters":{bounds}' in stated
    )


def metrics(served):
    """Dict from the names of metrics, with their labels, to their values."""
    url = f"http://127.0.0.1:{served.port + 2}/metrics"
    with urllib.request.urlopen(url) as answer:
        lines = answer.read().decode().splitlines()
    found = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return {name: float(value) for name, value in found.items()}


def test_metrics_count_requests_and_batches(served):
    before = metrics(served)
    send(served.connection(), "gan/infer", request_for("gan", [0, 1, 2]))
    after = metrics(served)
    added = {
        'model_infer_request_success_total{model="gan",version="1"}': 1,
        'keras_gen_queue_seconds_count{model="gan"}': 1,
        'keras_gen_batch_rows_count{model="gan"}': 1,
        'keras_gen_batch_rows_sum{model="gan"}': 3,
        'keras_gen_batch_seconds_count{model="gan"}': 1,
    }
    assert {name: after[name] - before.get(name, 0) for name in added} == added
    for name in ("queue_requests", "queue_bytes", "workers_busy"):
        assert after[f"keras_gen_{name}"] == 0


def test_metrics_name_what_each_model_was_exported_from(served):
    sha256 = sha256_of(served.log.with_name("gan.keras"))
    for name in ("gan", "gan-decode"):
        labels = f'model="{name}",sha256="{sha256}",version="1"'
        assert metrics(served)[f"keras_gen_model_info{{{labels}}}"] == 1


def test_the_server_runs_without_tensorflow(served):
    workers = served.workers()[-NUM_WORKERS:]
    children = children_of(served.process.pid)
    # The workers and the reader.
    assert len(children) == NUM_WORKERS + 1
    for pid in (served.process.pid, *workers):
        with open(f"/proc/{pid}/maps") as maps:
            assert "/tensorflow/" not in maps.read()


def test_none_of_1000_requests_of_16_clients_is_lost_or_mixed_up(served, expected):
    answered = clients(served, expected, 16, 1000)
    assert sum(client.result() for client in answered) == 1000


def test_killed_workers_are_replaced_and_lose_no_request(served, expected):
    killed = served.workers()[-NUM_WORKERS:]
    name = 'keras_gen_processes_replaced_total{kind="worker",reason="died"}'
    before = metrics(served)[name]
    done = threading.Semaphore(0)

    def kill():
        for _ in range(100):
            assert done.acquire(timeout=600)
        for pid in killed:
            os.kill(pid, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    answered = clients(served, expected, 8, 400, done)
    killer.join()
    assert sum(client.result() for client in answered) == 400
    assert len(set(served.workers()) - set(killed)) >= NUM_WORKERS
    assert metrics(served)[name] - before == NUM_WORKERS
    for pid in killed:
        assert f"Worker process {pid} has died with code -9" in served.log.read_text()


PAIR = seeds([(7, 0)])
BAD = {
    "unknown model": (
        "dcgan",
        {"inputs": [PAIR]},
        "Model 'dcgan' not found. There are: gan, ",
    ),
    "unknown signature": ("gan-encode", {"inputs": [PAIR]}, "Model 'gan-encode' not"),
    "no inputs": ("gan", {}, "`inputs` must be a list. Received: None"),
    "no input": ("gan", {"inputs": []}, "must be seed. Received: []"),
    "unknown input": ("gan", {"inputs": [PAIR, labels([0])]}, "['seed', 'y']"),
    "twice": ("gan", {"inputs": [PAIR, PAIR]}, "Received: ['seed', 'seed']"),
    "unknown output": (
        "gan",
        {"inputs": [PAIR], "outputs": [{"name": "logits"}]},
        "`outputs` must be some of x. Received: ['logits']",
    ),
    "dtype": ("gan", {"inputs": [PAIR | {"datatype": "FP32"}]}, "INT32. Received: 'FP"),
    "no dtype": ("gan", {"inputs": [PAIR | {"datatype": 7}]}, "datatype` must be a"),
    "shape": ("gan", {"inputs": [seeds([7, 0])]}, "`seed` must have shape [-1, 2]"),
    "no shape": ("gan", {"inputs": [PAIR | {"shape": []}]}, "Received: []"),
    "no rows": (
        "gan",
        {"inputs": [PAIR | {"shape": [0, 2]}]},
        "1 to 64 rows. Received: 0",
    ),
    "batch": ("gan", {"inputs": [seeds([(7, 0)] * 65)]}, "1 to 64 rows. Received: 65"),
    "fewer values": ("gan", {"inputs": [PAIR | {"data": [7]}]}, "2 values"),
    "more values": ("gan", {"inputs": [PAIR | {"data": [7, 0, 0]}]}, "Received: 3"),
    "seed": (
        "gan",
        {"inputs": [seeds([(-1, 0)])]},
        "`seed` must lie in [0, 2147483647]",
    ),
    "large seed": ("gan", {"inputs": [seeds([(2**31, 0)])]}, "Received: 2147483648"),
    "huge seed": ("gan", {"inputs": [PAIR | {"data": [2**80, 0]}]}, "Received: ["),
    "fraction": (
        "gan",
        {"inputs": [PAIR | {"data": [7.5, 0]}]},
        "integers. Received: [7.5",
    ),
    "text": (
        "gan",
        {"inputs": [PAIR | {"data": ["7", "0"]}]},
        "integers. Received: ['7'",
    ),
    "no list": ("gan", {"inputs": [PAIR | {"data": "70"}]}, "integers. Received: '70'"),
    "null": (
        "gan",
        {"inputs": [PAIR | {"data": [None, 0]}]},
        "integers. Received: [None",
    ),
    "ragged": ("gan", {"inputs": [PAIR | {"data": [[7], 0]}]}, "in a regular array"),
    "label": ("pixels", {"inputs": [PAIR, labels([3])]}, "`y` must lie in [0, 2]"),
    "temperature": (
        "pixels",
        {"inputs": [PAIR, labels([0]), tensor("temperature", "FP32", [0])]},
        "`temperature` must lie in [0.001, 1000]. Received: 0",
    ),
    "rows": ("pixels", {"inputs": [PAIR, labels([0, 1])]}, "{'seed': 1, 'y': 2}"),
    "image": (
        "pixels-log_prob",
        {"inputs": [tensor("x", "FP32", np.full((1, 8, 8, 1), 2)), labels([0])]},
        "`x` must lie in [0, 1]. Received: 2",
    ),
    "mask": (
        "pixels-impute",
        {
            "inputs": [
                PAIR,
                labels([0]),
                tensor("x", "FP32", np.zeros((1, 8, 8, 1))),
                tensor("mask", "UINT8", np.arange(64).reshape(1, 8, 8, 1) // 32),
            ]
        },
        "`mask` must know the sites of an image from the first on",
    ),
    "mask of twos": (
        "pixels-impute",
        {
            "inputs": [
                PAIR,
                labels([0]),
                tensor("x", "FP32", np.zeros((1, 8, 8, 1))),
                tensor("mask", "UINT8", np.full((1, 8, 8, 1), 2)),
            ]
        },
        "`mask` must lie in [0, 1]. Received: 2",
    ),
    "noise": (
        "gan-serving_default",
        b'{"inputs": [{"name": "noise", "datatype": "FP32", "shape": [1, 3], '
        b'"data": [0, 1e39, 0]}]}',
        "`noise` must lie in",
    ),
    "id": (
        "gan",
        {"id": "a\nb", "inputs": [PAIR]},
        "`id` must be at most 256",
    ),
    "long id": ("gan", {"id": "a" * 999, "inputs": [PAIR]}, "256 printable ASCII"),
    "malformed": ("gan", b'{"inputs": [', "must be JSON: "),
    "infinite": ("gan", b'{"inputs": [{"shape": [1e999]}]}', "must be JSON: "),
    "deep": ("gan", b"[" * 60_000, "more lists than the model can take"),
    "deep data": (
        "gan",
        b'{"inputs": [{"name": "seed", "datatype": "INT32", "shape": [1, 2], "data": '
        + b"[" * 900
        + b"]" * 900
        + b"}]}",
        "`seed` must hold",
    ),
    "empty": ("gan", b"", "The body must be JSON: "),
    "no object": ("gan", b"[]", "The body must be an object. Received: []"),
    "huge": ("gan", b" " * (2**24 + 1), "73728 bytes at most"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_requests_are_refused_with_the_reason(served, case):
    name, body, reason = BAD[case]
    status, answer = send(served.connection(), f"{name}/infer", body)
    assert 400 <= status < 500
    assert reason in answer["error"]


def test_bad_headers_are_refused(served):
    connection = served.connection()
    status, answer = send(connection, "gan/infer", {"inputs": [PAIR]}, "text/plain")
    assert status == 415
    assert answer["error"].startswith("Content-Type must be application/json, or")
    assert answer["error"].endswith("Received: 'text/plain'")
    connection.request(
        "POST", "/v2/models/gan/infer", b"\x1f\x8b", {"Content-Encoding": "gzip"}
    )
    assert connection.getresponse().status == 415


@pytest.mark.parametrize(
    ("options", "raw", "code", "reason"),
    [
        (
            {"model_name": "dcgan"},
            [],
            "NOT_FOUND",
            "Model 'dcgan' not found",
        ),
        ({"shape": [1, 3]}, [], "INVALID_ARGUMENT", "`seed` must have shape"),
        ({"datatype": "INT"}, [], "INVALID_ARGUMENT", "datatype INT32"),
        (
            {"datatype": "INT"},
            [b"12345678"],
            "INVALID_ARGUMENT",
            "datatype INT32",
        ),
        ({}, [], "INVALID_ARGUMENT", "`seed` must hold 2 values"),
        ({}, [b"123"], "INVALID_ARGUMENT", "must hold 2 values of 4 bytes"),
        ({"shape": [2**62, 2]}, [b"123"], "INVALID_ARGUMENT", "1 to 64 rows"),
        ({}, [b"\xff" * 8], "INVALID_ARGUMENT", "`seed` must lie in"),
        ({}, [b" " * 2**24], "RESOURCE_EXHAUSTED", "larger than max"),
        ({}, [b" " * 2**20], "RESOURCE_EXHAUSTED", "73728 bytes at most"),
    ],
)
def test_bad_grpc_requests_are_refused(stub, options, raw, code, reason):
    given = {"model_name": "gan", "datatype": "INT32", "shape": [1, 2], **options}
    request = protocol.ModelInferRequest(model_name=given.pop("model_name"))
    request.inputs.add(name="seed", **given)
    request.raw_input_contents.extend(raw)
    with pytest.raises(grpc.RpcError) as refused:
        stub.ModelInfer(request)
    assert refused.value.code() == grpc.StatusCode[code]
    assert reason in refused.value.details()


def test_models_cannot_be_unloaded_from_afar(served, stub):
    connection = served.connection()
    connection.request("POST", "/v2/repository/models/gan/unload")
    assert connection.getresponse().status == 404
    request = protocol.RepositoryModelUnloadRequest(model_name="gan")
    with pytest.raises(grpc.RpcError) as refused:
        stub.RepositoryModelUnload(request)
    assert refused.value.code() == grpc.StatusCode.UNIMPLEMENTED
    unknown = protocol.ModelReadyRequest(name="dcgan")
    with pytest.raises(grpc.RpcError) as refused:
        stub.ModelReady(unknown)
    assert refused.value.code() == grpc.StatusCode.NOT_FOUND


def test_a_taken_port_is_one_line_and_exit_code_2(served, tmp_path):
    options = ["--port", served.port, "--out", served.repository]
    process = start(["gan", *options], tmp_path / "log")
    assert process.wait(timeout=600) == 2
    last = (tmp_path / "log").read_text().splitlines()[-1]
    assert last.startswith("keras-gen:")
    assert "Address already in use" in last


def test_a_model_that_cannot_be_loaded_ends_the_server(served, tmp_path):
    shutil.copytree(served.repository, tmp_path / "repository")
    (tmp_path / "repository" / "gan" / "gan.tflite").write_bytes(b"broken")
    options = ["--port", free_port(3), "--out", tmp_path / "repository"]
    process = start(["gan", *options], tmp_path / "log")
    assert process.wait(timeout=600) == 2
    last = (tmp_path / "log").read_text().splitlines()[-1]
    assert last.startswith("keras-gen: gan cannot be loaded")
    assert "`path` must be a .tflite file of keras_gen" in last


def test_a_repository_cannot_run_code(served, tmp_path):
    repository, marker = tmp_path / "repository", tmp_path / "marker"
    shutil.copytree(served.repository, repository)
    evil = f"open({str(marker)!r}, 'w').close()\n"
    for place in (repository / "gan", repository, tmp_path):
        (place / "sampler.py").write_text(evil)
        (place / "evil.py").write_text(evil)
    # The server's first model loads, and then the next one is refused.
    path = repository / "pixels" / "model-settings.json"
    settings = json.loads(path.read_text())
    settings["implementation"] = "evil.Runtime"
    path.write_text(json.dumps(settings))
    (tmp_path / ".env").write_text(
        "MLSERVER_MODEL_REPOSITORY_IMPLEMENTATION=evil.Repository\n"
    )
    models = ["gan", "pixels"]
    options = ["--port", free_port(3), "--out", repository]
    process = start([*models, *options], tmp_path / "log", tmp_path)
    assert process.wait(timeout=600) == 2
    last = (tmp_path / "log").read_text().splitlines()[-1]
    assert "the server runs no code of a repository. Received: 'evil.Runtime'" in last
    del settings["implementation"]
    path.write_text(json.dumps(settings))
    process = start([*models, *options], tmp_path / "log", tmp_path)
    try:
        wait_until_ready(process, options[1], tmp_path / "log")
    finally:
        process.terminate()
        assert process.wait(timeout=600) == 0
    assert not marker.exists()
