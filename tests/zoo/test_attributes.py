"""Attributes as directions, edited images, and how near these come to the truth.

Images have two by two pixels: noise, plus a shift for the class of each attribute. The
autoencoder is linear and loses the last pixel, so all errors are known.
"""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from contracts import make_tiny
from PIL import Image

from keras_gen import cli
from keras_gen.files import sha256_of
from keras_gen.models import ConditionalVAE, GatedPixelCNN
from keras_gen.zoo import attributes
from keras_gen.zoo.evaluation.counterfactuals import counterfactuals
from keras_gen.zoo.evaluation.evaluate import metrics_for
from keras_gen.zoo.evaluation.protocol import QUICK
from keras_gen.zoo.evaluation.report import describe
from keras_gen.zoo.publishing.publish import save_examples
from keras_gen.zoo.publishing.table import _edits_table
from keras_gen.zoo.shelf import catalog
from keras_gen.zoo.shelf.entry import Entry
from keras_gen.zoo.shelf.recipes import set_data

RECIPE = '''
"""Two by two pixels with two attributes."""

import numpy as np
import tensorflow as tf

from keras_gen.models import Autoencoder
from keras_gen.networks import mlp

SHAPE = (2, 2, 1)
SHIFTS = {
    "of/hat": {"none": [0, 0, 0, 0], "old": [1, 0, 0, 0], "new": [0, 2, 0, 0]},
    "of/beard": {"no": [0, 0, 0, 0], "yes": [0, 1, 1, 0]},
}
epochs = 1
attributes = {
    "new_hat": ("of/hat", "none", "new"),
    "no_hat": ("of/hat", None, "none"),
    "beard": ("of/beard", "no", "yes"),
}


def model(seed=0):
    encoder, decoder = mlp(SHAPE, [], (4,)), mlp((4,), [], SHAPE)
    return Autoencoder(encoder, decoder, name="tiny")


def base(num):
    """Noise of the images, the same for all classes."""
    return 0.4 + 0.01 * np.arange(4 * num).reshape(num, 4) % 0.2


def images(rows, label_key, classes, other=0.0):
    names = sorted(SHIFTS[label_key])
    shifts = np.array([SHIFTS[label_key][name] for name in names])
    x = base(max(rows) + 1)[rows] + 0.1 * (shifts[classes] + other)
    x, classes = x.reshape(-1, *SHAPE).astype("float32"), classes.astype("int32")
    made = tf.data.Dataset.from_tensor_slices((x, classes)).batch(7)
    made.class_names = names
    return made


def data(split="train", source="hats", batch_size=7, labels=False, **options):
    label_key = options.get("label_key", "of/hat")
    # Five noises, each with all classes of both attributes.
    rows, hats, beards = np.indices((5, 3, 2)).reshape(3, -1)
    classes = {"of/hat": hats, "of/beard": beards}
    (other,) = classes.keys() - {label_key}
    shifts = np.array([SHIFTS[other][name] for name in sorted(SHIFTS[other])])
    made = images(rows, label_key, classes[label_key], shifts[classes[other]])
    return made if labels else made.map(lambda x, label: x)


def counterfactuals(label_key, split="test"):
    before, after = np.nonzero(1 - np.eye(len(SHIFTS[label_key])))
    rows = np.arange(len(before)) + (split != "test")
    return [images(rows, label_key, classes) for classes in (before, after)]


def compile(model, steps):
    model.compile()
'''


@pytest.fixture
def entry(tmp_path, monkeypatch):
    """An entry whose autoencoder keeps three of four pixels."""
    folder = tmp_path / "zoo" / "tiny"
    folder.mkdir(parents=True)
    (folder / "recipe.py").write_text(RECIPE)
    monkeypatch.setattr(catalog, "root", lambda: tmp_path / "zoo")
    made = Entry("tiny")
    model = made.recipe.model()
    keeps = np.diag([1.0, 1.0, 1.0, 0.0])
    for network in (model.encoder, model.decoder):
        network.set_weights([keeps, np.zeros(4)])
    model.save_weights(made.weights)
    report = {"weights_sha256": sha256_of(made.weights)}
    (folder / "metrics.json").write_text(json.dumps(report))
    monkeypatch.chdir(tmp_path)
    return Entry("tiny")


def shift(entry, key, name):
    return 0.1 * np.array(entry.recipe.SHIFTS[key][name], "f4")


