"""Tests of what stands in the zoo, read without the models themselves."""

import json
import os
import subprocess
import sys

import pytest

import keras_gen
from keras_gen import zoo
from keras_gen.zoo.shelf import catalog
from keras_gen.zoo.shelf.entry import Entry
from keras_gen.zoo.shelf.loading import label_of
from keras_gen.zoo.shelf.recipes import load_recipe

RECIPE = '''
"""A recipe that counts how often it runs."""

from pathlib import Path

with open(Path(__file__).with_name("runs"), "a") as runs:
    runs.write("x")

epochs = 1
model = data = compile = None
'''


@pytest.fixture
def entry(tmp_path, monkeypatch):
    folder = tmp_path / "counted"
    folder.mkdir()
    (folder / "recipe.py").write_text(RECIPE)
    (folder / "metrics.json").write_text(json.dumps({"weights_sha256": "0123"}))
    monkeypatch.setattr(catalog, "root", lambda: tmp_path)
    return Entry("counted")


def test_an_entry_runs_its_recipe_when_it_is_needed_and_once(entry):
    runs = entry.folder / "runs"
    assert entry.description == "A recipe that counts how often it runs."
    assert entry.weights_sha256 == "0123"
    assert zoo.info("counted")["folder"] == str(entry.folder)
    assert not runs.exists()
    assert entry.recipe.epochs == 1
    assert entry.recipe.name == "counted"
    assert entry.recipe is entry.recipe
    assert runs.read_text() == "x"


def test_an_entry_is_read_once(entry):
    assert entry.report == {"weights_sha256": "0123"}
    (entry.folder / "metrics.json").unlink()
    assert entry.report == {"weights_sha256": "0123"}
    assert Entry("counted").report == {}
    assert Entry("counted").weights_sha256 is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "metrics.json' is no JSON"),
        ("[]", "metrics.json' must hold a JSON object"),
        ('{"results": []}', "`results` in .*metrics.json' must be an object"),
    ],
)
def test_a_report_that_is_none_is_named(entry, text, message):
    (entry.folder / "metrics.json").write_text(text)
    with pytest.raises(ValueError, match=message):
        zoo.info("counted")


@pytest.mark.parametrize("name", ["metrics.json", "model.weights.h5"])
def test_a_pipe_in_an_entry_is_named(entry, name):
    (entry.folder / name).unlink(missing_ok=True)
    os.mkfifo(entry.folder / name)
    with pytest.raises(OSError, match=f"{name}' must be a file. Received: a pipe"):
        entry.load()


def test_completion_shows_public_names_alone():
    assert dir(zoo) == sorted(zoo.__all__)
    assert all(callable(getattr(zoo, name)) for name in set(dir(zoo)) - {"QUICK"})
    rooms = set(dir(keras_gen)) - {"__version__"}
    assert rooms >= {"models", "zoo"}
    assert rooms == {name for name in rooms if not name.startswith("_")}
    for room in ("export", "serving"):
        assert dir(getattr(keras_gen, room)) == sorted(getattr(keras_gen, room).__all__)


def test_entries_are_listed_without_tensorflow():
    code = (
        "import sys; sys.modules['tensorflow'] = None; sys.modules['keras'] = None; "
        "from keras_gen import zoo; print([zoo.info(n)['name'] for n in zoo.names()])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "vae_mnist" in done.stdout


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("vae_mnist", "vae_mnist"),
        ("a/vae.keras", "vae"),
        ("runs/vae.1", "vae.1"),
        ("runs/vae.2/", "vae.2"),
        ("runs/vae/.", "vae"),
    ],
)
def test_the_name_of_a_model_is_the_last_part_of_its_path(name, label):
    assert label_of(name) == label


def test_a_recipe_whose_extractor_is_a_function_is_refused(tmp_path):
    recipe = tmp_path / "tiny.py"
    recipe.write_text(
        "epochs = 1\ndef extractor(): pass\nmodel = data = compile = extractor\n"
    )
    with pytest.raises(ValueError, match=r"`extractor` of .*tiny.py' must be a string"):
        load_recipe(str(recipe))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("counterfactuals = compile", r"defines counterfactuals\(\) and no attributes"),
        ("attributes = {}", "`attributes` of .* must be a dict of triples. .*{}"),
        ("attributes = {'hat': ('a', 'b')}", "must be a dict of triples. .*hat"),
    ],
)
def test_wrong_attributes_of_a_recipe_are_named(tmp_path, line, message):
    recipe = tmp_path / "tiny.py"
    recipe.write_text(f"epochs = 1\nmodel = data = compile = print\n{line}\n")
    with pytest.raises(ValueError, match=message):
        load_recipe(str(recipe))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("factors = ['x', 'y']", r"`factors` of .* must be a dict of numbers.*\['x'"),
        ("factors = {}", "must be a dict of numbers of values. Received: {}"),
        ("factors = {'x': 3}", r"has factors and no factors_of\(\)"),
        ("factors = {'x': 3}; factors_of = print", r"has factors and no examples_of"),
        (
            "factors = {'x': 3}; factors_of = examples_of = print\n"
            "unordered_factors = ('x',)",
            "`unordered_factors` of .* must be some of x, not all.*'x'",
        ),
    ],
)
def test_wrong_factors_of_a_recipe_are_named(tmp_path, line, message):
    recipe = tmp_path / "tiny.py"
    recipe.write_text(f"epochs = 1\nmodel = data = compile = print\n{line}\n")
    with pytest.raises(ValueError, match=message):
        load_recipe(str(recipe))
