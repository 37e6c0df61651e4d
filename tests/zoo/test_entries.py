import csv
import json
import re
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
from missing_data import skip_without_data
from PIL import Image

from keras_gen import cli, models, zoo
from keras_gen.files import sha256_of
from keras_gen.latents import attribute_vector
from keras_gen.metrics import active_units
from keras_gen.models.base import AdversarialModel, GenerativeModel
from keras_gen.random import Rows
from keras_gen.zoo.continuation import continuation
from keras_gen.zoo.publishing import table
from keras_gen.zoo.shelf import catalog
from keras_gen.zoo.shelf.entry import Entry
from keras_gen.zoo.shelf.recipes import first_examples, load_recipe

ENTRIES = [name for name in zoo.names() if "results" in zoo.info(name)]
MODELS = {
    name: getattr(models, zoo.info(name)["model"], keras.Model) for name in ENTRIES
}
#: Test images where there are fewer than 10,000.
NUM_IMAGES = {"vae_avatars": 2000}
#: What is counted where it is not test images.
NUM_OTHERS = {
    "conditional_vae_mnist": {"num_imputed_images": 250},
    "denoising_chain_binarized_mnist": {"num_chains": 100},
    "iwae_mnist": {"num_imputed_images": 250},
    "lda_associated_press": {"num_documents": 224},
    "lstm_melodies": {"num_windows": 313, "num_sampled_windows": 313},
    "pix2pix_openmoji": {"num_pairs": 172},
    "pixel_cnn_binarized_mnist": {"num_imputed_images": 250},
    "semi_supervised_vae_mnist": {"num_examples": 10_000},
    "sr_res_net_flowers": {"num_enlarged": 24},
    "transformer_shakespeare": {"num_windows": 871, "num_sampled_windows": 871},
    "vae_avatars": {"num_pairs": [800, 800]},
    "vae_mnist": {"num_imputed_images": 250},
}
#: Entries whose objective is one loss.
SINGLE = [
    name
    for name, model in MODELS.items()
    if issubclass(model, GenerativeModel) and "loss" in model.term_names
]
#: Entries of two players.
ADVERSARIAL = [
    name for name, model in MODELS.items() if issubclass(model, AdversarialModel)
]


def test_every_entry_is_whole():
    assert zoo.names() == ENTRIES
    for name in ENTRIES:
        files = {path.name for path in (catalog.root() / name).iterdir()}
        assert files >= {
            "recipe.py",
            "card.md",
            "metrics.json",
            "history.csv",
            "training.png",
            "model.weights.h5",
        }
        assert files & {"samples.png", "samples.txt"}


@pytest.mark.parametrize("name", ENTRIES)
def test_the_weights_are_small_and_load(name):
    entry = zoo.info(name)
    path = Path(entry["folder"]) / "model.weights.h5"
    assert path.stat().st_size < 4 * 2**20
    assert sha256_of(path) == entry["weights_sha256"]
    model = zoo.load(name)
    assert type(model).__name__ == entry["model"]
    parameters = sum(weight.shape.num_elements() for weight in model.trainable_weights)
    assert parameters == entry["parameters"]


@pytest.mark.parametrize("name", ENTRIES)
def test_every_number_of_the_card_has_the_full_protocol(name):
    entry = zoo.info(name)
    alone = {"sampling", "imputation", "repeats", "compression"}
    assert set(entry["results"]) - set(entry["quick"]) <= alone
    num = NUM_IMAGES.get(entry["name"], 10_000)
    for metric, result in entry["results"].items():
        stated = result["protocol"]
        sizes = {"num_images": num, "num_samples": 10_000}
        sizes |= NUM_OTHERS.get(entry["name"], {})
        counted = {size: stated[size] for size in sizes if size in stated}
        assert counted or metric == "sampling", metric
        for size, found in counted.items():
            assert found == sizes[size], metric
        assert stated.get("seeds", [0, 1, 2]) == [0, 1, 2], metric
        if "extractor" in stated:
            name, digits = stated["extractor"].split("@")
            assert zoo.info(name)["weights_sha256"].startswith(digits)


