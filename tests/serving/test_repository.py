import json

import keras
import pytest
from contracts import make_tiny

from keras_gen.models import GAN
from keras_gen.serving import write_repository


def test_each_signature_is_served_under_a_name(served):
    paths = served.repository.glob("*/model-settings.json")
    assert sorted(path.parent.name for path in paths) == [
        "gan",
        "gan-decode",
        "gan-serving_default",
        "large",
        "pixels",
        "pixels-complete",
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
