import asyncio
import json
import os
import pickle
import subprocess
import sys
import types

import keras
import numpy as np
import pytest
from contracts import make_tiny

from keras_gen.domains import Text
from keras_gen.files import sha256_of
from keras_gen.models import GAN, RecurrentModel
from keras_gen.random import seed_initializers
from keras_gen.serving import repository, worker, write_repository
from keras_gen.serving.settings import (
    Signature,
    model_of_settings,
    remove_settings,
    write_settings,
)
from keras_gen.zoo.shelf import loading


def test_each_signature_is_served_under_a_name(served):
    paths = served.repository.glob("*/model-settings.json")
    assert sorted(path.parent.name for path in paths) == [
        "gan",
        "gan-decode",
        "gan-serving_default",
        "large",
        "pixels",
        "pixels-anomaly_score",
        "pixels-impute",
        "pixels-log_prob",
        "pixels-serving_default",
    ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("repository")
    make_tiny(GAN).save(folder / "gan.keras")
    return folder


def test_what_is_exported_is_kept(folder):
    options = {"format": "saved_model"}
    names = write_repository([folder / "gan.keras"], folder / "new", **options)
    assert names == ["gan", "gan-decode", "gan-serving_default"]
    path = folder / "new" / "gan" / "1" / "saved_model.pb"
    before = path.stat()
    assert write_repository([folder / "gan.keras"], folder / "new", **options) == names
    assert path.stat() == before
    write_repository([folder / "gan.keras"], folder / "new", **options, overwrite=True)
    assert path.stat().st_ino != before.st_ino


def test_another_process_exports_or_says_why_not(folder, monkeypatch):
    def fail(*arguments):
        raise AssertionError("This process must not export.")

    monkeypatch.setattr(repository, "_export", fail)
    good, damaged = folder / "gan.keras", source(folder, "damaged.keras", "no model")
    options = {"format": "saved_model", "in_process": False}
    with pytest.raises(ValueError, match=r"damaged.keras' cannot be loaded"):
        write_repository([good, damaged], folder / "apart", **options)
    assert (folder / "apart" / "gan" / "1" / "saved_model.pb").exists()
    names = write_repository([good], folder / "apart", **options)
    assert names == ["gan", "gan-decode", "gan-serving_default"]


def test_a_saved_model_is_described_like_a_tflite_file(served, folder):
    write_repository([folder / "gan.keras"], folder / "twin", "saved_model")
    for name in ("gan", "gan-decode", "gan-serving_default"):
        ours, theirs = (
            json.loads((place / name / "model-settings.json").read_text())
            for place in (folder / "twin", served.repository)
        )
        assert ours["inputs"] == theirs["inputs"]
        assert ours["outputs"] == theirs["outputs"]
        assert ours["platform"] == "tensorflow_savedmodel"
        assert ours["parameters"]["uri"] == ("1" if name == "gan" else "../gan/1")


def test_symbols_are_served_as_integers(tmp_path):
    answers = pytest.importorskip("keras_gen.serving.answers", exc_type=ImportError)
    seed_initializers(1)
    model = RecurrentModel(Text(6, "abc "), units=4, seed=0)
    model.save(tmp_path / "text.keras")
    write_repository([tmp_path / "text.keras"], tmp_path, "saved_model")
    settings = json.loads((tmp_path / "text" / "model-settings.json").read_text())
    assert settings["outputs"] == [{"name": "x", "datatype": "INT32", "shape": [-1, 6]}]
    run = worker.opened(None, str(tmp_path / "text" / "1"))
    pairs = np.array([(7, row) for row in range(3)], np.int32)
    outputs = run("sample", {"seed": pairs, "temperature": np.full(3, 0.5, "float32")})
    asked = types.SimpleNamespace(id=None, outputs={"x": False})
    answer = asyncio.run(answers.response_of("text", asked, outputs, {}))
    (output,) = json.loads(answer.body)["outputs"]
    assert (output["datatype"], output["shape"]) == ("INT32", [3, 6])
    assert all(type(symbol) is int for symbol in output["data"])
    symbols = np.reshape(output["data"], (3, 6))
    np.testing.assert_array_equal(symbols, model.sample(3, 7, temperature=0.5))
    assert len(model.x_domain.to_text(symbols[0])) == 6


def test_a_model_without_samples_is_served_by_its_call(tmp_path):
    inputs = keras.Input((3,))
    model = keras.Model(inputs, keras.layers.Dense(2)(inputs))
    model.save(tmp_path / "dense.keras")
    assert write_repository([tmp_path / "dense.keras"], tmp_path, "saved_model") == [
        "dense"
    ]


def test_an_open_shape_is_refused(tmp_path):
    inputs = keras.Input((None, 3))
    keras.Model(inputs, keras.layers.Dense(2)(inputs)).save(tmp_path / "open.keras")
    with pytest.raises(ValueError, match=r"'inputs' has an open shape: .*None"):
        write_repository([tmp_path / "open.keras"], tmp_path, "saved_model")
    assert not list(tmp_path.glob("*/model-settings.json"))


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["vae_mnits"], "Did you mean vae_mnist"),
        (["vae_mnist", "runs/vae_mnist"], "different names.*'vae_mnist', 'vae_mnist'"),
        ([], "different names"),
    ],
)
def test_bad_names_are_refused(tmp_path, names, message):
    with pytest.raises(ValueError, match=message):
        write_repository(names, tmp_path)
    assert not list(tmp_path.iterdir())


