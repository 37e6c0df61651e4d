"""What docs/serving.md shows, asked of the server of the tests."""

import http.client
import json
import re
from pathlib import Path

import numpy as np
import pytest

from .conftest import send

DOCS = (Path(__file__).parents[2] / "docs" / "serving.md").read_text(encoding="utf-8")


def here(text, served):
    """With the addresses and models of the test."""
    for port in range(3):
        text = text.replace(f":{8080 + port}", f":{served.port + port}")
    return text.replace("vae_mnist", "gan")


@pytest.mark.parametrize("block", re.findall(r"```python\n(.*?)```", DOCS, re.DOTALL))
def test_the_python_code_draws_the_samples_of_the_model(served, block):
    scope = {}
    exec(here(block, served), scope)
    model = served.models["gan"]
    expected = model.x_domain.to_bytes(model.sample(2, seed=7)).astype(int)
    assert scope["images"].shape == expected.shape
    assert np.abs(scope["images"] - expected).max() <= 1


@pytest.mark.parametrize("line", re.findall(r"^curl .*$", DOCS, re.MULTILINE))
def test_the_addresses_answer(served, line):
    port, path = re.search(r":(\d+)(/\S+)", here(line, served)).groups()
    connection = http.client.HTTPConnection("127.0.0.1", int(port))
    body = re.search(r"-d '(.*)'", line)
    if body:
        model = path.removeprefix("/v2/models/")
        status, _ = send(connection, model, json.loads(body[1]))
    else:
        connection.request("GET", path)
        status = connection.getresponse().status
    assert status == 200