@pytest.mark.parametrize(
    ("name", "least"), [("classifier_mnist", 99.4), ("classifier_fashion_mnist", 93.5)]
)
def test_extractors_are_accurate_small_and_named_by_their_weights(name, least):
    stored = zoo.info(name)["results"]["accuracy"]
    assert stored["protocol"]["num_images"] == 10_000
    assert stored["value"] >= least
    path = catalog.root() / name / "model.weights.h5"
    assert path.stat().st_size < 2 * 2**20
    assert zoo.extractor(name).name == f"{name}@{sha256_of(path)[:8]}"


@pytest.mark.parametrize(
    "name", ["classifier_mnist", "classifier_fashion_mnist", "pix2pix_openmoji"]
)
def test_random_changes_go_on_in_a_later_epoch(name):
    skip_without_data(recipe := load_recipe(name))
    options = {"batch_size": 8, "repeat": True}
    whole = recipe.data("train[:20]", **options).skip(3)
    resumed = recipe.data("train[:20]", start=(1, 0), **options)
    for (images, _), (others, _) in zip(whole.take(2), resumed.take(2), strict=True):
        np.testing.assert_array_equal(images, others)


def compile_eagerly(model, recipe):
    """As the recipe says, but for its graphs, which take seconds to be made."""
    recipe.compile(model, steps=1000)
    model.run_eagerly, model.steps_per_execution = True, 1


@pytest.mark.parametrize("name", SINGLE)
def test_a_loaded_model_can_be_trained_on(name):
    skip_without_data(recipe := load_recipe(name))
    model = zoo.load(name)
    compile_eagerly(model, recipe)
    for optimizer in getattr(model.optimizer, "optimizers", [model.optimizer]):
        optimizer.learning_rate = lambda: 1e-5
    # A text is cut by characters and melodies by tunes, which are several windows.
    num = {".txt": 50 * model.x_domain.shape[0], ".mid": 4}.get(
        model.x_domain.suffix, 50
    )
    # A loop over so many sites takes longer than its graph.
    model.run_eagerly = model.x_domain.sites[1] < 256
    # In one order, so that the same noise meets the same images.
    data = recipe.data(f"train[:{num}]", training=False)
    before = model.evaluate(data, verbose=0, return_dict=True)
    model.fit(data, verbose=0)
    after = model.evaluate(data, verbose=0, return_dict=True)
    for name in before:
        if name.endswith("loss"):
            assert after[name] == pytest.approx(before[name], rel=0.02), name


@pytest.mark.parametrize(
    ("name", "most"), [("vae_mnist", 86.76), ("iwae_mnist", 85.54)]
)
def test_bounds_are_as_good_as_those_of_the_paper(name, most):
    full = zoo.info(name)["results"]["negative_log_likelihood"]
    assert full["protocol"]["num_importance_samples"] == 5000
    assert full["protocol"]["num_images"] == 10_000
    paper = load_recipe(name).paper["negative_log_likelihood"]
    assert full["value"] <= paper["value"] == most


@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("gated_pixel_cnn_binarized_mnist", 84.0),
        ("made_binarized_mnist", 88.0),
        ("pixel_cnn_binarized_mnist", 81.5),
    ],
)
def test_exact_likelihoods_meet_their_bounds(name, most):
    full = zoo.info(name)["results"]["negative_log_likelihood"]
    assert full["protocol"] == {
        "likelihood": "exact",
        "num_images": 10_000,
        "binarization": "static",
    }
    assert full["value"] <= most


def test_gated_pixel_cnn_mnist_tells_digits_by_bayes_rule():
    stored = zoo.info("gated_pixel_cnn_mnist")["results"]["accuracy"]
    assert stored["protocol"]["num_images"] == 10_000
    assert stored["value"] >= 95.0


