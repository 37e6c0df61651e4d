"""Tests of files that are whole or not there."""

import json
import os

import pytest

from keras_gen.files import (
    open_file,
    read_bytes,
    read_json,
    remove_partials,
    sha256_of,
    write_json,
    write_text,
    written_whole,
)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("durable", [False, True])
def test_a_file_appears_when_it_is_whole(tmp_path, durable):
    path = tmp_path / "model.weights.h5"
    with written_whole(path, durable=durable) as partial:
        assert partial.parent == tmp_path
        assert partial.name.endswith(".weights.h5")
        partial.write_text("new")
        assert not path.exists()
    assert names(tmp_path) == ["model.weights.h5"]
    assert path.read_text() == "new"


def test_a_file_is_replaced_as_a_whole(tmp_path):
    write_text(tmp_path / "notes", "old")
    write_text(str(tmp_path / "notes"), "new")
    assert (tmp_path / "notes").read_text() == "new"
    assert names(tmp_path) == ["notes"]


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path, error):
    path = tmp_path / "notes"
    write_text(path, "old")

    def fail(path):
        with written_whole(path) as partial:
            partial.write_text("half")
            raise error

    with pytest.raises(error):
        fail(path)
    assert names(tmp_path) == ["notes"]
    assert path.read_text() == "old"
    with pytest.raises(error):
        fail(tmp_path / "other")
    assert names(tmp_path) == ["notes"]


def folder_with(path, name):
    path.mkdir()
    (path / name).touch()


def test_a_folder_takes_the_place_of_another_one(tmp_path):
    path = tmp_path / "exported"
    folder_with(path, "old")
    with written_whole(path) as partial:
        folder_with(partial, "new")
    assert names(tmp_path) == ["exported"]
    assert names(path) == ["new"]


def test_a_folder_stays_when_its_successor_cannot_take_its_place(tmp_path, monkeypatch):
    path = tmp_path / "exported"
    folder_with(path, "old")

    def fail(source, target):
        raise OSError("no space left")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="no space"), written_whole(path) as partial:
        folder_with(partial, "new")
    assert names(tmp_path) == ["exported"]
    assert names(path) == ["old"]


def test_what_a_killed_process_has_left_is_removed(tmp_path):
    with written_whole(tmp_path / "shard.npz") as partial:
        left = partial.name
        partial.touch()
    (tmp_path / left).write_bytes(b"half")
    folder_with(tmp_path / f"{left}-2", "part")
    remove_partials(tmp_path)
    assert names(tmp_path) == ["shard.npz"]


def test_json_and_its_checksum(tmp_path):
    path = tmp_path / "report.json"
    write_json(path, {"value": 1.5, "names": ["a"]})
    assert path.read_text().endswith("}\n")
    assert read_json(path) == json.loads(path.read_text())
    assert sha256_of(path) == sha256_of(str(path))
    assert len(sha256_of(path)) == 64
    with pytest.raises(TypeError):
        write_json(path, {"value": object()})
    assert read_json(path)["value"] == 1.5


def test_what_is_no_regular_file_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for path, kind in (
        (tmp_path / "pipe", "a pipe"),
        (tmp_path / "folder", "a folder"),
        ("/dev/zero", "a device"),
    ):
        for read in (open_file, read_bytes, read_json, sha256_of):
            with pytest.raises(OSError, match=f"{path}' must be a file.*{kind}"):
                read(path)
    with pytest.raises(FileNotFoundError, match="none"):
        read_bytes(tmp_path / "none")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is no JSON"),
        ("{", "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ("\xff", "is no JSON"),
        ("[]", r"must hold a JSON object. Received: \[\]"),
        ("7", "must hold a JSON object. Received: 7"),
        (" " * 101, "must have at most 100 bytes"),
    ],
)
def test_json_that_is_no_object_is_named(tmp_path, text, message):
    path = tmp_path / "metrics.json"
    path.write_bytes(text.encode("latin-1"))
    most = 100 if len(text) == 101 else 10**6
    with pytest.raises(ValueError, match=f"metrics.json' {message}"):
        read_json(path, most)