TENSOR = {"name": "x", "datatype": "FP32", "shape": [-1, 2]}


def source(folder, name, text=""):
    """A file in place of a saved model, of which only the bytes count here."""
    path = folder / name
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_text(text)
    return path


def stand(folder, model, path, name=None):
    """Settings as if a signature of a model had been exported from a file."""
    exported = source(folder, f"{model}/{model}.tflite")
    signature = Signature(
        name=name or model,
        model=model,
        signature="sample",
        path=exported,
        platform="litert",
        sha256=sha256_of(path),
        max_batch_size=64,
        inputs=[TENSOR],
        outputs=[TENSOR],
    )
    write_settings(folder, signature)


def test_a_model_that_has_only_the_name_of_an_exported_one_is_refused(tmp_path):
    first = source(tmp_path, "a/vae.keras", "first")
    second = source(tmp_path, "b/vae.keras", "second")
    stand(tmp_path, "vae", first)
    for same in (first, "vae"):
        assert write_repository([same], tmp_path) == ["vae"]
    with pytest.raises(
        ValueError, match=r"'vae' in .* was exported from other weights"
    ):
        write_repository([second], tmp_path)
    with pytest.raises(ValueError, match="There is no saved model"):
        write_repository([tmp_path / "c" / "vae.keras"], tmp_path)
    stand(tmp_path, "vae_mnist", first)
    with pytest.raises(ValueError, match=r"than those of 'vae_mnist': their sha256"):
        write_repository(["vae_mnist"], tmp_path)


def test_another_format_than_the_exported_one_is_refused(tmp_path):
    first = source(tmp_path, "a/vae.keras")
    stand(tmp_path, "vae", first)
    with pytest.raises(ValueError, match=r"'vae' in .* another format than 'saved_mod"):
        write_repository([first], tmp_path, "saved_model")


def test_a_signature_that_has_the_name_of_another_model_is_refused(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(loading, "open_model", lambda name: make_tiny(GAN))
    first = source(tmp_path, "a/gan-decode.keras")
    stand(tmp_path, "gan-decode", first)
    with pytest.raises(ValueError, match=r"would be served as 'gan-decode', which is"):
        write_repository([source(tmp_path, "a/gan.keras")], tmp_path)
    stand(tmp_path, "gan", first, "gan-decode")
    with pytest.raises(ValueError, match=r"which is a signature of 'gan' in"):
        write_repository([first], tmp_path)
    assert model_of_settings(tmp_path, "gan-decode") == "gan"


def test_a_model_that_is_exported_again_loses_its_old_signatures(tmp_path):
    first = source(tmp_path, "a/gan.keras")
    for model, name in [("gan", "gan"), ("gan", "gan-encode"), ("gan-2", "gan-2")]:
        stand(tmp_path, model, first, name)
    source(tmp_path, "gan-damaged/model-settings.json", "{")
    remove_settings(tmp_path, "gan")
    paths = tmp_path.glob("*/model-settings.json")
    assert [path.parent.name for path in paths] == ["gan-2"]


def test_settings_that_cannot_be_read_belong_to_no_model(tmp_path):
    (tmp_path / "gan").mkdir()
    # Reading a pipe would not end.
    os.mkfifo(tmp_path / "gan" / "model-settings.json")
    assert model_of_settings(tmp_path, "gan") is None


def test_the_exporter_ends_with_the_server(tmp_path):
    command = [sys.executable, "-P", repository._EXPORTER]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, **pipes) as process:
        arguments = (["vae_mnist"], tmp_path / "served", "tflite", False)
        answer, _ = process.communicate(pickle.dumps(arguments))
    assert (process.returncode, answer) == (1, b"")
    assert not (tmp_path / "served").exists()