def test_gated_pixel_cnn_mnist_draws_the_digits_that_it_is_told():
    model = zoo.load("gated_pixel_cnn_mnist")
    labels = np.arange(100) % 10
    samples = model.sample(100, seed=1, y=labels)
    assert np.mean(classes_of(samples, model) == labels) >= 0.9
    assert np.mean(model.classify(samples).argmax(axis=-1) == labels) >= 0.95


def test_semi_supervised_vae_mnist_learns_more_than_its_labels_tell():
    seeds = zoo.info("semi_supervised_vae_mnist")["training_seeds"].values()
    errors = [100 - found["accuracy"] for found in seeds]
    alone = json.loads(
        (catalog.root() / "semi_supervised_vae_mnist/labels_alone.json").read_text()
    )
    assert len(errors) == len(alone["latents"]) == len(alone["pixels"]) == 5
    assert max(errors) < min(alone["latents"]) < min(alone["pixels"])


def test_semi_supervised_vae_mnist_sees_few_labels_often():
    recipe = load_recipe("semi_supervised_vae_mnist")
    options = {"seed": 1, "batch_size": 550, "repeat": True}
    data = recipe.data("train[:2000]", **options)
    epochs = [list(data.skip(first).take(4)) for first in (0, 4)]
    latents, labels = (np.concatenate(part) for part in zip(*epochs[1], strict=True))
    # 2,000 images, of which 100 have a label and occur twice more.
    assert np.bincount(labels + 1).tolist() == [1900, *[30] * 10]
    resumed = list(recipe.data("train[:2000]", start=(1, 0), **options).take(4))
    np.testing.assert_array_equal(np.concatenate([x for x, _ in resumed]), latents)
    # Each time with other latents.
    assert len(np.unique(latents, axis=0)) == 2200
    # Left out are the latents of M1 that do not vary with the image.
    vae = recipe.first_model()
    images = load_recipe("vae_mnist").data("test[:500]", batch_size=500)
    found = active_units(vae.posterior(next(iter(images))).mean())
    assert np.flatnonzero(found.variances > 0.01).tolist() == list(recipe.LATENTS)


@pytest.mark.parametrize("name", ["transformer_shakespeare", "lstm_melodies"])
def test_sequences_are_predicted_better_than_by_n_grams(name):
    full = zoo.info(name)["results"]["nats_a_symbol"]
    least = min(full["without_model"].values())
    assert full["value"] + 4 * full["standard_error"] < least


def test_transformer_shakespeare_meets_its_bound():
    full = zoo.info("transformer_shakespeare")["results"]["nats_a_symbol"]
    assert full["value"] < 1.88


def test_the_prompt_of_lstm_melodies_is_continued_in_tune():
    pytest.importorskip("mido", reason="needs the extra midi")
    domain = load_recipe("lstm_melodies").DOMAIN
    started = domain.read(catalog.root() / "lstm_melodies" / "started.mid")
    model = zoo.load("lstm_melodies")
    # Without XLA, whose compilation takes longer.
    model.compiled_sampling = False
    part = next(continuation(model, started, 64, seed=0, temperature=0.5))
    pitches = domain.to_notes(part[0])[:, 2]
    # D major, the key of the prompt.
    scale = {(2 + step) % 12 for step in (0, 2, 4, 5, 7, 9, 11)}
    assert np.isin(pitches % 12, [*scale]).mean() > 0.8


def test_samples_of_vae_mnist_look_like_ink_on_paper():
    samples = zoo.load("vae_mnist").sample(50, seed=0)
    assert 0.08 < samples.mean() < 0.18
    assert np.mean((samples < 0.1) | (samples > 0.9)) > 0.8


