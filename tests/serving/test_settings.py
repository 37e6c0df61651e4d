"""Settings of a repository are data: what is not as it must be is refused by name."""

import copy
import json
import os

import pytest

from keras_gen.serving.settings import Signature, read_settings, write_settings

SEED = {"name": "seed", "datatype": "INT32", "shape": [-1, 2]}
IMAGES = {"name": "x", "datatype": "UINT8", "shape": [-1, 8, 8, 1]}
BOUNDS = {"minimum": 0, "maximum": 2**31 - 1}


@pytest.fixture
def repository(tmp_path):
    folder = tmp_path / "repository"
    (folder / "gan").mkdir(parents=True)
    (folder / "gan" / "gan.tflite").write_bytes(b"")
    (tmp_path / "other.tflite").write_bytes(b"")
    write_settings(folder, signature(folder))
    return folder


def signature(folder, name="gan"):
    return Signature(
        name=name,
        model="gan",
        signature="sample",
        path=folder / "gan" / "gan.tflite",
        platform="litert",
        sha256="0" * 64,
        max_batch_size=64,
        inputs=[SEED | {"parameters": BOUNDS}],
        outputs=[IMAGES],
    )


def change(folder, keys, value):
    """Sets a value within the settings, or removes it."""
    path = folder / "gan" / "model-settings.json"
    settings = copy.deepcopy(json.loads(path.read_text()))
    place = settings
    for key in keys[:-1]:
        place = place[key]
    if value is None:
        del place[keys[-1]]
    else:
        place[keys[-1]] = value
    path.write_text(json.dumps(settings))


def test_what_is_written_is_read(repository):
    assert read_settings(repository, ["gan"]) == [signature(repository)]
    write_settings(repository, signature(repository, "gan-encode"))
    (repository / "other").mkdir()
    (repository / "other" / "model-settings.json").write_text("{")
    found = read_settings(repository, model="gan")
    assert [s.name for s in found] == ["gan", "gan-encode"]


@pytest.mark.parametrize(
    ("keys", "value", "message"),
    [
        (["implementation"], "antigravity.This", "no `implementation`.*'antigravity"),
        (["environment_path"], "/tmp", "unknown: 'environment_path'"),
        (["parameters", "environment_tarball"], "x", "unknown: 'environment_tarball'"),
        (["parameters", "extra", "workers"], 10**9, "unknown: 'workers'"),
        (["inputs"], None, "unknown: 'inputs'"),
        (["name"], "gan/../x", "`name` must be that of the folder"),
        (["name"], ["gan"], "`name` must be that of the folder"),
        (["platform"], "python", "`platform` must be one of litert"),
        (["max_batch_size"], 0, "`max_batch_size` must be an integer from 1"),
        (["max_batch_size"], 10**12, "`max_batch_size` must be an integer from 1"),
        (["max_batch_size"], True, "`max_batch_size` must be an integer from 1"),
        (["parameters"], [], "`parameters` must be an object"),
        (
            ["parameters", "uri"],
            "../../other.tflite",
            "`parameters.uri` must be within",
        ),
        (["parameters", "uri"], "/dev/zero", "`parameters.uri` must be within"),
        (["parameters", "uri"], "missing.tflite", "must be a .tflite file"),
        (["parameters", "uri"], "x\0", "`parameters.uri` must be a short text"),
        (["parameters", "extra", "signature"], {}, "signature` must be a short text"),
        (["parameters", "extra", "sha256"], None, "unknown: 'sha256'"),
        (["parameters", "extra", "sha256"], "0" * 63, "sha256` must be 64 hexa"),
        (["inputs"], [], "`inputs` must be a list of 1 to 64"),
        (["inputs"], [SEED] * 65, "`inputs` must be a list of 1 to 64"),
        (["inputs"], [SEED, SEED], "`inputs` must have different names"),
        (["inputs", 0], 7, r"`inputs\[0\]` must be an object"),
        (["inputs", 0, "datatype"], "BYTES", r"`inputs\[0\].datatype` must be one of"),
        (["inputs", 0, "shape"], [2], r"`inputs\[0\].shape` must be -1"),
        (["inputs", 0, "shape"], [-1, 2.0], r"`inputs\[0\].shape` must be -1"),
        (["inputs", 0, "parameters", "minimum"], "0", "minimum` must be a number"),
        (["inputs", 0, "parameters", "headers"], {}, "unknown: 'headers'"),
    ],
)
def test_wrong_settings_are_refused(repository, keys, value, message):
    change(repository, keys, value)
    with pytest.raises(ValueError, match=f"model-settings.json' cannot.*{message}"):
        read_settings(repository, ["gan"])


@pytest.mark.parametrize("text", ["", "{", "[]", "[" * 100_000, "\0", " " * 2**21])
def test_settings_that_are_no_object_are_refused(repository, text):
    (repository / "gan" / "model-settings.json").write_text(text)
    with pytest.raises(ValueError, match=r"model-settings.json' cannot be served"):
        read_settings(repository, ["gan"])


def test_settings_that_are_no_file_are_refused(repository):
    path = repository / "gan" / "model-settings.json"
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(ValueError, match="must be a file"):
        read_settings(repository, ["gan"])


def test_a_model_that_lies_elsewhere_is_refused(repository):
    path = repository / "gan" / "gan.tflite"
    path.unlink()
    path.symlink_to(repository.parent / "other.tflite")
    with pytest.raises(ValueError, match="must be within the repository"):
        read_settings(repository, ["gan"])


def test_a_name_that_is_not_there_is_refused(repository):
    with pytest.raises(ValueError, match=r"must be of the repository.*\['vae'\]"):
        read_settings(repository, ["gan", "vae"])
