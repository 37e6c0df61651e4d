"""The sampler that stands beside every file."""

import hashlib
import importlib.util
import io
import json
import os
import shutil
import subprocess
import sys
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from contracts import make_tiny
from PIL import Image

from keras_gen.domains import Melodies, Symbols, Text, Vectors, Waveforms
from keras_gen.export import export_tflite, tflite
from keras_gen.export.standalone_sampler import sampler_path
from keras_gen.images import grid
from keras_gen.models import GatedPixelCNN, RecurrentModel
from keras_gen.random import Rows, seed_initializers

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


@pytest.mark.parametrize("name", ["DCGAN", "GAN", "PixelCNN"])
def test_a_row_does_not_depend_on_those_beside_it(exports, sampler, name):
    opened = sampler.Sampler(exports(name)[1].path)
    for signature, stated in opened.metadata["signatures"].items():
        random = np.random.default_rng(0)
        inputs = {
            name: random.random((9, *tensor["shape"][1:]))
            * (100 if tensor["dtype"] == "int32" else 1)
            for name, tensor in stated["inputs"].items()
        }
        whole = opened.run(signature, **inputs)["x"]
        for size in (1, 2, 5, 8):
            parts = [
                opened.run(
                    signature, **{n: v[first : first + size] for n, v in inputs.items()}
                )["x"]
                for first in range(0, 9, size)
            ]
            np.testing.assert_array_equal(np.concatenate(parts), whole)


@pytest.mark.parametrize("channels", [1, 3])
def test_pictures_are_png_files(sampler, channels):
    picture = np.arange(5 * 4 * channels, dtype=np.uint8).reshape(5, 4, channels)
    opened = np.asarray(Image.open(io.BytesIO(sampler.png(picture))))
    np.testing.assert_array_equal(opened.reshape(picture.shape), picture)
    images = np.arange(5 * 12 * channels, dtype=np.uint8).reshape(5, 3, 4, channels)
    np.testing.assert_array_equal(sampler.grid(images), grid(images))


SEQUENCES = {
    "text": Text(40, "abc \n\u00e9"),
    "bytes": Text(40),
    "melodies": Melodies(300, low=60, high=72),
    "waveforms": Waveforms(40, 8000),
    "codes": Symbols((2, 3), 5),
    "vectors": Vectors(4),
}
ENDINGS = {"text": ".txt", "bytes": ".txt", "melodies": ".mid", "waveforms": ".wav"}


@pytest.mark.parametrize("kind", SEQUENCES)
def test_files_of_sequences_are_those_of_the_package(sampler, tmp_path, kind):
    domain = SEQUENCES[kind]
    if kind == "melodies":
        pytest.importorskip("mido", reason="needs the extra midi")
    values = domain.draw(Rows(3, 0))
    if kind == "melodies":
        # Notes that are held, also over a rest and at the beginning of a melody.
        values[:, ::3] = 0
        values[1, :200] = 0
    described = {"class": type(domain).__name__, **domain.get_config()}
    ending = ENDINGS.get(kind, ".csv")
    ours, theirs = tmp_path / f"ours{ending}", tmp_path / f"theirs{ending}"
    samples = np.asarray(domain.bytes_of(values))
    assert sampler._out(str(ours), described) == ours
    sampler._write(samples, described, ours)
    domain.save(theirs, values)
    assert ours.read_bytes() == theirs.read_bytes()
    assert sampler._out(None, described).suffix == ending
    assert sampler._out("all.npy", described) == Path("all.npy")
    with pytest.raises(ValueError, match=f"`out` must end in {ending} or .npy.*'x.py'"):
        sampler._out("x.py", described)