def test_directions_are_those_of_the_attributes(entry):
    found = attributes.directions(entry.load(), entry.recipe)
    new, old = (shift(entry, "of/hat", name) for name in ("new", "old"))
    np.testing.assert_allclose(found["new_hat"], new, atol=1e-6)
    # Against all other classes.
    np.testing.assert_allclose(found["no_hat"], -(new + old) / 2, atol=1e-6)
    np.testing.assert_allclose(
        found["beard"], shift(entry, "of/beard", "yes"), atol=1e-6
    )


def test_a_class_that_the_data_lack_is_named(entry):
    entry.recipe.attributes["cap"] = ("of/hat", "none", "cap")
    with pytest.raises(ValueError, match=r"'cap'.* in 'cap': of/hat.*new, none, o"):
        attributes.directions(entry.load(), entry.recipe)


def test_strips_change_by_equal_steps_and_back(entry):
    model, direction = entry.load(), np.array([0.1, 0.0, 0.2, 0.0], "f4")
    x = next(iter(entry.recipe.data())).numpy()
    rows = attributes.strips(model, x, direction, 0.5, 3)
    assert rows.shape == (7, 4, 2, 2, 1)
    np.testing.assert_array_equal(rows[:, 0], x)
    np.testing.assert_allclose(rows[:, 1], model.reconstruct(x), atol=1e-6)
    for step, amount in ((2, 0.25), (3, 0.5)):
        change = (rows[:, step] - rows[:, 1]).reshape(7, 4)
        np.testing.assert_allclose(change, [amount * direction] * 7, atol=1e-6)
    moved = attributes.edited(model, x, direction, [1.0])[:, 0]
    back = attributes.edited(model, moved, direction, [-1.0])[:, 0]
    np.testing.assert_allclose(back, model.reconstruct(x), atol=1e-6)
    with pytest.raises(ValueError, match="`amount` must be a finite number.*nan"):
        attributes.strips(model, x, direction, float("nan"), 3)
    with pytest.raises(ValueError, match="`num_steps`"):
        attributes.strips(model, x, direction, 1.0, 1)


@pytest.mark.parametrize("split", ["test", "validation"])
def test_errors_of_edited_images_are_those_in_closed_form(entry, split):
    protocol = QUICK._replace(split=split)
    found = counterfactuals(entry.load(), entry.recipe, None, protocol)
    assert list(found["edits"]) == ["hat", "beard"]
    shifts = {
        "hat": [shift(entry, "of/hat", name) for name in ("new", "none", "old")],
        "beard": [shift(entry, "of/beard", name) for name in ("no", "yes")],
    }
    for name, errors in found["edits"].items():
        part = shifts[name]
        pairs = [(i, j) for i in range(len(part)) for j in range(len(part)) if i != j]
        apart = np.mean([np.square(part[i] - part[j]).sum() for i, j in pairs])
        rows = np.arange(len(pairs)) + (split != "test")
        lost = np.mean(entry.recipe.base(rows.max() + 1)[rows, 3] ** 2)
        expected = {
            "edited": lost,
            "change_added": 0.0,
            "unedited": apart,
            "floor": lost,
        }
        values = {key: error["value"] for key, error in errors.items()}
        assert values == pytest.approx(expected, abs=1e-6)
    assert found["value"] == found["edits"]["hat"]["edited"]["value"]
    assert found["without_model"]["unedited"] == pytest.approx(0.1**2 * 20 / 6)
    stated = {"num_pairs": [6, 2], "num_training_images": 30}
    assert found["protocol"] == stated | ({} if split == "test" else {"split": split})


def test_errors_by_attribute_are_shown(entry):
    found = counterfactuals(entry.load(), entry.recipe, None, QUICK)
    lines = describe(found).splitlines()
    assert lines[1].strip().startswith("hat           edited 0.")
    assert lines[2].strip().startswith("beard")
    first, _, *rows = _edits_table(found).splitlines()[:4]
    assert first == "| attribute | edited | change added | unedited | floor |"
    assert [row.split(" | ")[0] for row in rows] == ["| hat", "| beard"]


def test_models_of_examples_alone_are_edited(entry):
    model, recipe = entry.load(), entry.recipe
    assert "counterfactuals" in metrics_for(model, recipe)
    assert "counterfactuals" not in metrics_for(model, recipe, recipe.data())
    for other in (ConditionalVAE, GatedPixelCNN):
        assert not attributes.edits(make_tiny(other))
        with pytest.raises(ValueError, match=f"{other.__name__}.*does not encode"):
            attributes.attributes_of(entry, make_tiny(other))


