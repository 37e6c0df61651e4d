"""Tests of the zoo on data that are no images, and on models that do not sample."""

import csv
import types

import keras
import numpy as np
import pytest
from families.lstm import LSTM
from families.translator import Translator
from PIL import Image

from keras_gen import zoo
from keras_gen.callbacks import PictureEveryEpoch
from keras_gen.files import read_json
from keras_gen.models import Autoencoder
from keras_gen.models.base import marks_of
from keras_gen.networks import mlp
from keras_gen.random import Rows
from keras_gen.zoo.evaluation.evaluate import metrics_for
from keras_gen.zoo.pictures import latent_interpolations, made_by, save_made
from keras_gen.zoo.shards import worker

RECIPE = '''
"""Symbols that count."""

import numpy as np
import tensorflow as tf
from families.lstm import LSTM

epochs = 2


def model(seed=0):
    return LSTM(5, 3, seed=seed)


def data(split="train", source="numbers", repeat=False, **options):
    x = (np.arange(40)[:, None] + np.arange(5)) % 3
    batches = tf.data.Dataset.from_tensor_slices(x.astype(np.int32)).batch(10)
    return batches.repeat() if repeat else batches


def compile(model, steps):
    model.compile(jit_compile=False)
'''


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The folder of a training on symbols."""
    folder = tmp_path_factory.mktemp("symbols")
    (folder / "symbols.py").write_text(RECIPE)
    return zoo.train(folder / "symbols.py", out=folder / "run", verbose=0)


def recipe_of(*examples):
    """A recipe whose test examples are these."""

    class Batch:
        def __init__(self, values):
            self.values = values

        def numpy(self):
            return self.values

    batch = tuple(map(Batch, examples))
    return types.SimpleNamespace(name="tiny", data=lambda split: [batch])


def test_a_training_on_symbols_writes_samples_as_text(run):
    assert {path.name for path in run.iterdir()} >= {"samples.csv", "model.keras"}
    pictures = sorted(path.name for path in (run / "samples").iterdir())
    assert pictures == ["epoch_0001.csv", "epoch_0002.csv"]
    with open(run / "samples.csv", newline="") as file:
        samples = np.array([list(map(int, row)) for row in csv.reader(file)])
    model = keras.saving.load_model(run / "model.keras")
    np.testing.assert_array_equal(samples, model.sample(100, seed=0))


def test_a_training_on_symbols_is_measured(run):
    quick = read_json(run / "metrics.json")["quick"]
    assert list(quick) == ["nats_a_symbol"]
    assert quick["nats_a_symbol"]["protocol"]["split"] == "train"
    assert 0.0 < quick["nats_a_symbol"]["value"] < np.log(3) + 0.2


def test_shards_hold_samples_under_what_they_are_called():
    model = LSTM(5, 3)
    index = {"labels": None, "temperature": None, "seed": 2}
    index |= {"num_samples": 6, "shard_size": 4}
    arrays = [worker.draw(model, index, number) for number in (0, 1)]
    assert [list(part) for part in arrays] == [["sequences"]] * 2
    drawn = np.concatenate([part["sequences"] for part in arrays])
    np.testing.assert_array_equal(drawn, model.sample(6, seed=2))


def test_samples_of_each_epoch_are_written_by_their_domain(tmp_path):
    callback = PictureEveryEpoch(tmp_path)
    callback.set_model(LSTM(5, 3))
    callback.on_epoch_end(0)
    assert [path.name for path in tmp_path.iterdir()] == ["epoch_0001.csv"]


def test_a_translation_is_shown_where_nothing_is_sampled(tmp_path):
    model = Translator(mlp((4, 4, 1), [], (6, 6, 1)), mlp((6, 6, 1), [], (4, 4, 1)))
    x = model.x_domain.draw(Rows(9, 0))
    domain, shown = made_by(recipe_of(x), model)
    assert domain == model.y_domain
    np.testing.assert_allclose(shown, model.to_y(x), rtol=1e-6)
    path = save_made(recipe_of(x), model, tmp_path / "shown")
    assert path.name == "shown.png"
    assert Image.open(path).size == (18, 18)
    assert metrics_for(model, recipe_of(x)) == []


def test_a_translation_stands_between_its_source_and_the_truth():
    model = Translator(mlp((4, 4, 1), [], (4, 4, 3)), mlp((4, 4, 3), [], (4, 4, 1)))
    x, y = model.x_domain.draw(Rows(12, 0)), model.y_domain.draw(Rows(12, 1))
    domain, shown = made_by(recipe_of(x, y), model)
    assert domain == model.y_domain
    source, there, truth = shown[:10], shown[10:20], shown[20:30]
    np.testing.assert_allclose(source, np.repeat(x[:10], 3, axis=-1), atol=0.51 / 255)
    np.testing.assert_allclose(there, model.to_y(x)[:10], rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(truth, y[:10])
    np.testing.assert_array_equal(shown[34:], y[10:])
    assert len(shown) == 36


def test_reconstructions_of_vectors_stand_below_them(tmp_path):
    model = Autoencoder(mlp((3,), [], (2,)), mlp((2,), [], (3,)))
    x = model.x_domain.draw(Rows(12, 0))
    domain, shown = made_by(recipe_of(x), model)
    again = np.asarray(model.reconstruct(x))
    expected = np.concatenate([x[:10], again[:10], x[10:], again[10:]])
    np.testing.assert_allclose(shown, expected, rtol=1e-5, atol=1e-6)
    assert save_made(recipe_of(x), model, tmp_path / "shown").name == "shown.csv"
    assert metrics_for(model, recipe_of(x)) == ["squared_error"]


def test_a_network_needs_a_picture_of_the_recipe(tmp_path):
    network = mlp((3,), [], (2,))
    with pytest.raises(ValueError, match="the recipe must define `picture"):
        made_by(recipe_of(), network)
    recipe = types.SimpleNamespace(picture=lambda model: np.zeros((2, 3, 1), np.uint8))
    path = save_made(recipe, network, tmp_path / "shown")
    assert Image.open(path).size == (3, 2)


def test_paths_join_latents_where_noise_is_something_else():
    model = Autoencoder(mlp((3,), [], (2,)), mlp((2,), [], (3,)))
    assert "sample" not in marks_of(model)
    paths = latent_interpolations(model, 4, num_steps=5)
    assert paths.shape == (4, 5, 3)
