"""Sends a server what its description allows, and what it does not.

    python tests/serving/fuzz.py http://127.0.0.1:8080 vae_mnist 10000

Whatever comes, the server must answer as it has described, and never with a status of
500 or more.
"""

import json
import sys
import urllib.request

import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode, checks

checks.load_all_checks()
# The description cannot say that all inputs have the same number of rows, so the server
# may refuse a request that it allows.
_EXCLUDED = [checks.CHECKS.get_one("positive_data_acceptance")]


def description(url, path):
    """A description that the server gives of itself."""
    with urllib.request.urlopen(f"{url}/v2{path}/docs/dataplane.json") as answer:
        return json.load(answer)


def fuzz(url, names, num_requests):
    """Sends about `num_requests` requests to each operation that runs a model.

    The operations are those of the server, and those of some models by themselves.

    Returns:
        Dict from operations to dicts from statuses to how often they came.
    """
    found = {}
    for path in ("", *(f"/models/{name}" for name in names)):
        schema = schemathesis.openapi.from_dict(description(url, path))
        schema.config.update(base_url=url)
        # A body that is too long, or of another type, has a status of its own.
        rejection = schema.config.checks.negative_data_rejection
        rejection.expected_statuses = ["400", "404", "413", "415"]
        for operation in [found.ok() for found in schema.get_all_operations()]:
            num = num_requests if operation.method == "post" else 4
            found[operation.label] = _answers(operation, num)
    return found


def _answers(operation, num):
    statuses = {}
    # A request without parameters cannot be wrong.
    takes = operation.method == "post" or "{" in operation.path
    for mode in GenerationMode if takes else [GenerationMode.POSITIVE]:

        @settings(
            max_examples=-(-num // 2),
            derandomize=True,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def answers(case):
            response = case.call_and_validate(timeout=600, excluded_checks=_EXCLUDED)
            status = response.status_code
            statuses[status] = statuses.get(status, 0) + 1

        answers()
    return statuses


if __name__ == "__main__":
    for label, counted in fuzz(sys.argv[1], [sys.argv[2]], int(sys.argv[3])).items():
        print(label, counted)