def test_denoising_recovers_half_of_the_pixels():
    model = zoo.load("denoising_autoencoder_mnist")
    images = next(iter(load_recipe(model.name).data("test"))).numpy()
    corrupted = model.corrupt(images, model.corruption_noise(Rows(len(images), seed=9)))
    before = np.square(corrupted - images).sum(axis=(1, 2, 3)).mean()
    after = np.square(model.reconstruct(corrupted) - images).sum(axis=(1, 2, 3)).mean()
    assert after < 0.25 * before
    quick = zoo.info(model.name)["quick"]["squared_error"]
    assert quick["without_model"]["the corrupted images"] == pytest.approx(
        before, rel=0.1
    )


def test_vae_avatars_edits_faces_towards_how_they_should_look():
    found = zoo.info("vae_avatars")["results"]["counterfactuals"]
    assert found["protocol"]["num_pairs"] == [800, 800]
    for errors in found["edits"].values():
        values = {name: error["value"] for name, error in errors.items()}
        assert values["floor"] < values["edited"]
        assert values["change_added"] < 0.7 * values["unedited"]


def test_vae_avatars_puts_on_sunglasses_without_data(tmp_path, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    out = tmp_path / "strips.npy"
    flags = ["--attribute=sunglasses", "--steps=5", f"--out={out}"]
    cli.COMMANDS["edit"].run(["vae_avatars", *flags])
    strips = np.load(out).reshape(8, 6, 32, 32, 3)[:, 1:]
    # Sunglasses are in these rows and columns.
    eyes, rest = strips[:, :, 8:18, 4:28], strips[:, :, 20:]
    brightness = eyes.mean(axis=(0, 2, 3, 4))
    assert (np.diff(brightness) < -0.01).all()
    assert np.abs(np.diff(rest.mean(axis=(0, 2, 3, 4)))).max() < 0.01


def test_pix2pix_openmoji_is_nearer_to_the_truth_than_what_needs_no_model():
    found = zoo.info("pix2pix_openmoji")["results"]["translation"]["translations"]
    made, copied, mean = (
        {error: number["value"] for error, number in found[f"to_y, {guess}"].items()}
        for guess in ("model", "input", "mean colour")
    )
    assert made["L1"] < copied["L1"] < mean["L1"]
    assert made["PSNR"] > copied["PSNR"] > mean["PSNR"]
    floor = found["to_y, training images"]["patches"]["value"]
    assert floor < made["patches"] < 0.7 * copied["patches"] < mean["patches"]


def test_pix2pix_openmoji_colours_outlines_without_data(tmp_path, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    examples = catalog.root() / "pix2pix_openmoji" / "examples.png"
    out = tmp_path / "coloured.npy"
    flags = ["to_y", f"--input={examples}", f"--out={out}"]
    cli.COMMANDS["apply"].run(["pix2pix_openmoji", *flags])
    outlines = zoo.load("pix2pix_openmoji").x_domain.load(examples)
    colours = np.load(out)
    # Lines stay dark, the edge of the picture stays white, and something has colour.
    assert colours[outlines[..., 0] < -0.95].mean() < -0.5
    assert colours[:, :2].mean() > 0.95
    assert (np.ptp(colours, axis=-1) > 0.5).mean(axis=(1, 2)).max() > 0.1


def test_sr_res_net_flowers_meets_its_bound():
    found = zoo.info("sr_res_net_flowers")["results"]["upscaling"]
    rows, stated = found["enlargements"], found["protocol"]
    assert (stated["scale"], stated["border"], stated["num_enlarged"]) == (2, 2, 24)
    assert stated["num_pixels"] == 24 * 768 * 512
    gain = rows["model"]["gain"]
    assert gain["value"] - 4 * gain["standard_error"] > 1.0
    assert rows["model"]["SSIM"]["value"] > rows["bicubic"]["SSIM"]["value"]


def test_a_small_photograph_becomes_larger_without_data(tmp_path, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    folder, out = catalog.root() / "sr_res_net_flowers", tmp_path / "larger.npy"
    flags = [f"--input={folder / 'small.png'}", f"--out={out}"]
    cli.COMMANDS["apply"].run(["sr_res_net_flowers", "upscale", *flags])
    found = load_recipe("sr_res_net_flowers").model().x_domain.to_bytes(np.load(out))
    shown = np.asarray(Image.open(folder / "larger.png"), np.float64)
    assert found.shape == (1, *shown.shape) == (1, 240, 320, 3)
    assert np.abs(found[0] - shown).max() <= 1


def test_beta_tc_vae_sprites_is_compared_with_what_others_py_has_found():
    folder = catalog.root() / "beta_tc_vae_sprites"
    with open(folder / "others.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    card = (folder / "card.md").read_text(encoding="utf-8")
    for name in dict.fromkeys(row["model"] for row in rows):
        some = [row for row in rows if row["model"] == name]
        assert [row["seed"] for row in some] == list("01234")
        for column in ("rate", "distortion", "MIG", "SAP", "FactorVAE score"):
            found = [float(row[column]) for row in some]
            assert f"{np.mean(found):.3f} ± {np.std(found, ddof=1):.3f}" in card
    seeds = zoo.info("beta_tc_vae_sprites")["training_seeds"]
    own = {row["seed"]: float(row["MIG"]) for row in rows if "TC" in row["model"]}
    expected = {seed: values["MIG"] for seed, values in seeds.items()}
    assert own == pytest.approx(expected, abs=1e-4)


def test_traversals_of_beta_tc_vae_sprites_move_and_resize_the_heart():
    model, recipe = zoo.load("beta_tc_vae_sprites"), load_recipe("beta_tc_vae_sprites")
    picture = recipe.picture(model)[..., 0] / 255
    rows = picture.reshape(recipe.LATENT_DIM, recipe.SIZE, -1, recipe.SIZE)
    images = rows.transpose(0, 2, 1, 3)
    area = images.sum(axis=(2, 3))
    keeps_its_size = area.min(axis=1) > 0.5 * area.max(axis=1)
    assert keeps_its_size.sum() == len(images) - 1
    for axis in (2, 3):
        # The mean column, then the mean row.
        mean = images.sum(axis=axis)[keeps_its_size] @ np.arange(recipe.SIZE)
        moved = np.ptp(mean / area[keeps_its_size], axis=1)
        assert (moved > 5).sum() == 1
    # The other latents carry nothing, so their rows hardly change.
    assert np.ptp(images[3:], axis=1).max() < 0.25


def test_unknown_names_list_near_ones():
    for function in (zoo.load, zoo.info, zoo.evaluate, zoo.train):
        with pytest.raises(ValueError, match="'vae_mnst'. Did you mean vae_mnist"):
            function("vae_mnst")


@pytest.fixture
def copied_zoo(tmp_path, monkeypatch):
    shutil.copytree(catalog.root() / "vae_mnist", tmp_path / "zoo" / "vae_mnist")
    monkeypatch.setattr(catalog, "root", lambda: tmp_path / "zoo")
    return tmp_path / "zoo" / "vae_mnist"


@pytest.mark.parametrize("spoil", ["truncate", "flip", "remove", "unpinned"])
def test_spoiled_weights_are_refused(copied_zoo, spoil):
    weights = copied_zoo / "model.weights.h5"
    contents = bytearray(weights.read_bytes())
    message = "not those of this entry: expected sha256 [0-9a-f]{64}, found"
    if spoil == "truncate":
        weights.write_bytes(contents[: len(contents) // 2])
    elif spoil == "flip":
        contents[len(contents) // 2] ^= 1
        weights.write_bytes(contents)
    elif spoil == "remove":
        weights.unlink()
        message = "has no trained weights yet"
    else:
        metrics = json.loads((copied_zoo / "metrics.json").read_text())
        del metrics["weights_sha256"]
        (copied_zoo / "metrics.json").write_text(json.dumps(metrics))
        message = "has no trained weights yet"
    with pytest.raises(ValueError, match=message):
        zoo.load("vae_mnist")


def test_weights_of_another_model_are_refused(copied_zoo):
    recipe = copied_zoo / "recipe.py"
    recipe.write_text(recipe.read_text().replace("[200, 200]", "[200, 100]"))
    with pytest.raises(ValueError, match="do not fit vae_mnist"):
        zoo.load("vae_mnist")


def test_tables_are_up_to_date():
    for page, contents in table.pages():
        assert page.read_text(encoding="utf-8") == contents, (
            f"{page} is stale: run python -m keras_gen.zoo.publishing.table"
        )


def test_what_learned_from_samples_is_marked_as_distilled():
    entries = [Entry(name) for name in zoo.names()]
    draws = re.compile(r"zoo\.load\(\w+\)\.sample\(")
    taught = [e for e in entries if draws.search((e.folder / "recipe.py").read_text())]
    assert taught
    for entry in entries:
        _, _, row = table.entries_table([entry]).splitlines()
        card = table.card_tables(entry)
        assert ("nats, distilled |" in row) == (entry in taught)
        assert ("not on an equal footing" in card) == (entry in taught)
    teacher = Entry(taught[0].recipe.distilled["teacher"]).report["training"]["seconds"]
    own = taught[0].report["training"]["seconds"]
    minutes = sum(round(part / 60) for part in (own, teacher)) + 37
    assert f"{minutes} min in all" in table.card_tables(taught[0])


def test_links_and_anchors_of_the_documents_exist():
    root = catalog.root().parent
    pages = [root / "README.md", *root.glob("docs/*.md"), *root.glob("zoo/*/card.md")]
    for page in pages:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page} links to {target}"


def test_tests_named_in_the_lectures_exist():
    root = catalog.root().parent
    tests = "".join(path.read_text() for path in (root / "tests").rglob("*.py"))
    for name in re.findall(r"`(test_\w+)`", (root / "docs/lectures.md").read_text()):
        assert f"def {name}(" in tests, name


def classes_of(samples, model):
    """The digits that samples are taken for."""
    extract = zoo.extractor("classifier_mnist")
    return extract(model.x_domain.to_bytes(samples)).probabilities.argmax(axis=1)


def test_dcgan_mnist_makes_all_digits():
    model = zoo.load("dcgan_mnist")
    classes = classes_of(model.sample(10_000, seed=0), model)
    shares = np.bincount(classes, minlength=10) / 10_000
    assert shares.min() >= 0.05
    assert shares.max() <= 0.15


def test_conditional_gan_mnist_draws_the_digits_that_it_is_told():
    model = zoo.load("conditional_gan_mnist")
    labels = np.arange(1000) % 10
    classes = classes_of(model.sample(1000, seed=1, y=labels), model)
    assert np.mean(classes == labels) >= 0.97


def test_latents_of_a_digit_have_a_direction():
    model = zoo.load("dcgan_mnist")
    latents = model.noise(2000, seed=0).numpy()
    is_seven = classes_of(model.from_noise(latents).numpy(), model) == 7
    direction = attribute_vector(latents, is_seven)
    towards = classes_of(model.from_noise(latents + direction).numpy(), model) == 7
    away = classes_of(model.from_noise(latents - direction).numpy(), model) == 7
    assert towards.mean() > 2 * is_seven.mean() > 4 * away.mean()


@pytest.mark.parametrize("name", ADVERSARIAL)
def test_the_discriminator_is_there_and_both_players_train_on(name):
    skip_without_data(recipe := load_recipe(name))
    model = zoo.load(name)
    batches = recipe.data("train[:640]", training=False)
    images, *labels = first_examples(batches, 640)
    options = {"y": labels[0]} if labels else {}
    fakes = model.sample(640, seed=0, **options)
    labels = labels[0] if labels else None
    real, fake = (model.score(part, labels, training=False) for part in (images, fakes))
    assert np.mean(real) > np.mean(fake)
    compile_eagerly(model, recipe)
    history = model.fit(batches.take(1), verbose=0).history
    assert all(np.isfinite(history[term]).all() for term in model.term_names)
