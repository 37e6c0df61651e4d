"""Sends a server what the protocol's description allows, sensible or not.

    python tests/serving/fuzz.py http://127.0.0.1:8080 vae_mnist 10000

Whatever comes, the server must answer, and never with a status of 500 or more.
"""

import json
import sys
import urllib.request

import schemathesis
from hypothesis import HealthCheck, given, settings


def description(url, name):
    """The description of a served model, with the names of its own inputs in it."""
    with urllib.request.urlopen(
        f"{url}/v2/models/{name}/docs/dataplane.json"
    ) as answer:
        found = json.load(answer)
    with urllib.request.urlopen(f"{url}/v2/models/{name}") as answer:
        stated = json.load(answer)
    schemas = found["components"]["schemas"]
    # The description calls bytes a type, which JSON has not.
    schemas["TensorData"] = {"type": "array"}
    paths = {path for path in found["paths"] if path.endswith("_stream")}
    found["paths"] = {path: found["paths"][path] for path in {*found["paths"]} - paths}
    # Else nearly every request would stop at an unknown name.
    own = [
        {
            "type": "object",
            "required": ["name", "datatype", "shape", "data"],
            "properties": {
                "name": {"const": tensor["name"]},
                "datatype": {"enum": [tensor["datatype"], "FP64", "BYTES"]},
                "shape": {"enum": [[1, *tensor["shape"][1:]], [0], [-1, 2], []]},
                "data": {"type": "array", "items": {"enum": [0, 7, 0.5, -1, None, []]}},
            },
        }
        for tensor in stated["inputs"]
    ]
    schemas["RequestInput"] = {"anyOf": [*own, schemas["RequestInput"]]}
    return found


def fuzz(url, name, num_requests):
    """Sends about so many requests.

    Returns:
        Dict from statuses to how often they came.
    """
    schema = schemathesis.openapi.from_dict(description(url, name))
    schema.config.update(base_url=url)
    operations = [found.ok() for found in schema.get_all_operations()]
    posts = [operation for operation in operations if operation.method == "post"]
    statuses = {}

    for operation in operations:
        share = 20 if operation not in posts else num_requests // len(posts)

        @settings(
            max_examples=share,
            derandomize=True,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def answers(case):
            status = case.call(timeout=60).status_code
            statuses[status] = statuses.get(status, 0) + 1
            assert status < 500, case.as_curl_command()

        answers()
    return statuses


if __name__ == "__main__":
    print(fuzz(sys.argv[1], sys.argv[2], int(sys.argv[3])))
