import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from contracts import make_tiny

from keras_gen.distributions import BernoulliLikelihood
from keras_gen.export import export_onnx, onnx_files
from keras_gen.export.signatures import signatures_of
from keras_gen.models import MADE, VAE

from .conftest import files_in

pytest.importorskip("tf2onnx", reason="tf2onnx, of the extra `onnx`, is not installed")
onnxruntime = pytest.importorskip(
    "onnxruntime", reason="onnxruntime, of the extra `onnx`, is not installed"
)


@pytest.fixture
def made():
    """A model that draws four sites one by one."""
    return MADE((2, 2, 1), BernoulliLikelihood(), (), name="tiny")


class Digamma(keras.layers.Layer):
    """An operation that ONNX has not."""

    def call(self, inputs):
        return tf.math.digamma(inputs)


def test_each_signature_is_a_file_that_gives_what_the_model_gives(tmp_path):
    model = make_tiny(VAE)
    report = export_onnx(model, tmp_path / "new" / "tiny")
    assert report.path == tmp_path / "new" / "tiny"
    names = [
        "anomaly_score",
        "decode",
        "encode",
        "impute",
        "reconstruct",
        "sample",
        "serving_default",
    ]
    assert files_in(report.path) == [f"{name}.onnx" for name in names]
    assert report.num_bytes == sum(f.stat().st_size for f in report.path.iterdir())
    assert sorted(report.parity) == names
    for name, parity in report.parity.items():
        assert parity.num_differing == 0, name
    # Names of one file are different.
    assert report.signatures["reconstruct"] == (["x"], ["x_out"])
    session = onnxruntime.InferenceSession(report.path / "sample.onnx")
    seeds = np.array([(7, row) for row in range(5)], np.int32)
    (found,) = session.run(["x"], {"seed": seeds})
    np.testing.assert_array_equal(found, model.x_domain.to_bytes(model.sample(5, 7)))


def test_sites_are_drawn_one_by_one(tmp_path, made):
    report = export_onnx(made, tmp_path / "tiny", signatures=("impute",))
    assert report.signatures["impute"][1] == ["x_out"]
    session = onnxruntime.InferenceSession(report.path / "impute.onnx")
    # Inputs that tf2onnx adds to loops are gone.
    inputs = {found.name: found.type for found in session.get_inputs()}
    assert inputs == {
        "seed": "tensor(int32)",
        "x": "tensor(float)",
        "mask": "tensor(uint8)",
        "temperature": "tensor(float)",
    }
    x = np.array(made.sample(50, 1))
    mask = np.zeros_like(x, np.uint8)
    mask[:, 0] = 1
    given = {
        "seed": np.array([(7, row) for row in range(50)], np.int32),
        "x": x,
        "mask": mask,
        "temperature": np.full(50, 0.5, np.float32),
    }
    (found,) = session.run(None, given)
    expected = made.impute(x, mask, seed=7, temperature=0.5)
    np.testing.assert_array_equal(found, made.x_domain.to_bytes(expected))


def test_what_tf2onnx_does_not_convert_is_named(tmp_path, made):
    model = keras.Sequential([keras.Input((3,)), Digamma()])
    with pytest.raises(ValueError, match="does not convert: Digamma"):
        export_onnx(model, tmp_path / "tiny")
    assert files_in(tmp_path) == []
    # A function that is compiled with XLA stays a call, of which tf2onnx says nothing.
    compiled = signatures_of(made, compiled=True)["serving_default"]
    with pytest.raises(ValueError, match="does not convert: .*PartitionedCall"):
        onnx_files._converted(compiled)


def test_a_file_that_is_not_the_model_is_refused(tmp_path, gan, monkeypatch):
    run = onnx_files._run
    monkeypatch.setattr(onnx_files, "_run", lambda *given: [1.5 * run(*given)[0]])
    with pytest.raises(ValueError, match="is not the model: 'decode' differs by"):
        export_onnx(gan, tmp_path / "tiny", signatures=("decode",))
    assert files_in(tmp_path) == []


def test_a_folder_is_replaced_only_if_told(tmp_path, gan):
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny" / "notes").touch()
    with pytest.raises(ValueError, match="`directory` must be free.*tiny' exists"):
        export_onnx(gan, tmp_path / "tiny")
    assert files_in(tmp_path / "tiny") == ["notes"]
    export_onnx(gan, tmp_path / "tiny", signatures=("decode",), overwrite=True)
    assert files_in(tmp_path / "tiny") == ["decode.onnx"]


def test_bad_arguments_are_refused(tmp_path, gan, unbuilt):
    with pytest.raises(ValueError, match="`signatures` must be some of.*'encode'"):
        export_onnx(gan, tmp_path / "tiny", signatures=["encode"])
    with pytest.raises(ValueError, match="`model` must be built"):
        export_onnx(unbuilt, tmp_path / "tiny")
    half = MADE((2, 2, 1), BernoulliLikelihood(), (), dtype="mixed_bfloat16")
    with pytest.raises(ValueError, match="in float32.*'mixed_bfloat16'"):
        export_onnx(half, tmp_path / "tiny")
    assert files_in(tmp_path) == []


def test_without_the_extra_its_name_is_in_the_error(tmp_path, gan, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ImportError, match=r"pip install 'keras-gen\[onnx\]'"):
        export_onnx(gan, tmp_path / "tiny")
