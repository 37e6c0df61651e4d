"""How near translations come to the truth, where all errors are known.

Images are grey, of one value each, and a translation adds to it or changes its sign.
"""

from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf
from contracts import make_tiny

from keras_gen.domains import Images
from keras_gen.metrics import ssim
from keras_gen.models import VAE, CycleGAN, Pix2Pix
from keras_gen.networks import mlp
from keras_gen.zoo.evaluation import translations
from keras_gen.zoo.evaluation.evaluate import measure, metrics_for
from keras_gen.zoo.evaluation.protocol import QUICK
from keras_gen.zoo.evaluation.report import describe
from keras_gen.zoo.publishing.publish import save_examples
from keras_gen.zoo.publishing.table import _guesses_table
from keras_gen.zoo.shelf.recipes import load_recipe, set_data

SHAPE = (14, 14, 1)
SPLITS = {"test": [40, 80, 120], "validation": [10, 90], "train": [0, 100, 200, 120]}
STEP = 51


def pixelwise(scale, shape=SHAPE, channels=1):
    """A network that multiplies each pixel, for each channel of its outputs."""
    layer = keras.layers.Conv2D(channels, 1, use_bias=False)
    inputs = keras.Input(shape)
    model = keras.Model(inputs, layer(inputs))
    layer.set_weights([np.full((1, 1, 1, channels), scale)])
    return model


def two_ways(scale):
    """A model whose translations are its examples, times a number."""
    networks = {f"generator_{name}": pixelwise(scale) for name in "xy"}
    networks |= {f"discriminator_{name}": mlp(SHAPE, [], (1,)) for name in "xy"}
    return CycleGAN(**networks, name="tiny")


def recipe_of(truth_of, channels=1):
    """A recipe whose pairs are images of one grey each, and a function of them."""

    def pairs(split="test"):
        x = np.tile(np.reshape(SPLITS[split], (-1, 1, 1, 1)), (1, *SHAPE))
        y = np.tile(truth_of(x), (1, 1, 1, channels))
        values = [(2 * part / 255 - 1).astype("f4") for part in (x, y)]
        return tf.data.Dataset.from_tensor_slices(tuple(values)).batch(2)

    return SimpleNamespace(name="tiny", pairs=pairs)


def values_of(result):
    return {
        guess: [number["value"] for number in numbers.values()]
        for guess, numbers in result["translations"].items()
    }


def decibels(error):
    return -20 * np.log10(error)


@pytest.mark.parametrize("split", ["test", "validation"])
def test_errors_of_translations_are_those_in_closed_form(split):
    recipe = recipe_of(lambda x: x + STEP)
    protocol = QUICK._replace(split=split)
    found = translations.translation(two_ways(1.0), recipe, None, protocol)
    grey = np.array(SPLITS[split]) / 255
    # The mean of the training images is that of x, 105, and one step above for y.
    apart = {"to_y": grey + 0.2 - 156 / 255, "to_x": grey - 105 / 255}
    values = values_of(found)
    for way, errors in apart.items():
        guesses = [name for name in values if name.startswith(way)]
        assert [guess.removeprefix(f"{way}, ") for guess in guesses] == [
            "model",
            "input",
            "mean image",
            "mean colour",
            "training images",
        ]
        assert values[f"{way}, model"] == values[f"{way}, input"]
        errors_of_model = values[f"{way}, model"][:2]
        assert errors_of_model == pytest.approx([0.2, decibels(0.2)], rel=1e-5)
        for guess in ("mean image", "mean colour"):
            l1, psnr, *_ = values[f"{way}, {guess}"]
            assert l1 == pytest.approx(np.abs(errors).mean(), rel=1e-5)
            assert psnr == pytest.approx(decibels(np.abs(errors)).mean(), rel=1e-5)
        assert values[f"{way}, training images"][:3] == [None] * 3
        assert values[f"{way}, training images"][3] > 0
    model = found["translations"]["to_y, model"]
    assert (found["value"], found["unit"]) == (model["PSNR"]["value"], "dB")
    assert list(found["without_model"]) == ["input", "mean image", "mean colour"]
    mean = found["translations"]["to_y, mean image"]["L1"]
    spread = np.std(np.abs(apart["to_y"]), ddof=1) / np.sqrt(len(grey))
    assert mean["standard_error"] == pytest.approx(spread, rel=1e-5)
    stated = {"num_pairs": len(grey), "num_training_pairs": 4, "seed": 0}
    assert found["protocol"] == stated | ({} if split == "test" else {"split": split})


def test_a_perfect_translation_has_no_error_in_either_direction():
    recipe = recipe_of(lambda x: 255 - x)
    # An error below that of rounding to bytes is none.
    model = two_ways(-1.0005)
    values = values_of(translations.translation(model, recipe, None, QUICK))
    for way in ("to_y", "to_x"):
        best = pytest.approx([0.0, 58.92, 1.0, 0.0], abs=0.01)
        assert values[f"{way}, model"] == best
        assert values[f"{way}, input"] != best
        assert values[f"{way}, input"][3] > 0.1