def test_a_melody_by_hand(sampler):
    domain = {"low": 60, "high": 72}
    # A note of two steps, one that follows, a rest, and a hold that is a rest.
    found = sampler.midi(np.array([[2, 0, 3, 1], [0, 0, 4, 0]]), domain)
    header, track = found[:22], found[22:]
    assert header[:14] == b"MThd\0\0\0\x06\0\0\0\x01\x01\xe0"
    assert header[14:] == b"MTrk" + len(track).to_bytes(4, "big")
    # A step has 120 ticks; 240 ticks are 1, 112 in digits of seven bits.
    assert [*track] == [
        *(0, 0x90, 60, 80),
        *(129, 112, 0x80, 60, 0),
        *(0, 0x90, 61, 80),
        *(120, 0x80, 61, 0),
        *(130, 104, 0x90, 62, 80),
        *(129, 112, 0x80, 62, 0),
        *(0, 0xFF, 0x2F, 0),
    ]


def test_symbols_beyond_the_domain_are_not_written(sampler):
    for write, domain in (
        (sampler.text, {"alphabet": "ab"}),
        (sampler.midi, {"low": 60, "high": 60}),
    ):
        with pytest.raises(ValueError, match="symbols that are not in"):
            write(np.array([[5]]), domain)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The file of a model of text, and the model."""
    seed_initializers(1)
    model = RecurrentModel(Text(6, "abc\n"), units=4, seed=0, name="tiny")
    path = tmp_path_factory.mktemp("written") / "tiny.tflite"
    return export_tflite(model, path, None, signatures=("sample",)), model


def test_the_command_writes_the_texts_that_the_model_draws(written, tmp_path):
    report, model = written
    out = tmp_path / "drawn.txt"
    folder, name = report.path.parent, report.path.name
    done = run(folder, name, "--num=3", "--seed=2", f"--out={out}")
    assert done.stdout == f"Wrote {out}: int32 of shape (3, 6)\n", done.stderr
    model.x_domain.save(tmp_path / "expected.txt", model.sample(3, 2))
    assert out.read_bytes() == (tmp_path / "expected.txt").read_bytes()
    done = run(folder, name, "--out=drawn.mid")
    assert "`out` must end in .txt or .npy" in done.stderr


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


@pytest.fixture(scope="module")
def completing(sampler, tmp_path_factory):
    """A file that completes images, and its model."""
    model = make_tiny(GatedPixelCNN)
    path = tmp_path_factory.mktemp("completing") / "tiny.tflite"
    export_tflite(model, path, 4, signatures=("impute",))
    return sampler.Sampler(path), model


@pytest.mark.parametrize("dtype", [bool, np.uint8])
def test_images_are_completed_as_the_model_does(completing, dtype):
    opened, model = completing
    x = model.sample(5, 1)
    mask = (np.arange(8)[:, None] < [[4]]).repeat(8, axis=1).astype(dtype)
    expected = model.x_domain.to_bytes(model.impute(x, mask, seed=3, temperature=0.5))
    found = opened.impute(x, mask, 3, temperature=0.5)
    np.testing.assert_array_equal(found, expected)
    each = np.broadcast_to(mask[..., None], x.shape)
    again = opened.impute(np.where(each, x, np.nan), each, 3, temperature=0.5)
    np.testing.assert_array_equal(again, expected)
    assert not np.array_equal(opened.impute(x, mask, 4), expected)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda s, x, m: s.impute(x, m[:4]), r"`mask` must have shape.*\(4, 8\)"),
        (lambda s, x, m: s.impute(x, 2 * m), "booleans, or the integers.*int64: .2"),
        (lambda s, x, m: s.impute(x, m / 2), "booleans, or the integers.*float64"),
        (lambda s, x, m: s.impute(x, 1 - m), "in raster order.*for example 0"),
        (lambda s, x, m: s.impute(x[:0], m), "`x` must hold examples.*0, 8, 8, 1"),
        (lambda s, x, m: s.impute(x[:, :4], m), "`x` must have shape"),
        (lambda s, x, m: s.impute(x, m, 2.5), "`seed` must be an integer"),
        (lambda s, x, m: s.impute(x, m, y=9), "`y` must be 2 integers"),
        (lambda s, x, m: s.impute(x, m, temperature=0), "`temperature` must be"),
    ],
)
def test_bad_completions_are_refused(completing, call, message):
    x, mask = np.zeros((2, 8, 8, 1)), np.zeros((8, 8), np.int64)
    mask[:4] = 1
    with pytest.raises(ValueError, match=message):
        call(completing[0], x, mask)


def test_what_does_not_complete_says_so(conditional):
    with pytest.raises(ValueError, match="`signature` must be one of.*'impute'"):
        conditional[0].impute(np.zeros((1, 8, 8, 1)), np.ones((8, 8), bool))


def metadata_of(path):
    with zipfile.ZipFile(path) as attached:
        return json.loads(attached.read("keras_gen.json"))


def with_metadata(path, text, compression=zipfile.ZIP_STORED):
    """Writes another `keras_gen.json` into a file, which is sealed as an export is."""
    with zipfile.ZipFile(path) as attached:
        start = attached.infolist()[0].header_offset
    path.write_bytes(path.read_bytes()[:start])
    with zipfile.ZipFile(path, "a", compression) as attached:
        attached.writestr("keras_gen.json", text)
        attached.comment = bytes(64)
    tflite._seal(path)


@pytest.fixture
def copied(exports, tmp_path):
    return Path(shutil.copy(exports("ConditionalGAN")[1].path, tmp_path))


def test_a_file_ends_in_the_sha256_of_its_bytes(copied, sampler):
    content = copied.read_bytes()
    assert content[-64:].decode() == hashlib.sha256(content[:-64]).hexdigest()
    # What stands here is what the other tests change.
    with_metadata(copied, json.dumps(metadata_of(copied)))
    assert sampler.Sampler(copied).sample(3).shape == (3, 8, 8, 1)


def test_every_flipped_bit_is_found(copied, sampler):
    content, random = copied.read_bytes(), np.random.default_rng(0)
    places = [random.integers(len(content), size=3) for _ in range(25)]
    # Within the digest, the ZIP archive and the start.
    places += [[len(content) - n] for n in (1, 64, 65, 70, 90, 200)] + [[0], [4]]
    for flipped in places:
        changed = bytearray(content)
        for place in flipped:
            changed[place] ^= 1 << random.integers(8)
        copied.write_bytes(changed)
        with pytest.raises(ValueError, match="sha256 of its bytes: it was changed"):
            sampler.Sampler(copied)
    for length in (0, 1, 63, 64, 1000, len(content) - 1):
        copied.write_bytes(content[:length])
        with pytest.raises(ValueError, match="`path` must be a .tflite file"):
            sampler.Sampler(copied)


@pytest.mark.parametrize(
    ("keys", "value", "message"),
    [
        (["batch_size"], -1, "batch_size must be null or 1 to 65536.*-1"),
        (["batch_size"], 0, "batch_size must be null or 1"),
        (["batch_size"], 2**40, "batch_size must be null or 1"),
        (["batch_size"], True, "batch_size must be null or 1"),
        (["batch_size"], 4, "shape must be 4 and then sizes"),
        (["signatures"], None, "signatures must be an object"),
        (["signatures"], [], "signatures must be an object"),
        (["signatures"], {}, "signatures must be an object that is not empty"),
        (["signatures", "sample"], 7, "sample must be an object"),
        (["signatures", "sample", "inputs"], {}, "sample.inputs must be an object"),
        (["signatures", "sample", "inputs", "z"], {}, "shape must be None and then"),
        (["signatures", "sample", "inputs", "seed"], [], "sample.inputs must be obj"),
        (["signatures", "sample", "block"], 0, "block must be an integer"),
        (["signatures", "sample", "block"], 9, "signature sample_9 must be"),
        (
            ["signatures", "sample", "inputs", "seed", "dtype"],
            "object",
            "sample.inputs.dtype must be one of bool",
        ),
        (
            ["signatures", "sample", "inputs", "seed", "shape"],
            [None, -2],
            "sample.inputs.shape must be None",
        ),
        (
            ["signatures", "other"],
            {
                "inputs": {"x": {"shape": [None], "dtype": "int32"}},
                "outputs": {"x": {"shape": [None], "dtype": "int32"}},
            },
            "signature other must be",
        ),
        (["x"], "Images", "x must be null or an object"),
        (["x", "class"], None, "x.class must be a string"),
        (["x", "low"], 1.0, "x must be a range of `low` and `high`"),
        (["x", "high"], "1", "x must be a range of `low` and `high`"),
        (["y", "num_classes"], 0, "num_classes must be an integer"),
        (["y", "num_classes"], "3", "num_classes must be an integer"),
    ],
)
def test_wrong_metadata_are_refused(copied, sampler, keys, value, message):
    metadata = metadata_of(copied)
    place = metadata
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = value
    with_metadata(copied, json.dumps(metadata))
    with pytest.raises(ValueError, match=f"`path` must be.*{message}"):
        sampler.Sampler(copied)


@pytest.mark.parametrize(
    ("domain", "message"),
    [
        ({"class": "Text", "alphabet": 7}, "x.alphabet must be null or a string"),
        ({"class": "Melodies", "low": 60, "high": 50}, "x must be a range of `low`"),
        ({"class": "Melodies", "low": 60, "high": 128}, "x must be a range of `low`"),
        ({"class": "Waveforms", "sample_rate": "8"}, "sample_rate must be an integer"),
    ],
)
def test_wrong_domains_of_sequences_are_refused(copied, sampler, domain, message):
    with_metadata(copied, json.dumps({**metadata_of(copied), "x": domain}))
    with pytest.raises(ValueError, match=f"`path` must be.*{message}"):
        sampler.Sampler(copied)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "7", "{}", "[" * 100_000, '{"signatures": NaN}']
)
def test_metadata_that_are_no_description_are_refused(copied, sampler, text):
    with_metadata(copied, text)
    with pytest.raises(ValueError, match="`path` must be a .tflite file of keras_gen"):
        sampler.Sampler(copied)


def test_metadata_do_not_inflate(copied, sampler):
    with_metadata(copied, b" " * 2**28, zipfile.ZIP_DEFLATED)
    assert copied.stat().st_size < 2**20
    tracemalloc.start()
    with pytest.raises(ValueError, match="more than 1048576 bytes"):
        sampler.Sampler(copied)
    assert tracemalloc.get_traced_memory()[1] < 2**24
    tracemalloc.stop()


def test_a_shape_that_the_file_has_not_is_refused(copied, sampler):
    metadata = metadata_of(copied)
    metadata["signatures"]["sample"]["inputs"]["seed"]["shape"] = [None, 3]
    metadata["signatures"]["serving_default"]["outputs"]["x"]["shape"][1] = 9
    with_metadata(copied, json.dumps(metadata))
    opened = sampler.Sampler(copied)
    with pytest.raises(ValueError, match="`seed` must be int32 .* as the file"):
        opened.run("sample", seed=[[0, 0, 0]], y=[0])
    stated = metadata["signatures"]["serving_default"]["inputs"]
    noise = np.zeros((1, *stated["noise"]["shape"][1:]))
    with pytest.raises(ValueError, match="The file states shape .* for 'x'"):
        opened.run("serving_default", noise=noise, y=[0])


def test_what_is_no_file_is_refused(tmp_path, sampler):
    os.mkfifo(tmp_path / "fifo.tflite")
    for path in (tmp_path / "fifo.tflite", tmp_path, tmp_path / "missing.tflite"):
        with pytest.raises(ValueError, match="there is no such file"):
            sampler.Sampler(path)