def test_other_data_have_no_attributes(entry):
    set_data(entry.recipe, batch_size=2)
    assert "new_hat" in entry.recipe.attributes
    set_data(entry.recipe, source="mnist")
    assert "counterfactuals" not in metrics_for(entry.load(), entry.recipe)
    with pytest.raises(ValueError, match="tiny knows no attributes"):
        attributes.attributes_of(entry, entry.load())


def run(*arguments, command="edit"):
    cli.COMMANDS[command].run(["tiny", *arguments])


@pytest.fixture
def published(entry):
    model = entry.load()
    found = attributes.directions(model, entry.recipe)
    path = entry.folder / attributes.DIRECTIONS
    attributes.save_directions(path, found, entry.weights_sha256)
    save_examples(entry, model)
    return entry


def test_the_command_edits_example_images_without_data(published, capsys, monkeypatch):
    monkeypatch.setattr(attributes, "directions", None)
    run("--attribute=new_hat", "--amount=1", "--steps=3")
    assert capsys.readouterr().out == "Wrote edited.png: 8 x 16 pixels\n"
    picture = np.asarray(Image.open("edited.png")) / 255
    first = np.asarray(next(iter(published.recipe.data())))[0]
    np.testing.assert_allclose(picture[:2, :2], first[..., 0], atol=0.003)
    np.testing.assert_allclose(
        picture[0, [3, 5, 7]] - picture[0, 3], [0, 0.1, 0.2], atol=0.005
    )
    # Another input: the picture just written is a grid of images.
    run("--attribute=beard", "--input=edited.png", "--out=again.npy")
    assert np.load("again.npy").shape == (8 * 4 * 7, 2, 2, 1)


def test_pictures_show_example_images_where_the_data_are_missing(published, capsys):
    recipe = Path(published.folder) / "recipe.py"
    missing = "def data(*_, **options):\n    return datasets.load('no_such_set')\n"
    text = recipe.read_text().replace(
        "import numpy", "from keras_gen import datasets\nimport numpy", 1
    )
    recipe.write_text(text + missing)
    run("--out=pairs.npy", command="reconstruct")
    assert (
        "The data are not here: took the example images of tiny"
        in capsys.readouterr().out
    )
    x, again = np.split(np.load("pairs.npy"), 2)
    examples = published.load().x_domain.load(published.folder / attributes.EXAMPLES)
    np.testing.assert_array_equal(x, examples)
    np.testing.assert_allclose(again, published.load().reconstruct(x), atol=1e-6)
    run("--num=3", "--out=paths.npy", command="interpolate")
    assert np.load("paths.npy").shape == (3 * 10, 2, 2, 1)
    (published.folder / attributes.EXAMPLES).unlink()
    with pytest.raises(ValueError, match="There is no dataset 'no_such_set'"):
        run(command="reconstruct")


def test_without_files_directions_come_from_the_data(entry, capsys):
    Image.fromarray(np.full((2, 2), 128, np.uint8)).save("grey.png")
    run("--attribute=new_hat", "--input=grey.png", "--amount=-1")
    assert capsys.readouterr().out == "Wrote edited.png: 14 x 2 pixels\n"
    with pytest.raises(ValueError, match="tiny holds no example images: .*--input"):
        run("--attribute=new_hat")


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ([], "--attribute must be one of those of tiny: new_hat, no_hat, beard."),
        (["--attribute=hat"], "new_hat, no_hat, beard. Received: hat"),
        (["--attribute=beard", "--steps=1"], "--steps must be at least 2"),
        (["--attribute=beard", "--amount=inf"], "--amount must be a finite number"),
        (["--attribute=beard", "--input=no.png"], "--input: .*no.png"),
    ],
)
def test_bad_flags_are_named(published, flags, message):
    with pytest.raises(ValueError, match=message):
        run(*flags)


def test_directions_of_other_weights_are_refused(published):
    attributes.save_directions(
        published.folder / attributes.DIRECTIONS, {"beard": np.ones(4, "f4")}, "0" * 64
    )
    with pytest.raises(ValueError, match=r"directions\.npz' are not those of the weig"):
        run("--attribute=beard")


def test_recipes_without_attributes_say_so(entry):
    folder = Path(entry.folder)
    recipe = (folder / "recipe.py").read_text().replace("attributes =", "others =")
    recipe = recipe.replace("def counterfactuals", "def pairs")
    shutil.rmtree(folder / "__pycache__", ignore_errors=True)
    (folder / "recipe.py").write_text(recipe)
    with pytest.raises(ValueError, match="tiny knows no attributes"):
        run("--attribute=beard")
