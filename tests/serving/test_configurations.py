"""What stands in `export/` for other servers, against what they read."""

import copy
import json
import re
from pathlib import Path

import jsonschema
import pytest
import yaml
from google.protobuf import (
    descriptor_pb2,
    descriptor_pool,
    message_factory,
    text_format,
)

import keras_gen
from keras_gen import cli
from keras_gen.zoo.shelf import catalog

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads(
    Path(__file__).with_name("inference_service.schema.json").read_text()
)


@pytest.fixture
def manifest():
    return yaml.safe_load((ROOT / "export/kserve/inference_service.yaml").read_text())


def test_the_manifest_is_as_kserve_wants_it(manifest):
    jsonschema.validate(manifest, SCHEMA)
    predictor = manifest["spec"]["predictor"]
    assert predictor["minReplicas"] <= predictor["maxReplicas"]
    mounts = predictor["containers"][0]["volumeMounts"]
    assert [m["name"] for m in mounts] == [v["name"] for v in predictor["volumes"]]


def test_the_schema_finds_a_misspelt_field(manifest):
    wrong = copy.deepcopy(manifest)
    wrong["spec"]["predictor"]["maxReplica"] = 3
    with pytest.raises(jsonschema.ValidationError, match="maxReplica"):
        jsonschema.validate(wrong, SCHEMA)


def test_the_manifest_starts_a_command_that_exists(manifest, monkeypatch):
    predictor = manifest["spec"]["predictor"]
    (container,) = predictor["containers"]
    program, name, *arguments = container["command"] + container["args"]
    assert (program, name) == ("keras-gen", "serve")
    serve = cli.COMMANDS["serve"]
    monkeypatch.setattr(serve, "function", lambda *names, **flags: (names, flags))
    names, flags = serve.run(arguments)
    assert set(names) <= set(catalog.names())
    assert flags["host"] == "0.0.0.0"
    assert flags["out"] == container["volumeMounts"][0]["mountPath"]
    ready, live = container["readinessProbe"], container["livenessProbe"]
    assert {ready["httpGet"]["port"], live["httpGet"]["port"]} == {flags["port"]}
    assert container["ports"][0]["containerPort"] == flags["port"]
    assert ready["httpGet"]["path"] == "/v2/health/ready"
    # A replica has time to take requests, and to finish those that it has.
    sleep, seconds = container["lifecycle"]["preStop"]["exec"]["command"]
    deadline = serve.flags["deadline"].default
    grace = predictor["terminationGracePeriodSeconds"]
    assert (sleep, predictor["timeout"]) == ("sleep", deadline)
    assert grace > int(seconds) + flags["drain"] + deadline + 5


def test_the_image_of_the_manifests_is_built(manifest):
    text = (ROOT / "export/Dockerfile").read_text()
    image = f"registry.example.com/keras-gen:{keras_gen.__version__}"
    assert f"docker build --file export/Dockerfile --tag {image} ." in text
    assert manifest["spec"]["predictor"]["containers"][0]["image"] == image
    assert f"/keras_gen-{keras_gen.__version__}-py3-none-any.whl[serve]" in text
    job = (ROOT / "export/kubernetes/training_job.yaml").read_text()
    assert f"image: {image}\n" in job
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE)
    assert all((ROOT / name).exists() for line in copied for name in line.split())
    needed = {"setup.py", "pyproject.toml", "README.md", "keras_gen", "zoo", "export"}
    assert needed <= {name for line in copied for name in line.split()}
    bases = re.findall(r"^FROM python:(\S+)-slim", text, re.MULTILINE)
    assert set(bases) <= {"3.11", "3.12"}


def model_server_config():
    """The message of TensorFlow Serving's configuration, as far as it is used."""
    field = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="config.proto", package="serving")
    one, many = field.LABEL_OPTIONAL, field.LABEL_REPEATED
    for name, fields in {
        "ModelConfig": [("name", 1), ("base_path", 2), ("model_platform", 4)],
        "ModelConfigList": [("config", 1, many, "ModelConfig")],
        "ModelServerConfig": [("model_config_list", 1, one, "ModelConfigList")],
    }.items():
        message = file.message_type.add(name=name)
        for key, number, *nested in fields:
            added = message.field.add(name=key, number=number, label=one)
            added.type = field.TYPE_MESSAGE if nested else field.TYPE_STRING
            if nested:
                added.label, added.type_name = nested[0], f".serving.{nested[1]}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    found = pool.FindMessageTypeByName("serving.ModelServerConfig")
    return message_factory.GetMessageClass(found)()


def test_tensorflow_serving_finds_models_of_the_zoo():
    text = (ROOT / "export/tf_serving/models.config").read_text()
    parsed = text_format.Parse(text, model_server_config())
    models = parsed.model_config_list.config
    assert len(models) == 2
    for model in models:
        assert model.name in catalog.names()
        assert model.base_path == f"/models/{model.name}"
        assert model.model_platform == "tensorflow"
