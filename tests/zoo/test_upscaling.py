"""How near enlarged images come to the true ones, by PSNR, SSIM and texture."""

import json
import types

import numpy as np
import pytest
from PIL import Image

from keras_gen.files import sha256_of
from keras_gen.layers import BicubicResizing
from keras_gen.metrics import luma, psnr, ssim
from keras_gen.models import SRGAN, SRResNet
from keras_gen.networks import dcgan_discriminator, sr_res_net
from keras_gen.random import Rows
from keras_gen.zoo.evaluation import upscaling as module
from keras_gen.zoo.evaluation.evaluate import metrics_for
from keras_gen.zoo.evaluation.protocol import QUICK, Protocol
from keras_gen.zoo.evaluation.report import describe
from keras_gen.zoo.evaluation.upscaling import upscaling
from keras_gen.zoo.pictures import made_by
from keras_gen.zoo.publishing.publish import save_examples
from keras_gen.zoo.publishing.table import _enlargements_table
from keras_gen.zoo.shelf import catalog
from keras_gen.zoo.shelf.entry import Entry
from keras_gen.zoo.shelf.recipes import set_data

RECIPE = '''
"""Larger images, of noise."""

import numpy as np
import tensorflow as tf

from keras_gen.models import SRResNet
from keras_gen.networks import sr_res_net

SHAPE = (24, 24, 3)
epochs = 1


def model(seed=0):
    return SRResNet(sr_res_net((12, 12, 3), 2, filters=2, num_blocks=1), name="tiny")


def data(split="train", source="noise", batch_size=5, **options):
    x = np.random.default_rng(0).uniform(size=(5, *SHAPE)).astype("float32")
    return tf.data.Dataset.from_tensor_slices(x).batch(batch_size)


def photographs(quick=False):
    """Two whole ones, of which one has odd sides, or three small ones."""
    shapes = [SHAPE] * 3 if quick else [(41, 33, 3), (32, 40, 3)]
    random = np.random.default_rng(1)
    return [random.integers(0, 256, shape, dtype=np.uint8) for shape in shapes]


def compile(model, steps):
    model.compile()
'''


@pytest.fixture
def entry(tmp_path, monkeypatch):
    """An entry whose network interpolates and is too bright by a tenth."""
    folder = tmp_path / "zoo" / "tiny"
    folder.mkdir(parents=True)
    (folder / "recipe.py").write_text(RECIPE)
    monkeypatch.setattr(catalog, "root", lambda: tmp_path / "zoo")
    made = Entry("tiny")
    model = made.recipe.model()
    model.generator.get_layer("residual").bias.assign([0.5] * 3)
    model.save_weights(made.weights)
    report = {"weights_sha256": sha256_of(made.weights)}
    (folder / "metrics.json").write_text(json.dumps(report))
    return Entry("tiny")


def rounded(x):
    return np.rint(np.clip(x, 0, 1) * 255) / 255


def test_numbers_are_those_of_the_metrics(entry):
    model = entry.load()
    found = upscaling(model, entry.recipe, None, Protocol())
    numbers = []
    for image in entry.recipe.photographs():
        truth = (image / 255.0)[
            None, : image.shape[0] // 2 * 2, : image.shape[1] // 2 * 2
        ]
        small = rounded(BicubicResizing(down=2)(truth.astype("f4")))
        smooth = np.array(BicubicResizing(2)(small.astype("f4")))
        methods = luma(rounded(smooth + 0.05)), luma(rounded(smooth))
        numbers.append(
            [(psnr(x, luma(truth), 2)[0], ssim(x, luma(truth), 2)[0]) for x in methods]
        )
    (model_psnr, model_ssim), (bicubic, _) = np.moveaxis(np.array(numbers), 0, -1)
    model_row, bicubic_row = (found["enlargements"][m] for m in ("model", "bicubic"))
    assert found["value"] == pytest.approx(model_psnr.mean(), abs=1e-3)
    error = model_psnr.std(ddof=1) / np.sqrt(2)
    assert found["standard_error"] == pytest.approx(error, abs=1e-3)
    assert model_row["SSIM"]["value"] == pytest.approx(model_ssim.mean(), abs=1e-4)
    gain = (model_psnr - bicubic).mean()
    assert model_row["gain"]["value"] == pytest.approx(gain, abs=1e-3)
    assert bicubic_row["gain"] == {"value": 0.0, "standard_error": 0.0}
    assert found["without_model"]["bicubic"] == pytest.approx(bicubic.mean(), abs=1e-3)
    assert found["protocol"]["num_enlarged"] == 2
    assert found["protocol"]["num_pixels"] == 40 * 32 + 32 * 40


