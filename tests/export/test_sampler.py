"""The sampler that stands beside every file."""

import importlib.util
import io
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from keras_gen.export.tflite import sampler_path
from keras_gen.media import grid

# The shipped file, in a process without TensorFlow and this package.
COMMAND = """
import runpy, sys
for absent in ("tensorflow", "keras", "keras_gen", "PIL"):
    sys.modules[absent] = None
sys.argv = ["sampler.py", *sys.argv[1:]]
runpy.run_path("sampler.py", run_name="__main__")
"""


@pytest.fixture(scope="module")
def sampler():
    spec = importlib.util.spec_from_file_location("sampler", sampler_path())
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def conditional(exports, sampler):
    model, report = exports("ConditionalGAN")
    return sampler.Sampler(report.path), model


@pytest.fixture(scope="module")
def pixels(exports, sampler):
    return sampler.Sampler(exports("PixelCNN")[1].path)


def run(folder, *arguments):
    return subprocess.run(
        [sys.executable, "-c", COMMAND, *map(str, arguments)],
        cwd=folder,
        capture_output=True,
        text=True,
    )


def test_the_command_draws_a_grid_without_tensorflow(exports, tmp_path):
    model, report = exports("ConditionalGAN")
    out = tmp_path / "grid.png"
    options = ["--num", 7, "--seed", 2, "--labels", "2,0", "--out", out]
    done = run(report.path.parent, report.path.name, *options)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"Wrote {out}: 24 x 24 pixels\n"
    samples = model.sample(7, 2, y=[2, 0, 2, 0, 2, 0, 2])
    expected = grid(model.x_domain.to_bytes(samples))[..., 0].astype(int)
    assert np.abs(np.asarray(Image.open(out)) - expected).max() <= 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing.tflite"], "`path` must be a .tflite file of keras_gen"),
        (["sampler.py"], "`path` must be a .tflite file of keras_gen"),
        (["GAN.tflite", "--num", 0], "`num` must be an integer of at least 1"),
        (["GAN.tflite", "--labels", "1"], "`y` must be left out"),
    ],
)
def test_the_command_says_what_is_wrong_in_one_line(exports, arguments, message):
    done = run(exports("GAN")[1].path.parent, *arguments)
    assert done.returncode == 2
    assert message in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("channels", [1, 3])
def test_pictures_are_png_files(sampler, channels):
    picture = np.arange(5 * 4 * channels, dtype=np.uint8).reshape(5, 4, channels)
    opened = np.asarray(Image.open(io.BytesIO(sampler.png(picture))))
    np.testing.assert_array_equal(opened.reshape(picture.shape), picture)
    images = np.arange(5 * 12 * channels, dtype=np.uint8).reshape(5, 3, 4, channels)
    np.testing.assert_array_equal(sampler.grid(images), grid(images))


def test_labels_default_to_the_classes_in_turn_and_seeds_to_fresh_ones(conditional):
    drawn, model = conditional
    expected = model.x_domain.to_bytes(model.sample(70, 4)).astype(int)
    assert np.abs(drawn.sample(70, 4) - expected).max() <= 1
    np.testing.assert_array_equal(drawn.sample(3, 4, 1), drawn.sample(3, 4, [1, 1, 1]))
    assert not np.array_equal(drawn.sample(3), drawn.sample(3))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda s: s.sample(2.0), "`num` must be an integer.*2.0"),
        (lambda s: s.sample(True), "`num` must be an integer.*True"),
        (lambda s: s.sample(1, -1), "`seed` must be an integer.*-1"),
        (lambda s: s.sample(1, 2**31), "`seed` must be an integer.*2147483648"),
        (lambda s: s.sample(2, 0, [0, 3]), r"`y` must be 2 integers in \[0, 3\)"),
        (lambda s: s.sample(2, 0, [0]), "`y` must be 2 integers"),
        (lambda s: s.sample(2, 0, 0.5), "`y` must be 2 integers"),
        (lambda s: s.run("encode", x=0), "`signature` must be one of.*'encode'"),
        (lambda s: s.run("sample", seed=[[0, 0]]), "The inputs must be seed, y"),
        (
            lambda s: s.run("sample", seed=[[0]], y=[0]),
            r"`seed` must have shape \[None, 2\].*\[1, 1\]",
        ),
        (
            lambda s: s.run("sample", seed=[[0, 0]], y=[0, 1]),
            "one number of rows.*'y': 2",
        ),
    ],
)
def test_bad_arguments_are_refused(conditional, call, message):
    with pytest.raises(ValueError, match=message):
        call(conditional[0])


def test_a_row_with_a_bad_temperature_is_refused(pixels):
    with pytest.raises(ValueError, match="`temperature` must be positive.*: -0.5"):
        pixels.run("sample", seed=[[0, 0]] * 2, temperature=[1.0, -0.5])


def test_a_temperature_left_out_is_one(pixels):
    expected = pixels.sample(5, 4, temperature=1)
    np.testing.assert_array_equal(pixels.sample(5, 4), expected)
    seeds = [(4, row) for row in range(5)]
    np.testing.assert_array_equal(pixels.run("sample", seed=seeds)["x"], expected)
    assert not np.array_equal(pixels.sample(5, 4, temperature=100.0), expected)


@pytest.mark.parametrize("temperature", [0, -0.5, np.nan, "1", [1.0, 1.0]])
def test_bad_temperatures_are_refused(conditional, pixels, temperature):
    with pytest.raises(ValueError, match="`temperature` must be a positive number"):
        pixels.sample(2, 0, temperature=temperature)
    with pytest.raises(ValueError, match="`temperature` must be left out"):
        conditional[0].sample(2, 0, temperature=temperature)
