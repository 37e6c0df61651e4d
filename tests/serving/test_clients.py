"""Software of others against the server: tensors as bytes, pictures, compression."""

import asyncio
import gzip
import io
import json

import numpy as np
import pytest
from PIL import Image

from keras_gen.images import grid

from .conftest import is_image, seeds
from .hostile import tensor as open_tensor

PAIRS = np.array([(7, 0), (7, 1), (7, 2)], np.int32)
RAW = PAIRS.tobytes()
LENGTH = "Inference-Header-Content-Length"


@pytest.fixture(scope="module")
def images(served):
    model = served.models["gan"]
    return model.x_domain.to_bytes(model.sample(3, seed=7)).astype(int)


@pytest.fixture(scope="module")
def triton(served):
    http = pytest.importorskip("tritonclient.http")
    client = http.InferenceServerClient(f"127.0.0.1:{served.port}")
    yield http, client
    client.close()


def ask(served, body, headers=None, model="gan"):
    """Status, headers and body of the answer."""
    connection = served.connection()
    connection.request("POST", f"/v2/models/{model}/infer", body, headers or {})
    answer = connection.getresponse()
    return answer.status, dict(answer.getheaders()), answer.read()


def as_bytes(size=24, data=RAW, outputs=None, **changes):
    """A body with its seeds as bytes, and its headers."""
    seed = {"name": "seed", "datatype": "INT32", "shape": [3, 2], **changes}
    seed["parameters"] = {"binary_data_size": size}
    found = {"inputs": [seed], **({} if outputs is None else {"outputs": outputs})}
    head = json.dumps(found).encode()
    kind = "application/octet-stream"
    return head + data, {LENGTH: str(len(head)), "Content-Type": kind}


@pytest.mark.parametrize("is_binary", [False, True])
@pytest.mark.parametrize("wants_binary", [None, False, True])
@pytest.mark.parametrize("compression", [None, "gzip"])
def test_triton_client_draws_the_images(
    triton, images, is_binary, wants_binary, compression
):
    http, client = triton
    seed = http.InferInput("seed", [3, 2], "INT32")
    seed.set_data_from_numpy(PAIRS, binary_data=is_binary)
    outputs = None
    if wants_binary is not None:
        outputs = [http.InferRequestedOutput("x", binary_data=wants_binary)]
    for version in ("", "1"):
        answer = client.infer(
            "gan",
            [seed],
            version,
            outputs,
            request_id="mine",
            response_compression_algorithm=compression,
        )
        assert is_image(answer.as_numpy("x").astype(int), images)
        assert answer.get_response()["id"] == "mine"


def test_triton_client_reads_the_description(triton):
    _, client = triton
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("gan", "1")
    assert not client.is_model_ready("vae")
    assert client.get_server_metadata()["extensions"] == ["binary_tensor_data"]
    assert client.get_model_metadata("gan")["versions"] == ["1"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v2/health/live", {"live": True}),
        ("/v2/health/ready", {"ready": True}),
        ("/v2/models/gan/ready", {"name": "gan", "ready": True}),
        ("/v2/models/gan/versions/1/ready", {"name": "gan", "ready": True}),
    ],
)
def test_health_checks_have_the_body_that_kserve_reads(served, path, body):
    connection = served.connection()
    connection.request("GET", path)
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())) == (200, body)


def test_kserve_client_draws_the_images(served, images):
    kserve = pytest.importorskip("kserve")
    settings = kserve.inference_client.RESTConfig(protocol="v2")
    client = kserve.InferenceRESTClient(settings)
    url = f"http://127.0.0.1:{served.port}"
    seed = kserve.InferInput("seed", [3, 2], "INT32")
    seed.set_data_from_numpy(PAIRS, binary_data=True)

    async def run():
        assert await client.is_server_live(url)
        assert await client.is_server_ready(url)
        assert await client.is_model_ready(url, "gan")
        return await client.infer(url, kserve.InferRequest("gan", [seed]), "gan")

    answer = asyncio.run(run())
    assert is_image(answer.outputs[0].as_numpy().astype(int), images)


