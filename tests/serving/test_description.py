"""The description of the REST server, against what it serves."""

import json

import pytest

from .conftest import connection_to, send
from .fuzz import description, fuzz


def get(port, path):
    """Status and body of the answer."""
    connection = connection_to(port)
    connection.request("GET", path)
    answer = connection.getresponse()
    return answer.status, answer.read()


@pytest.fixture(scope="module")
def url(served):
    return f"http://127.0.0.1:{served.port}"


def test_every_operation_answers_as_described(served, url):
    workers = served.workers()
    found = fuzz(url, ["gan", "pixels-impute"], 8)
    assert len(found) == 4 + 3 * 10
    for label, statuses in found.items():
        wanted = {200} if label.startswith("GET") else {200, 400}
        assert wanted & set(statuses), label
    assert served.workers() == workers


def test_a_description_names_the_models_and_their_inputs(served, url):
    general = description(url, "")
    (parameter,) = general["paths"]["/v2/models/{model_name}"]["parameters"]
    assert {"gan", "gan-decode", "pixels-impute"} <= set(parameter["schema"]["enum"])
    request = description(url, "/models/pixels")["components"]["schemas"]["Request"]
    inputs = request["properties"]["inputs"]["items"]["anyOf"]
    assert [i["properties"]["name"]["enum"] for i in inputs] == [
        ["seed"],
        ["y"],
        ["temperature"],
    ]
    number = inputs[1]["properties"]["data"]["items"]["anyOf"][0]
    assert number == {"type": "integer", "minimum": 0, "maximum": 2}
    assert request["properties"]["outputs"]["items"]["properties"]["name"]["enum"] == [
        "x"
    ]


def types_of(found):
    """All values of `type` in schemas."""
    if isinstance(found, dict):
        own = {found["type"]} if isinstance(found.get("type"), str) else set()
        return own.union(*map(types_of, found.values()))
    return set().union(*map(types_of, found)) if isinstance(found, list) else set()


@pytest.mark.parametrize("path", ["", "/models/gan", "/models/large"])
def test_a_description_has_types_of_json_and_needs_no_network(url, path):
    found = description(url, path)
    assert types_of(found) <= {
        *("array", "boolean", "integer", "number", "object", "string")
    }
    assert "http" not in json.dumps(found)


def test_no_page_that_needs_a_network_is_served(served):
    for path in ("/docs", "/redoc", "/openapi.json"):
        assert get(served.port + 2, path)[0] == 404
        for start in ("", "/v2", "/v2/models/gan"):
            if path != "/openapi.json" or not start:
                assert get(served.port, start + path)[0] == 404


def test_what_is_not_served_is_an_error_as_of_the_protocol(served):
    status, body = get(served.port, "/v2/nothing")
    assert (status, json.loads(body)) == (404, {"error": "Not Found"})
    status, body = get(served.port, "/v2/models/gan/infer")
    assert (status, json.loads(body)) == (405, {"error": "Method Not Allowed"})
    for path in ("gan/infer_stream", "gan/generate_stream"):
        assert send(served.connection(), path, {})[0] == 404