def test_a_model_of_one_way_is_measured_in_colour():
    recipe = recipe_of(lambda x: x + STEP, channels=3)
    generator = pixelwise(1.0, channels=3)
    model = Pix2Pix(generator, mlp((14, 14, 4), [], (1,)))
    found = measure(model, recipe, ["translation"], QUICK)["translation"]
    values = values_of(found)
    assert not [guess for guess in values if not guess.startswith("to_y")]
    # A grey input is compared as a grey picture.
    assert values["to_y, input"][0] == pytest.approx(0.2, rel=1e-5)
    assert values["to_y, input"] == values["to_y, model"]
    truth = np.full((1, 14, 14, 3), (40 + STEP) / 255)
    assert values["to_y, input"][2] > ssim(truth, truth - 0.2).item()


def test_patches_tell_which_images_there_are_and_not_whose_they_are():
    images = np.random.default_rng(0).random((3, 15, 22, 2))
    patches = translations._patches(images)
    assert patches.shape == (3 * 2 * 3, 7 * 7 * 2)
    np.testing.assert_array_equal(patches[4], images[0, 7:14, 7:14].ravel())
    shuffled = images[[2, 0, 1]]
    assert translations._distance(images, shuffled, 0)["value"] < 1e-12
    assert translations._distance(images, images[:, ::-1], 0)["value"] > 1e-3


@pytest.mark.parametrize(
    ("change", "received"),
    [
        (lambda x, y: x, r"2 of shapes \(14, 14, 1\)$"),
        (lambda x, y: (x, y[:, :5]), r"2 of shapes .*, \(5, 14, 1\)$"),
        (lambda x, y: (x[:1], y[:1]), r"1 of shapes"),
    ],
)
def test_pairs_that_do_not_fit_are_named(change, received):
    recipe = recipe_of(lambda x: x)
    whole = recipe.pairs
    recipe.pairs = lambda split: whole(split).map(change).take(1)
    with pytest.raises(ValueError, match=rf"pairs\('test'\) of .* tiny .*{received}"):
        translations.translation(two_ways(1.0), recipe, None, QUICK)


def test_translations_of_images_with_known_pairs_are_measured():
    model, recipe = two_ways(1.0), recipe_of(lambda x: x)
    assert metrics_for(model, recipe) == ["translation"]
    assert metrics_for(model, recipe, recipe.pairs()) == []
    assert "translation" not in metrics_for(make_tiny(VAE), recipe)
    model.y_domain = Images((10, 14, 1))
    assert "translation" not in metrics_for(model, recipe)
    del recipe.pairs
    assert "translation" not in metrics_for(two_ways(1.0), recipe)


def test_pairs_are_a_function_and_belong_to_the_data_of_the_recipe(tmp_path):
    path = tmp_path / "tiny.py"
    text = "epochs = 1\ndef data(source=None): pass\nmodel = compile = data\n"
    path.write_text(f"{text}pairs = data\n")
    recipe = load_recipe(str(path))
    set_data(recipe, source="mnist")
    assert not hasattr(recipe, "pairs")
    path.write_text(f"{text}pairs = 'test'\n")
    with pytest.raises(ValueError, match=r"`pairs` of .*tiny.py' must be.*'test'"):
        load_recipe(str(path))


def test_guesses_are_shown_beside_the_model():
    recipe = recipe_of(lambda x: x + x // 4)
    found = translations.translation(two_ways(1.0), recipe, None, QUICK)
    first, *lines = describe(found).splitlines()
    assert first.startswith("PSNR of translations 22.9 ± 2.8 dB (input: 22.94)")
    assert lines[0].split()[:4] == ["to", "y,", "model", "L1"]
    header, _, *rows = _guesses_table(found).splitlines()[:12]
    assert header == "| translation | L1 | PSNR | SSIM | patches |"
    assert rows[0].startswith("| to y, model | 0.078 ± 0.023 |")
    assert rows[4].startswith("| to y, training images | — | — | — | 0.")
    assert rows[5].startswith("| to x, model | 0.078 ± 0.023 |")


def test_an_entry_keeps_sources_for_its_commands(tmp_path):
    recipe = recipe_of(lambda x: 255 - x)
    model, recipe.data = two_ways(-1.0), recipe.pairs
    save_examples(SimpleNamespace(folder=tmp_path, recipe=recipe), model)
    kept = model.x_domain.load(tmp_path / "examples.png")
    greys = model.x_domain.to_bytes(kept)[: len(SPLITS["test"]), 0, 0, 0]
    assert greys.tolist() == SPLITS["test"]
