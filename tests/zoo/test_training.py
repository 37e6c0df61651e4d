"""Tests of trainings by a recipe: data, callbacks, what is measured, run folders."""

import csv
import json
import types

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_gen import datasets, zoo
from keras_gen.files import read_json, sha256_of
from keras_gen.models import Autoencoder
from keras_gen.models.base.phases import PhaseOptimizers
from keras_gen.models.base.rates import warn_of_zero_rate
from keras_gen.networks import mlp
from keras_gen.zoo.shelf.loading import find, open_model
from keras_gen.zoo.training.budget import affordable
from keras_gen.zoo.training.compilation import compiled_model
from keras_gen.zoo.training.data import TrainingData

RECIPE = '''
"""An autoencoder with a class of its own."""

import keras

from keras_gen import datasets
from keras_gen.models.base import EncoderDecoder
from keras_gen.networks import mlp

IMAGE_SHAPE = (4, 4, 1)

epochs = 2


class Squared(EncoderDecoder):
    """Learns by the squared error."""

    def loss_terms(self, batch, training):
        outputs = self.decode(self.encode(batch.x))
        return {"loss": keras.ops.mean(keras.ops.square(outputs - batch.x))}


def model(seed=0):
    return Squared(mlp(IMAGE_SHAPE, [], (2,)), mlp((2,), [], IMAGE_SHAPE), seed=seed)


def data(split="train", source="mnist", batch_size=8, **options):
    return datasets.load(source, split, batch_size, image_shape=IMAGE_SHAPE, **options)


def compile(model, steps, learning_rate=0.1):
    model.compile(keras.optimizers.SGD(learning_rate), run_eagerly=True)
'''


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder with pictures and a recipe, and a run of it on them."""
    home = tmp_path_factory.mktemp("home")
    (home / "photos").mkdir()
    for shade in range(40):
        picture = Image.fromarray(np.full((4, 4), 5 * shade, np.uint8))
        picture.save(home / "photos" / f"{shade}.png")
    (home / "own.py").write_text(RECIPE)
    train(home, "run")
    return home


def train(home, out, recipe=RECIPE, **options):
    """Trains on the pictures of a folder into another one; returns its path."""
    path = home / "own.py"
    if path.read_text() != recipe:
        path = home / out / "own.py"
        path.parent.mkdir()
        path.write_text(recipe)
        out = f"{out}/run"
    options = {"data": home / "photos", "verbose": 0, **options}
    return zoo.train(path, out=home / out, **options)


def history(run):
    with open(run / "history.csv", newline="") as file:
        return list(csv.DictReader(file))


def weights_of(run):
    return open_model(run).get_weights()


@pytest.fixture
def command(done_here):
    """Runs a command in this process: its exit code, and what it printed."""

    def run(*arguments):
        done = done_here(*arguments)
        return done.returncode, done.stdout + done.stderr

    return run


def test_other_data_are_validated_and_measured_on_images_held_out(home):
    run = home / "run"
    assert all(float(row["val_loss"]) > 0 for row in history(run))
    report = read_json(run / "metrics.json")
    assert report["training"]["data"] == str(home / "photos")
    protocol = report["quick"]["squared_error"]["protocol"]
    assert protocol == {"num_images": 4, "split": "validation"}
    arguments = read_json(run / "run.json")
    assert arguments["data"] == str(home / "photos")
    assert arguments["recipe_sha256"] == sha256_of(run / "recipe.py")


def stub(splits, **attributes):
    """A recipe whose data have some splits."""

    def data(split, **options):
        if split not in splits:
            raise datasets.MissingSplitError(split)
        return tf.data.Dataset.from_tensor_slices(np.zeros((6, 2))).batch(3)

    return types.SimpleNamespace(data=data, **attributes)


def test_without_validation_data_those_of_training_are_measured():
    plain = stub(["train"])
    for source in (None, "other"):
        dealt = TrainingData(plain, source, 0, False, "validation")
        assert (dealt.validation, dealt.measured) == (None, "train")
        assert "validation_data" not in dealt.of_fit((0, 0))
    dealt = TrainingData(stub(["train", "validation"]), "other", 0, False, "validation")
    assert (dealt.validation, dealt.measured) == ("validation", "validation")
    # A recipe's own split must be there.
    named = stub(["train"], validation="dev")
    with pytest.raises(datasets.MissingSplitError, match="dev"):
        TrainingData(named, None, 0, False, "validation").of_fit((0, 0))


def test_test_data_are_loaded_where_that_is_asked_for_alone():
    asked = TrainingData(stub(["train", "test"]), None, 0, False, "test")
    assert asked.measured == "test"
    assert [part.shape for part in asked.shown(4)] == [(4, 2)]
    assert TrainingData(stub(["train"]), None, 0, False, "no").measured is None
    with pytest.raises(datasets.MissingSplitError, match="test"):
        TrainingData(stub(["train"]), None, 0, False, "test")
    with pytest.raises(ValueError, match="`measure` must be one of .*'maybe'"):
        TrainingData(stub(["train"]), None, 0, False, "maybe")


def test_a_measure_costs_no_more_than_an_epoch_or_a_tenth_of_the_training():
    for steps, batch_size, epochs in ((4, 50, 2), (20, 8, 1), (600, 100, 20)):
        protocol = affordable(steps, batch_size, epochs)
        protocol.check()
        passes = protocol.num_images * protocol.num_importance_samples
        limit = 3 * steps * batch_size * max(1, epochs / 10)
        assert passes <= limit
        assert protocol.num_images >= 100
    assert affordable(600, 100, 20) == zoo.QUICK
    assert affordable(1, 2, 1)[:3] == (100, 100, 100)


def test_a_run_is_opened_with_the_class_of_its_recipe(home):
    model = open_model(home / "run")
    assert type(model).__module__ == "keras_gen_recipe_own"
    assert model.reconstruct(np.zeros((1, 4, 4, 1))).shape == (1, 4, 4, 1)
    found = find(home / "run")
    assert found.description == "An autoencoder with a class of its own."
    # Its data are those of the run, not the recipe's.
    assert sum(len(batch) for batch in found.recipe.data("test")) == 4


def test_a_recipe_that_was_changed_is_not_executed(home, tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    for name in ("run.json", "model.keras"):
        (run / name).write_bytes((home / "run" / name).read_bytes())
    with pytest.raises(ValueError, match="holds no recipe.py"):
        find(run).recipe  # noqa: B018
    (run / "recipe.py").write_text(RECIPE + "raise SystemExit\n")
    with pytest.raises(ValueError, match="recipe.py' is not the one of the run: expec"):
        open_model(run)


def test_commands_take_a_run_as_they_take_an_entry(home, command, tmp_path):
    run = home / "run"
    assert command("reconstruct", run, "--num=2")[0] == 0
    assert Image.open(tmp_path / "reconstructions.png").size == (8, 8)
    code, printed = command("evaluate", run, "--quick", "--metrics=squared_error")
    assert code == 0
    assert "(images 4)" in printed
    code, printed = command("info", run)
    assert code == 0
    assert "An autoencoder with a class of its own." in printed
    assert "squared error" in printed
    code, printed = command("interpolate", run, "--num=2")
    assert (code, Image.open(tmp_path / "interpolations.png").size) == (0, (40, 8))
    assert "does not complete images" in command("complete", run)[1]
    for name in ("reconstruct", "evaluate"):
        code, printed = command(name, run / "model.keras")
        assert code == 2
        assert "is a saved model, which does not know its data" in printed
    # A saved model of sequences can go on without data, so any is opened first.
    code, printed = command("complete", run / "model.keras")
    assert code == 2
    assert "Could not locate class" in printed


def test_measures_are_told_and_can_be_left_out(home, command, tmp_path):
    arguments = ["train", home / "own.py", "--data", home / "photos", "--epochs=1"]
    code, printed = command(*arguments, "--out=a")
    assert code == 0, printed
    assert "Measuring squared_error on validation data" in printed
    assert "Quick estimates on the split validation:" in printed
    code, printed = command(*arguments, "--out=b", "--measure=no")
    assert "estimates" not in printed
    assert read_json(tmp_path / "b" / "metrics.json")["quick"] == {}


def test_callbacks_come_from_the_recipe_and_the_caller(home):
    recipe = RECIPE + (
        "\n\ndef callbacks(model):\n"
        "    return [keras.callbacks.EarlyStopping('loss', mode='max', patience=2)]\n"
    )
    seen = []
    logger = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append(logs["loss"])
    )
    run = train(home, "stopped", recipe, epochs=9, callbacks=[logger], measure="no")
    assert len(seen) == len(history(run)) == 3
    assert read_json(run / "metrics.json")["training"]["epochs"] == 3
    with pytest.raises(ValueError, match="must be Keras callbacks. Received: 'early'"):
        train(home, "wrong", callbacks=["early"])
    assert not (home / "wrong").exists()


def test_the_best_model_is_kept(home):
    best = keras.callbacks.EarlyStopping(
        "val_loss", mode="max", patience=9, restore_best_weights=True
    )
    first = []
    at_first = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: first.append(best.model.get_weights())
    )
    run = train(home, "best", callbacks=[best, at_first], measure="no")
    assert len(first) == 2
    for kept, expected in zip(weights_of(run), first[0], strict=True):
        np.testing.assert_array_equal(kept, expected)


def test_batch_size_and_learning_rate_are_given(home):
    given = {"batch_size": 4, "learning_rate": 1e-9, "epochs": 1, "measure": "no"}
    run = train(home, "given", **given)
    arguments = read_json(run / "run.json")
    assert (arguments["batch_size"], arguments["steps_per_epoch"]) == (4, 8)
    assert float(open_model(run).optimizer.learning_rate) == pytest.approx(1e-9)
    assert read_json(run / "metrics.json")["training"]["learning_rate"] == 1e-9
    fixed = RECIPE.replace("batch_size=8, ", "").replace("batch_size, im", "8, im")
    fixed = fixed.replace(", learning_rate=0.1", "").replace("(learning_rate)", "(0.1)")
    for name, value, message in (
        ("batch_size", 4, r"`batch_size` must be left out: data\(\) of the recipe own"),
        ("learning_rate", 0.1, r"`learning_rate` must be left out: compile\(\) of"),
    ):
        with pytest.raises(ValueError, match=message):
            train(home, f"fixed_{name}", fixed, **{name: value})
    for value in (0, -1.0, float("nan")):
        with pytest.raises(ValueError, match="`learning_rate` must be a number above"):
            train(home, "never", learning_rate=value)
    assert not (home / "never").exists()


def test_a_complete_run_goes_on_for_more_epochs(home):
    straight = train(home, "straight", epochs=3)
    run = train(home, "longer", epochs=2)
    with pytest.raises(ValueError, match="is complete. To train it further, pass more"):
        train(home, "longer", epochs=2, resume=True)
    with pytest.raises(ValueError, match="started with epochs 2, not 1"):
        train(home, "longer", epochs=1, resume=True)
    unfinished = [run / ".partial-1-model.keras", run / "samples" / ".partial-1-a.png"]
    for path in unfinished:
        path.touch()
    train(home, "longer", epochs=3, resume=True)
    assert read_json(run / "run.json")["epochs"] == 3
    assert not any(path.exists() for path in unfinished)
    losses = [[row["loss"] for row in history(path)] for path in (run, straight)]
    assert losses[0] == losses[1]
    for a, b in zip(weights_of(run), weights_of(straight), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_schedule_that_is_over_is_told_and_started_anew(home):
    rate = "SGD(keras.optimizers.schedules.CosineDecay(learning_rate, steps))"
    recipe = RECIPE.replace("SGD(learning_rate)", rate)
    run = train(home, "falling", recipe, measure="no")
    before = (run / "run.json").read_bytes()
    with pytest.raises(ValueError, match="decay_steps 8, not 12.*--start_from=.*run"):
        zoo.train(
            run.parent / "own.py",
            data=str(home / "photos"),
            out=run,
            epochs=3,
            resume=True,
        )
    assert (run / "run.json").read_bytes() == before
    assert (run / "metrics.json").exists()
    model = open_model(run)
    with pytest.warns(UserWarning, match="learning rate of SGD is 0 at step 8"):
        model.fit(np.ones((8, 4, 4, 1), np.float32), verbose=0)
    again = train(
        home, "again", start_from=str(run), learning_rate=1e-9, measure="no", epochs=1
    )
    for a, b in zip(weights_of(again), weights_of(run), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)
    Autoencoder(mlp((3,), [], (2,)), mlp((2,), [], (3,))).save(home / "other.keras")
    with pytest.raises(ValueError, match="`start_from` must be a model of this recipe"):
        train(home, "third", start_from=home / "other.keras")
    assert not (home / "third").exists()


def test_each_phase_whose_rate_is_zero_is_told():
    phases = {"discriminator": keras.optimizers.SGD(0.1)}
    phases["generator"] = keras.optimizers.Adam(0.0)
    with pytest.warns(UserWarning, match="rate of Adam is 0 at step 0") as found:
        warn_of_zero_rate(PhaseOptimizers(phases))
    assert len(found) == 1


@pytest.mark.parametrize("name", ["a.h5", "model.weights.h5", "a.hdf5", "A.H5"])
def test_hdf5_files_are_refused_by_name(name, tmp_path, command):
    (tmp_path / name).touch()
    code, printed = command("sample", name)
    assert code == 2
    assert f"{name!r} is an HDF5 file, which is not opened" in printed


@pytest.mark.parametrize("text", ["{", "[]"])
def test_a_run_whose_files_are_no_objects_is_named(home, tmp_path, text):
    (tmp_path / "model.keras").touch()
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(ValueError, match="run.json' (is no|must hold a) JSON"):
        find(tmp_path)
    (tmp_path / "run.json").write_text(json.dumps({}))
    (tmp_path / "metrics.json").write_text(text)
    with pytest.raises(ValueError, match="metrics.json' (is no|must hold a) JSON"):
        find(tmp_path).report  # noqa: B018


def test_networks_that_a_recipe_builds_have_the_dtype_of_the_training():
    def model(seed):
        return Autoencoder(mlp((2, 2, 1), [], (2,)), mlp((2,), [], (2, 2, 1)))

    recipe = types.SimpleNamespace(
        model=model,
        compile=lambda model, steps: model.compile(),
        training_dtype="mixed_bfloat16",
    )
    run = {"seed": 0, "epochs": 1, "learning_rate": None}
    made = compiled_model(recipe, types.SimpleNamespace(steps=1), None, run, None)
    found = {layer.dtype_policy.name for layer in (*made.encoder.layers, made)}
    assert found == {"mixed_bfloat16"}
    assert keras.config.dtype_policy().name == "float32"