@pytest.mark.parametrize(
    ("model", "body", "reason"),
    [
        ("gan", as_bytes(size=23), "Received 1 more bytes"),
        ("gan", as_bytes(size=25), "at most the 24 bytes that are left"),
        ("gan", as_bytes(size=-1), "Received for 'seed': -1"),
        ("gan", as_bytes(size=True), "Received for 'seed': True"),
        ("gan", as_bytes(size="24"), "Received for 'seed': '24'"),
        ("gan", as_bytes(size=10**30), "`binary_data_size` must be an integer"),
        (
            "gan",
            as_bytes(size=0, data=b""),
            "must hold 6 values of 4 bytes. Received 0",
        ),
        ("gan", as_bytes(shape=[2, 2]), "must hold 4 values of 4 bytes. Received 24"),
        ("gan", as_bytes(data=b"\xff" * 24), "`seed` must lie in [0, 2147483647]"),
        ("gan", as_bytes(datatype="FP32"), "must have datatype INT32"),
        ("gan", as_bytes(extra=[0], data=RAW + b"1"), "1 more bytes"),
        ("gan", as_bytes(outputs=[{"name": "y"}]), "`outputs` must be some of x"),
        (
            "gan",
            as_bytes(outputs=[{"name": "x", "parameters": {"classification": 2}}]),
            "classification` is not supported",
        ),
        ("gan", (as_bytes()[0], {}), "The body must be JSON"),
        ("gan", (as_bytes()[0], {LENGTH: "x"}), "must be a number of bytes"),
        ("gan", (as_bytes()[0], {LENGTH: "-1"}), "must be a number of bytes"),
        ("gan", (as_bytes()[0], {LENGTH: "9" * 15}), "The body must be JSON"),
        ("gan", (as_bytes()[0], {LENGTH: "0"}), "The body must be JSON"),
    ],
)
def test_wrong_bytes_are_refused_with_the_reason(served, model, body, reason):
    status, _, answer = ask(served, *body, model=model)
    assert status == 400
    assert reason in json.loads(answer)["error"]


def test_a_size_without_the_header_is_refused_with_its_name(served):
    body, _ = as_bytes(data=b"")
    status, _, answer = ask(served, body)
    assert (status, LENGTH in json.loads(answer)["error"]) == (400, True)
    status, _, answer = ask(served, body, {"Content-Type": "application/octet-stream"})
    assert (status, LENGTH in json.loads(answer)["error"]) == (415, True)


def test_whatever_bytes_come_are_answered(served):
    """Bodies of which some bytes are changed, cut or added."""
    random = np.random.default_rng(0)
    body, headers = as_bytes()
    connection, statuses = served.connection(), set()
    for _ in range(300):
        changed = bytearray(body)
        for place in random.integers(len(body), size=random.integers(1, 4)):
            changed[place] = random.integers(256)
        changed = changed[: random.integers(1, len(body) + 1)] + random.bytes(
            random.integers(0, 9)
        )
        length = {LENGTH: str(int(headers[LENGTH]) + random.integers(-9, 9))}
        connection.request(
            "POST",
            "/v2/models/gan/infer",
            bytes(changed),
            headers | (length if random.random() < 0.3 else {}),
        )
        answer = connection.getresponse()
        answer.read()
        statuses.add(answer.status)
    assert statuses <= {200, 400}


def test_a_picture_is_answered_on_request(served, images):
    body = json.dumps({"inputs": [seeds(PAIRS)]})
    accept = {"Accept": "image/png, */*;q=0.5"}
    status, headers, answer = ask(served, body, accept)
    assert (status, headers["content-type"]) == (200, "image/png")
    picture = np.asarray(Image.open(io.BytesIO(answer)))[..., None].astype(int)
    assert np.abs(picture - grid(images.astype(np.uint8))).max() <= 1
    noise = open_tensor("noise", "FP32", [1, 3], b"[0, 0, 0]")
    status, _, answer = ask(served, b"".join(noise), accept, "gan-serving_default")
    assert status == 406
    assert "image/png needs one output" in json.loads(answer)["error"]


@pytest.mark.parametrize(
    ("accepted", "is_compressed"),
    [("gzip", True), ("br, gzip;q=0.5", True), ("gzip;q=0", False), ("br", False)],
)
def test_answers_are_compressed_as_asked(served, images, accepted, is_compressed):
    body = json.dumps({"inputs": [seeds([(7, row) for row in range(50)])]})
    status, headers, answer = ask(served, body, {"Accept-Encoding": accepted})
    assert status == 200
    assert (headers.get("content-encoding") == "gzip") == is_compressed
    output = json.loads(gzip.decompress(answer) if is_compressed else answer)
    data = np.reshape(output["outputs"][0]["data"], output["outputs"][0]["shape"])
    assert is_image(data[:3], images)
