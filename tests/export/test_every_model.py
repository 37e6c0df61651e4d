"""Every public model that samples gives the same images in every format."""

import json
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from contracts import public_models

from keras_gen.models.base import AutoregressiveModel, Sampler

NAMES = [m.__name__ for m in public_models() if issubclass(m, Sampler)]
# As many as `export_tflite` compares, so that samplers are compiled once.
NUM, SEED = 100, 3
# Of `sample` where sites are drawn; `serving_default` is at 1.
TEMPERATURE = 0.5
FORMATS = ["saved_model", "tflite"]

# Both run each signature on the first row alone and on all rows.
RELOAD = """
import json, sys
for absent in ("keras", "tf_keras", "keras_gen", "tensorflow_probability"):
    sys.modules[absent] = None
import numpy as np, tensorflow as tf
folder = sys.argv[1]
for name in json.loads(sys.argv[2]):
    given = dict(np.load(f"{folder}/{name}.npz"))
    signatures = tf.saved_model.load(f"{folder}/{name}/1").signatures
    found = {}
    for signature, output in (("serving_default", "samples"), ("sample", "images")):
        run = signatures[signature]
        names = run.structured_input_signature[1]
        for num in (1, len(given["seed"])):
            rows = {key: tf.constant(given[key][:num]) for key in names}
            found[f"{output}_{num}"] = run(**rows)[output].numpy()
    np.savez(f"{folder}/{name}.saved_model.npz", **found)
"""
LITERT = """
import json, sys
for absent in ("tensorflow", "keras", "keras_gen"):
    sys.modules[absent] = None
import numpy as np
folder = sys.argv[1]
sys.path.insert(0, folder)
from sampler import Sampler
for name in json.loads(sys.argv[2]):
    given = dict(np.load(f"{folder}/{name}.npz"))
    sampler, found = Sampler(f"{folder}/{name}.tflite"), {}
    inputs = sampler.metadata["signatures"]["serving_default"]["inputs"]
    for num in (1, len(given["seed"])):
        rows = {key: given[key][:num] for key in inputs}
        found[f"samples_{num}"] = sampler.run("serving_default", **rows)["samples"]
        labels = given["labels"][:num] if "labels" in given else None
        options = [labels, *given.get("temperature", ())[:1]]
        found[f"images_{num}"] = sampler.sample(num, int(given["seed"][0, 0]), *options)
    np.savez(f"{folder}/{name}.tflite.npz", **found)
"""


@pytest.fixture(scope="module")
def drawn(exports):
    """What a fresh process gets of all files of a format, and Keras."""
    folder, models, _ = exports
    expected = {}
    for name, model in models.items():
        noise, labels = model.noise(NUM, SEED), {}
        if model.num_classes is not None:
            labels["labels"] = np.arange(NUM, dtype=np.int32)[::-1] % model.num_classes
        cooler = {"temperature": TEMPERATURE} if draws_sites(model) else {}
        expected[name] = {
            "noise": np.array(noise),
            "samples": np.array(model.from_noise(noise, **labels)),
            "images": model.x_domain.to_bytes(
                model.sample(NUM, SEED, **labels, **cooler)
            ),
            **labels,
        }
        given = {"seed": np.array([(SEED, row) for row in range(NUM)], np.int32)}
        if cooler:
            given["temperature"] = np.full(NUM, TEMPERATURE, np.float32)
        np.savez(folder / f"{name}.npz", noise=noise, **given, **labels)
    arguments = [str(folder), json.dumps(NAMES)]
    running = [
        subprocess.Popen([sys.executable, "-c", script, *arguments], cwd=folder)
        for script in (RELOAD, LITERT)
    ]
    assert [process.wait() for process in running] == [0, 0]
    return {
        kind: {
            name: (expected[name], dict(np.load(folder / f"{name}.{kind}.npz")))
            for name in models
        }
        for kind in FORMATS
    }


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("num", [1, NUM])
def test_the_same_seed_gives_the_same_images(exports, drawn, kind, name, num):
    model = exports[1][name]
    expected, found = drawn[kind][name]
    samples, images = found[f"samples_{num}"], found[f"images_{num}"]
    assert samples.dtype == np.float32
    assert images.dtype == np.uint8
    assert images.std() > 0
    expected = {key: values[:num] for key, values in expected.items()}
    if draws_sites(model):
        drawn = expected["samples"]
        check_sites(model, expected, samples, drawn, drawn)
        drawn = expected["images"]
        check_sites(model, expected, images, drawn, drawn / 255.0, TEMPERATURE)
    else:
        low, high = model.image_range
        difference = np.abs(samples - expected["samples"])
        assert difference.max() <= 1e-5 * (high - low)
        check_levels(model, expected, images)


def draws_sites(model):
    return isinstance(model, AutoregressiveModel)


def check_sites(model, expected, found, drawn, images, temperature=1.0):
    """Images differ from a site on whose number lies within 1e-5 of a step of the CDF.

    One image may.
    """
    images = tf.cast(images, tf.float32)
    parameters = model.site_parameters(images, expected.get("labels"))
    steps = model.output_distribution.cumulative(parameters, temperature).numpy()
    near = np.abs(expected["noise"][..., None] - steps).min(axis=-1) < 1e-5
    differs = (found != drawn).reshape(len(found), -1)
    near = near.reshape(len(found), -1)
    images = np.flatnonzero(differs.any(axis=1))
    assert near[images, differs[images].argmax(axis=1)].all()
    assert len(images) <= 1


def check_levels(model, expected, images):
    """A byte is another, the next one, where its float lies by a rounding step."""
    low, high = model.image_range
    levels = (expected["samples"].astype(np.float64) - low) * (255 / (high - low))
    near = np.abs(levels - np.floor(levels) - 0.5) < 255 * 1e-5
    difference = np.abs(images.astype(int) - expected["images"])
    assert difference.max() <= 1
    assert near[difference > 0].all()
    assert np.count_nonzero(difference) <= 1 + 0.01 * images.size


@pytest.mark.parametrize("name", NAMES)
def test_the_report_of_a_file_says_so_too(exports, name):
    report = exports[2][name]
    assert report.path.stat().st_size == report.num_bytes
    assert set(report.parity) == {"serving_default", "sample"}
    for parity in report.parity.values():
        assert parity.num_images == 100
        assert parity.num_differing <= 1
