import math

import numpy as np
import pytest
import tensorflow as tf
from contracts import make_tiny
from tensorflow.core.protobuf import saved_model_pb2

from keras_gen.export import export_saved_model, saved_model_report
from keras_gen.models import VAE, Autoencoder, GatedPixelCNN

from .conftest import files_in


@pytest.mark.parametrize("model_class", [Autoencoder, VAE, GatedPixelCNN])
def test_every_signature_gives_what_the_model_gives(tmp_path, model_class):
    model = make_tiny(model_class)
    path = export_saved_model(model, tmp_path / "tiny")
    assert path == tmp_path / "tiny" / "1"
    report = saved_model_report(model, path, num_images=2)
    size = sum(f.stat().st_size for f in path.rglob("*") if f.is_file())
    assert report.num_bytes == size
    assert len(report.parity) == {Autoencoder: 5, VAE: 7, GatedPixelCNN: 5}[model_class]
    for name, parity in report.parity.items():
        assert parity.num_differing == 0, name
    assert report.signatures.keys() == report.parity.keys()


def test_a_temperature_may_be_left_out(tmp_path):
    model = make_tiny(GatedPixelCNN)
    path = export_saved_model(model, tmp_path / "tiny")
    opened = tf.saved_model.load(str(path))
    seed, y = tf.constant([[7, 0], [7, 1]]), tf.constant([0, 1])
    found = opened.sample(seed=seed, y=y)["x"]
    expected = model.x_domain.to_bytes(model.sample(2, 7, y=[0, 1]))
    np.testing.assert_array_equal(found, expected)
    given = opened.sample(seed=seed, y=y, temperature=tf.constant([1.0, 1e-30]))["x"]
    np.testing.assert_array_equal(given[0], expected[0])
    assert not np.array_equal(given[1], expected[1])
    # What TensorFlow Serving reads.
    stored = saved_model_pb2.SavedModel()
    stored.ParseFromString((path / "saved_model.pb").read_bytes())
    for name in ("sample", "impute"):
        default = stored.meta_graphs[0].signature_def[name].defaults["temperature"]
        assert tf.make_ndarray(default).tolist() == [1.0]


def test_weights_are_stored_once_without_optimizer_and_discriminator(tmp_path, gan):
    gan.compile()
    gan.fit(np.zeros((8, 4, 4, 1)), verbose=0)
    path = export_saved_model(gan, tmp_path, version=3)
    stored = tf.train.list_variables(str(path / "variables" / "variables"))
    sizes = [math.prod(shape) for name, shape in stored if "VARIABLE_VALUE" in name]
    assert sorted(sizes) == sorted(math.prod(w.shape) for w in gan.generator.weights)


def test_a_version_that_exists_is_kept_unless_told_otherwise(tmp_path, gan):
    path = export_saved_model(gan, tmp_path)
    (path / "mark").touch()
    with pytest.raises(ValueError, match=f"`directory` must be free.*{path}.*exists"):
        export_saved_model(gan, tmp_path)
    assert (path / "mark").exists()
    export_saved_model(gan, tmp_path, overwrite=True)
    assert not (path / "mark").exists()
    export_saved_model(gan, tmp_path, version=2)
    assert files_in(tmp_path) == ["1", "2"]


@pytest.mark.parametrize("exists", [False, True])
def test_without_space_nothing_half_written_is_left(tmp_path, gan, monkeypatch, exists):
    if exists:
        (tmp_path / "1").mkdir()
        (tmp_path / "1" / "mark").touch()

    def full(module, path, *options):
        tf.io.gfile.makedirs(path)
        raise tf.errors.ResourceExhaustedError(None, None, "No space left on device")

    monkeypatch.setattr(tf.saved_model, "save", full)
    with pytest.raises(OSError, match="cannot be written: No space left on device"):
        export_saved_model(gan, tmp_path, overwrite=exists)
    assert files_in(tmp_path) == (["1"] if exists else [])
    assert (tmp_path / "1" / "mark").exists() == exists


def test_bad_arguments_are_refused(tmp_path, gan, unbuilt):
    with pytest.raises(ValueError, match="`version` must be an integer.*0"):
        export_saved_model(gan, tmp_path, version=0)
    with pytest.raises(ValueError, match="`model` must be built"):
        export_saved_model(unbuilt, tmp_path / "blank")
    assert files_in(tmp_path) == []
