"""The training Job in `export/kubernetes/`, against what Kubernetes reads."""

import copy
import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from keras_gen import cli
from keras_gen.zoo.shelf import catalog
from keras_gen.zoo.training.strategies import worker_index

ROOT = Path(__file__).parents[2]
DEFINITIONS = json.loads(Path(__file__).with_name("kubernetes.schema.json").read_text())


def validate(manifest):
    kind = {"Job": "batch", "Service": "core"}[manifest["kind"]]
    name = f"io.k8s.api.{kind}.v1.{manifest['kind']}"
    jsonschema.validate(manifest, {"$ref": f"#/$defs/{name}", **DEFINITIONS})


@pytest.fixture
def manifests():
    text = (ROOT / "export/kubernetes/training_job.yaml").read_text()
    service, job = yaml.safe_load_all(text)
    return service, job


def test_the_manifests_are_as_kubernetes_wants_them(manifests):
    for manifest in manifests:
        validate(manifest)


@pytest.mark.parametrize(
    ("path", "field"),
    [
        (("spec",), "completion"),
        (("spec", "template", "spec"), "subDomain"),
        (("spec", "template", "spec", "containers", 0), "arg"),
    ],
)
def test_the_schema_finds_a_misspelt_field(manifests, path, field):
    wrong = part = copy.deepcopy(manifests[1])
    for key in path:
        part = part[key]
    part[field] = 2
    with pytest.raises(jsonschema.ValidationError, match=field):
        validate(wrong)


def test_each_worker_finds_itself_and_the_others(manifests, monkeypatch):
    service, job = manifests
    spec, pod = job["spec"], job["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    index, config = container["env"]
    assert spec["completionMode"] == "Indexed"
    annotation = "metadata.annotations['batch.kubernetes.io/job-completion-index']"
    assert index["valueFrom"]["fieldRef"]["fieldPath"] == annotation
    for worker in range(spec["completions"]):
        # Kubernetes puts variables that stand before into those behind.
        text = config["value"].replace(f"$({index['name']})", str(worker))
        monkeypatch.setenv(config["name"], text)
        assert worker_index() == worker
    # The pods of an indexed Job have its name and their index as the host name.
    port = container["ports"][0]["containerPort"]
    assert json.loads(text)["cluster"]["worker"] == [
        f"{job['metadata']['name']}-{worker}.{pod['subdomain']}:{port}"
        for worker in range(spec["completions"])
    ]
    assert spec["parallelism"] == spec["completions"]
    assert service["metadata"]["name"] == pod["subdomain"]
    assert service["spec"]["clusterIP"] == "None"
    selector = {"batch.kubernetes.io/job-name": job["metadata"]["name"]}
    assert service["spec"]["selector"] == selector
    assert service["spec"]["ports"][0]["port"] == port


def test_the_manifest_starts_a_command_that_exists(manifests, monkeypatch):
    pod = manifests[1]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    program, name, *arguments = container["command"] + container["args"]
    assert (program, name) == ("keras-gen", "train")
    train = cli.COMMANDS["train"]
    monkeypatch.setattr(train, "function", lambda *names, **flags: (names, flags))
    names, flags = train.run(arguments)
    assert set(names) <= set(catalog.names())
    assert flags["strategy"] == "multiworker"
    (mount,) = container["volumeMounts"]
    assert flags["out"].startswith(mount["mountPath"] + "/")
    assert [mount["name"]] == [volume["name"] for volume in pod["volumes"]]