def test_texture_tells_smooth_and_rough_enlargements():
    """Of the same error, noise at other places is nearer in texture than none."""
    random = np.random.default_rng(0)
    noise = random.normal(0.5, 0.1, size=(3, 64, 64, 1)).astype("f4")
    shift = np.roll(noise, (20, 30), axis=(1, 2))
    real = SRResNet(sr_res_net((32, 32, 1), 2, filters=2, num_blocks=1))
    calls = iter(range(3))
    rough = types.SimpleNamespace(
        scale=2,
        shrink=real.shrink,
        bicubic=real.bicubic,
        upscale=lambda small: shift[next(calls)][None],
    )
    recipe = types.SimpleNamespace(
        photographs=lambda quick: [np.rint(255 * x).astype(np.uint8) for x in noise]
    )
    rows = upscaling(rough, recipe, None, Protocol())["enlargements"]
    assert rows["model"]["PSNR"]["value"] < rows["bicubic"]["PSNR"]["value"]
    textures = {name: row["texture"]["value"] for name, row in rows.items()}
    assert textures["model"] < 3 * textures["floor"] < textures["bicubic"] / 3
    assert rows["floor"]["SSIM"]["value"] == pytest.approx(1.0)
    assert rows["floor"]["PSNR"]["value"] is None


def test_quick_numbers_are_of_the_small_photographs_and_others_of_their_split(entry):
    model = entry.load()
    quick = upscaling(model, entry.recipe, None, QUICK)["protocol"]
    assert (quick["num_enlarged"], quick["num_pixels"]) == (3, 3 * 24 * 24)
    held = upscaling(model, entry.recipe, None, QUICK._replace(split="validation"))
    assert held["protocol"]["num_enlarged"] == 5
    assert held["protocol"]["split"] == "validation"
    own = upscaling(model, entry.recipe, entry.recipe.data(), Protocol())
    assert own["protocol"]["num_enlarged"] == 5


def test_a_first_stage_is_measured_beside(entry, monkeypatch):
    model = entry.load()
    model.generator.get_layer("residual").bias.assign([0.0] * 3)
    entry.recipe.first_stage = "tiny"
    rows = upscaling(model, entry.recipe, None, QUICK)["enlargements"]
    assert list(rows) == ["model", "first_stage", "bicubic", "floor"]
    assert rows["model"] == rows["bicubic"]
    assert rows["first_stage"]["gain"]["value"] < -0.1
    before = rows["first_stage"]
    del entry.recipe.first_stage
    alone = upscaling(entry.load(), entry.recipe, None, QUICK)["enlargements"]
    assert alone["model"] == before


def test_it_is_for_models_that_upscale_and_told_in_words(entry):
    model, recipe = entry.load(), entry.recipe
    assert metrics_for(model, recipe) == ["upscaling"]
    discriminator = dcgan_discriminator((24, 24, 3), [2])
    assert metrics_for(SRGAN(model.generator, discriminator), recipe) == ["upscaling"]
    found = upscaling(model, recipe, None, QUICK)
    assert "bicubic       PSNR" in describe(found)
    header, _, first, *_, last = _enlargements_table(found).splitlines()[:5]
    assert header == "| enlarged by | PSNR | gain | SSIM | texture |"
    assert first.startswith("| model |")
    assert last.startswith("| floor | — | — | 1.000 |")
    set_data(recipe, "others")
    assert not hasattr(recipe, "photographs")


def test_middles_of_photographs_come_with_the_entry(entry):
    model = entry.load()
    save_examples(entry, model)
    found = np.asarray(Image.open(entry.folder / "examples.png"))
    first, second = entry.recipe.photographs()
    np.testing.assert_array_equal(found[:, :24], first[8:32, 4:28])
    np.testing.assert_array_equal(found[:, 24:], second[4:28, 8:32])


def test_a_picture_shows_what_each_method_makes(entry):
    model = entry.load()
    x = np.array(Rows(4, 0).uniform((24, 24, 3), "x"))
    domain, shown = made_by(entry.recipe, model, shown=lambda num: [x[:num]])
    assert domain == model.x_domain
    pixels, smooth, made, truth = shown[:4]
    np.testing.assert_array_equal(truth, x[0])
    small = np.array(model.shrink(x))
    np.testing.assert_array_equal(pixels[::2, 1::2], small[0])
    np.testing.assert_allclose(np.clip(smooth + 0.05, 0, 1), made, atol=0.05)
    assert len(shown) == 16


def test_patches_are_at_random_places_of_the_whole_image():
    detail = np.arange(20 * 30.0).reshape(20, 30, 1)
    patches = module._patches(detail, 0, 0, "true")
    corners = patches[:, 0].astype(int)
    assert patches.shape == (512, 49)
    np.testing.assert_array_equal(patches[:, 8], corners + 31)
    rows, columns = corners // 30, corners % 30
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (0, 13, 0, 23)
    assert not np.array_equal(patches, module._patches(detail, 0, 1, "true"))
