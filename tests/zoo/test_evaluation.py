import json
import shutil

import numpy as np
import pytest
import tensorflow as tf

from keras_gen import zoo
from keras_gen.domains import Images, Labels
from keras_gen.files import read_json, sha256_of, write_json
from keras_gen.images import to_uint8
from keras_gen.models import DANN, GAN, Autoencoder, ConditionalGAN
from keras_gen.models.base import marked
from keras_gen.networks import mlp
from keras_gen.random import Rows, seed_initializers
from keras_gen.zoo.evaluation import evaluate, measures, protocol
from keras_gen.zoo.evaluation.evaluate import measure, metrics_for
from keras_gen.zoo.evaluation.protocol import Protocol
from keras_gen.zoo.pictures import completions
from keras_gen.zoo.publishing import table
from keras_gen.zoo.publishing.measure import remeasure
from keras_gen.zoo.publishing.plots import read_history
from keras_gen.zoo.publishing.publish import publish
from keras_gen.zoo.publishing.seeds import add_seeds, values_of
from keras_gen.zoo.shards.files import num_shards, shard_name, write_shard
from keras_gen.zoo.shelf import catalog
from keras_gen.zoo.shelf.entry import Entry
from keras_gen.zoo.shelf.recipes import first_examples, load_recipe

SHAPE = (28, 28, 1)
TINY = Protocol(400, 300, 400, num_seeds=2, num_importance_samples=2)

CLASSIFIER = '''
"""A tiny classifier."""

import keras

from keras_gen import datasets

image_range = (0.0, 1.0)
epochs = 4


def model(seed=0):
    return keras.Sequential(
        [
            keras.Input((28, 28, 1), name="images"),
            keras.layers.Flatten(),
            keras.layers.Dense(16, "relu", name="features"),
            keras.layers.Dense(10, name="logits"),
        ]
    )


def data(split="train", source="mnist", **options):
    return datasets.load(source, split, 100, labels=True, **options)


def compile(model, steps):
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(1e-2), loss, metrics=["accuracy"])
'''

RECIPE = '''
"""A tiny VAE."""

from keras_gen import datasets
from keras_gen.distributions import BernoulliLikelihood
from keras_gen.models import VAE
from keras_gen.networks import mlp

epochs = 2
validation = "test"
extractor = "tiny_classifier"
binarization = "static"
num_importance_samples = 3
paper = {
    "negative_log_likelihood": {
        "value": 12.3,
        "source": "Someone, 2001",
        "protocol": {"num_importance_samples": 3, "binarization": "static"},
    }
}


def model(seed=0):
    encoder, decoder = mlp((28, 28, 1), [], (4,)), mlp((2,), [], (28, 28, 1))
    return VAE(encoder, decoder, BernoulliLikelihood(), seed=seed)


def data(split="train", source="mnist", **options):
    return datasets.load(
        source, split + "[:500]", 50, binarization=binarization, **options
    )


def compile(model, steps):
    model.compile(jit_compile=False)
'''


PIXELS = '''
"""A tiny autoregressive model of digits."""

from keras_gen import datasets
from keras_gen.distributions import BernoulliLikelihood
from keras_gen.models import GatedPixelCNN

epochs = 1
binarization = "static"


def model(seed=0):
    return GatedPixelCNN(
        (28, 28, 1),
        BernoulliLikelihood(),
        filters=2,
        num_layers=1,
        output_filters=2,
        num_classes=10,
        seed=seed,
    )


def data(split="train", source="mnist", **options):
    return datasets.load(
        source, split, 50, binarization=binarization, labels=True, **options
    )


def compile(model, steps):
    model.compile(jit_compile=False)
'''


@pytest.fixture(scope="module")
def tiny_zoo(tmp_path_factory):
    """A zoo of a classifier, trained a little, and a VAE without weights."""
    root = tmp_path_factory.mktemp("work") / "zoo"
    recipes = {"tiny_classifier": CLASSIFIER, "tiny_vae": RECIPE, "tiny_pixels": PIXELS}
    for name, source in recipes.items():
        (root / name).mkdir(parents=True)
        (root / name / "recipe.py").write_text(source)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalog, "root", lambda: root)
        recipe = load_recipe("tiny_classifier")
        seed_initializers(0)
        model = recipe.model()
        recipe.compile(model, 100)
        data = recipe.data("train[:3000]", training=False)
        model.fit(data, epochs=4, verbose=0)
        weights = root / "tiny_classifier" / "model.weights.h5"
        model.save_weights(weights)
        report = {"weights_sha256": sha256_of(weights)}
        (weights.parent / "metrics.json").write_text(json.dumps(report))
        yield root


@pytest.fixture(scope="module")
def vae(tiny_zoo):
    seed_initializers(0)
    return load_recipe("tiny_vae").model()


@pytest.fixture
def vae_recipe(tiny_zoo):
    return load_recipe("tiny_vae")


class Replay:
    """A sampler that gives given images back, with labels if told."""

    def __init__(self, images, num_classes=None):
        self.images = images
        self.x_domain = Images(SHAPE)
        self.y_domain = None if num_classes is None else Labels(num_classes)

    def domain_of(self, name):
        return {"x": self.x_domain, "y": self.y_domain}.get(name)

    @marked(("y",), ("x",), traced=None)
    def sample(self, num_samples, seed):
        return self.images[:num_samples]


def digits(split, num, **options):
    data = load_recipe("tiny_classifier").data(split, training=False, **options)
    return first_examples(data, num)


def test_an_extractor_is_an_entry_named_by_its_weights(tiny_zoo):
    extractor = zoo.extractor("tiny_classifier")
    sha256 = zoo.info("tiny_classifier")["weights_sha256"]
    assert extractor.name == f"tiny_classifier@{sha256[:8]}"
    assert extractor.image_shape == SHAPE
    images, labels = digits("test", 500)
    seen = extractor(images, image_range=(0.0, 1.0))
    assert seen.features.shape == (500, 16)
    np.testing.assert_allclose(seen.probabilities.sum(axis=1), 1.0, atol=1e-5)
    accuracy = np.mean(seen.probabilities.argmax(axis=1) == labels)
    found = zoo.evaluate("tiny_classifier", protocol=TINY._replace(num_images=500))
    assert list(found) == ["accuracy"]
    assert found["accuracy"]["value"] == pytest.approx(100 * accuracy)
    error = 100 * np.sqrt(accuracy * (1 - accuracy) / 500)
    assert found["accuracy"]["standard_error"] == pytest.approx(error)


def test_a_model_that_classifies_has_an_accuracy():
    heads = mlp((4,), [], (3,)), mlp((4,), [], (1,))
    model = DANN(mlp((2, 2, 1), [], (4,)), *heads)
    x = model.x_domain.draw(Rows(20, 0))
    labels = np.argmax(model.classify(x), axis=1)
    labels[:5] = (labels[:5] + 1) % 3
    data = tf.data.Dataset.from_tensor_slices((x, labels)).batch(8)
    assert measures.accuracy(model, None, data, TINY)["value"] == 75


def test_images_are_measured_after_they_are_restored(tiny_zoo, monkeypatch):
    recipe = load_recipe("tiny_pixels")
    seed_initializers(0)
    model = recipe.model()
    assert "compression" not in metrics_for(model, recipe)
    monkeypatch.setattr(recipe, "compression", True, raising=False)
    found = measure(model, recipe, ["compression"], TINY)["compression"]
    x, y = first_examples(recipe.data("test"), TINY.num_images)
    bits = -model.log_prob(x, y).mean() / np.log(2) / x[0].size
    beside = found["without_model"]
    assert beside.pop("negative log-likelihood") == pytest.approx(bits, rel=1e-5)
    assert bits < found["value"] < 1.2 * bits
    assert found["value"] == 8 * len(model.compress(x, y)) / x.size
    assert set(beside) == {"bz2", "PNG", "WebP"}
    assert found["protocol"]["restored"] == len(x)
    monkeypatch.setattr(model, "decompress", lambda code: 1.0 - x)
    with pytest.raises(RuntimeError, match="has not restored"):
        measure(model, recipe, ["compression"], TINY)


def test_what_is_no_classifier_is_no_extractor(tiny_zoo, vae, tmp_path, monkeypatch):
    with pytest.raises(ValueError, match="has no trained weights yet"):
        zoo.extractor("tiny_vae")
    folder = tiny_zoo / "tiny_vae"
    with monkeypatch.context() as patch:
        patch.setattr(Entry, "load", lambda entry: vae)
        with pytest.raises(ValueError, match="'tiny_vae' is no feature extractor"):
            zoo.extractor(folder.name)


def test_each_model_has_the_measures_that_apply(vae, vae_recipe):
    assert metrics_for(vae, vae_recipe) == [
        "negative_log_likelihood",
        "imputation",
        "distances",
        "active_units",
        "sampling",
    ]
    # The extractor knows nothing of other data.
    assert "distances" not in metrics_for(vae, vae_recipe, data="other")
    plain = Autoencoder(mlp(SHAPE, [], (2,)), mlp((2,), [], SHAPE))
    assert metrics_for(plain, vae_recipe) == ["squared_error"]
    adversarial = ["distances", "sampling"]
    generator = mlp((2,), [], SHAPE, output_activation="tanh")
    gan = GAN(generator, mlp(SHAPE, [], (1,)))
    assert metrics_for(gan, vae_recipe) == adversarial
    told = {"num_classes": 10}
    generator = mlp((2,), [], SHAPE, output_activation="tanh", **told)
    conditional = ConditionalGAN(generator, mlp(SHAPE, [], (1,), **told), **told)
    adversarial.insert(1, "label_accuracy")
    assert metrics_for(conditional, vae_recipe) == adversarial
    classifier = zoo.load("tiny_classifier")
    recipe = load_recipe("tiny_classifier")
    assert metrics_for(classifier, recipe) == ["accuracy"]


def test_the_measure_that_a_recipe_names_comes_first(vae, vae_recipe):
    before = metrics_for(vae, vae_recipe)
    vae_recipe.compared_by = "distances"
    others = [name for name in before if name != "distances"]
    assert metrics_for(vae, vae_recipe) == ["distances", *others]
    assert metrics_for(vae, vae_recipe, data="other")[0] == before[0]


@pytest.mark.parametrize(
    ("attribute", "value"), [("compared_by", "fid"), ("paper", {"fid": {}})]
)
def test_a_measure_that_a_recipe_cannot_name_is_refused(
    vae, vae_recipe, attribute, value
):
    setattr(vae_recipe, attribute, value)
    with pytest.raises(ValueError, match=f"`{attribute}` of .* distances, .*'fid'"):
        metrics_for(vae, vae_recipe)


def test_measures_that_do_not_apply_are_refused(vae, vae_recipe):
    message = (
        "holds 'accuracy', 'fid', which tiny_vae does not have. It has: "
        "negative_log_likelihood, imputation, distances, active_units, sampling"
    )
    with pytest.raises(ValueError, match=message):
        measure(vae, vae_recipe, ["accuracy", "sampling", "fid"], TINY)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("num_images", 1),
        ("num_samples", 1.5),
        ("num_training_images", 0),
        ("num_seeds", 0),
        ("num_importance_samples", None),
        ("seed", -1),
    ],
)
def test_protocols_are_checked(vae, vae_recipe, field, value):
    with pytest.raises(ValueError, match=f"`{field}` must be an integer"):
        measure(vae, vae_recipe, ["sampling"], TINY._replace(**{field: value}))


def test_every_result_states_what_it_is(vae, vae_recipe):
    for name, result in measure(vae, vae_recipe, protocol=TINY).items():
        assert set(result) >= {"metric", "value", "unit", "protocol"}, name
        assert json.loads(json.dumps(result, allow_nan=False)) == result


def test_distances_stand_between_training_images_and_noise(vae, vae_recipe):
    (found,) = measure(vae, vae_recipe, ["distances"], TINY).values()
    columns = found["columns"]
    name = zoo.extractor("tiny_classifier").name
    assert found["metric"] == f"FD[{name}]"
    assert found["value"] == columns["FD"]["model"]
    assert found["standard_error"] == columns["FD"]["standard_error"] > 0.0
    assert columns["FD"]["training_images"] < columns["FD"]["model"]
    assert columns["FD"]["training_images"] < columns["FD"]["noise"]
    for share in ("precision", "recall", "coverage"):
        assert columns[share]["training_images"] > 0.5 > columns[share]["noise"]
    assert columns["memorization"]["training_images"] is None
    assert found["protocol"]["seeds"] == [0, 1]
    assert found["protocol"]["num_samples"] == sum(found["classes"]["counts"]) == 300
    (again,) = measure(vae, vae_recipe, ["distances"], TINY).values()
    assert again == found
    (other,) = measure(
        vae, vae_recipe, ["distances"], TINY._replace(seed=1, num_seeds=1)
    ).values()
    reference = other["columns"]["FD"]["training_images"]
    assert reference == columns["FD"]["training_images"]


def test_without_test_images_distances_are_from_training_images(vae, vae_recipe):
    few = TINY._replace(num_seeds=1, split="train")
    measured = measure(vae, vae_recipe, ["distances"], few)["distances"]
    assert measured["protocol"]["split"] == f"train[-{few.num_images}:]"
    # `training_images` are others.
    assert measured["columns"]["FD"]["training_images"] > 0


def test_new_images_are_like_training_images_and_copies_are_found(vae_recipe):
    new = Replay(digits("train[5000:5300]", 300)[0])
    copies = Replay(digits("train[100:400]", 300)[0])
    columns = [
        measure(model, vae_recipe, ["distances"], TINY)["distances"]["columns"]
        for model in (new, copies)
    ]
    for fresh in columns:
        assert fresh["FD"]["model"] < 2 * fresh["FD"]["training_images"]
        share = fresh["precision"]
        assert share["model"] > share["training_images"] - 0.1
    assert columns[0]["memorization"]["model"] == pytest.approx(0.5, abs=0.1)
    assert columns[0]["near_copies"]["model"] == pytest.approx(0.01, abs=0.02)
    assert columns[1]["memorization"]["model"] == 1.0
    assert columns[1]["near_copies"]["model"] == 1.0


def test_the_curve_shows_the_bias_of_few_samples(vae_recipe):
    model = Replay(digits("train[5000:7000]", 2000)[0])
    protocol = Protocol(2500, 2000, 10, num_seeds=1)
    curve = measure(model, vae_recipe, ["distances"], protocol)["distances"]["curve"]
    assert curve["num_samples"] == [500, 1000, 2000]
    for row in ("model", "training_images"):
        assert curve[row][1] > curve[row][2]


def test_label_accuracy_counts_samples_of_their_label(vae_recipe):
    images, labels = digits("test", 1000)
    order = [np.flatnonzero(labels == row % 10)[row // 10] for row in range(300)]
    right = Replay(images[order], num_classes=10)
    wrong = Replay(np.roll(images[order], 1, axis=0), num_classes=10)
    found, missed = (
        measure(model, vae_recipe, ["label_accuracy"], TINY)["label_accuracy"]
        for model in (right, wrong)
    )
    seen = zoo.extractor("tiny_classifier")(images[order], (0.0, 1.0)).probabilities
    expected = 100 * np.mean(seen.argmax(axis=1) == np.arange(300) % 10)
    assert found["value"] == pytest.approx(expected)
    assert found["value"] > 70 > 30 > missed["value"]
    assert "label_accuracy" not in metrics_for(Replay(images), vae_recipe)


def in_shards(folder, images, shard_size, **stated):
    """Writes images as a folder of shards; returns the folder."""
    folder.mkdir()
    labels = stated.get("labels")
    index = {
        "seed": 7,
        "labels": None,
        "temperature": None,
        "num_samples": len(images),
        "shard_size": shard_size,
        "sha256": {},
        **stated,
    }
    for number in range(num_shards(index)):
        part = slice(number * shard_size, (number + 1) * shard_size)
        arrays = {"images": to_uint8(images[part], (0.0, 1.0))}
        if labels is not None:
            arrays["labels"] = np.resize(labels, len(images))[part].astype(np.int32)
        index["sha256"][shard_name(number)] = write_shard(folder, number, arrays)
    (folder / "index.json").write_text(json.dumps(index))
    return str(folder)


def test_samples_in_shards_are_measured_like_those_that_are_drawn(
    vae, vae_recipe, tmp_path
):
    samples = vae.sample(350, seed=7)
    scales = {"temperature": 0.5, "truncation": 0.25}
    folder = in_shards(tmp_path / "shards", samples, 100, **scales)
    protocol = TINY._replace(num_seeds=1, seed=7)
    drawn, stored = (
        measure(vae, vae_recipe, ["distances"], protocol)["distances"]
        for protocol in (protocol, protocol._replace(samples=folder))
    )
    assert stored["protocol"] == {**drawn["protocol"], **scales}
    for name, column in drawn["columns"].items():
        assert stored["columns"][name]["model"] == pytest.approx(column["model"])
    more = protocol._replace(samples=folder, num_samples=351)
    with pytest.raises(ValueError, match="at most 350.*Received: 351"):
        measure(vae, vae_recipe, ["distances"], more)


def test_labels_in_shards_are_those_that_were_asked_for(vae_recipe, tmp_path):
    images, _ = digits("test", 300)
    model = Replay(images, num_classes=10)
    folder = in_shards(tmp_path / "shards", images, 128, labels=[3, 1])
    found = zoo.extractor("tiny_classifier")(images, image_range=(0.0, 1.0))
    labels = np.resize([3, 1], 300)
    share = np.mean(found.probabilities.argmax(axis=1) == labels)
    protocol = TINY._replace(samples=folder)
    result = measure(model, vae_recipe, ["label_accuracy"], protocol)["label_accuracy"]
    assert result["value"] == pytest.approx(100 * share)
    assert result["protocol"]["labels"] == [3, 1]
    assert result["protocol"]["seed"] == 7


def test_samples_of_another_model_are_refused(tiny_zoo, tmp_path):
    images = np.zeros((4, *SHAPE))
    folder = in_shards(tmp_path / "shards", images, 4, weights_sha256="0123")
    with pytest.raises(ValueError, match="not those of tiny_classifier.*sha256 0123"):
        zoo.evaluate("tiny_classifier", protocol=TINY._replace(samples=folder))


def test_active_units_and_likelihood_state_their_protocol(vae, vae_recipe):
    names = ["negative_log_likelihood", "active_units"]
    likelihood, units = measure(vae, vae_recipe, names, TINY).values()
    assert likelihood["protocol"]["binarization"] == "static"
    assert likelihood["protocol"]["num_importance_samples"] == 2
    assert units["unit"] == "of 2 latents"
    means = np.asarray(vae.encode(first_examples(vae_recipe.data("test"), 400)[0]))
    assert units["value"] == np.count_nonzero(means.var(axis=0) > 0.01)


def test_the_paper_stands_beside_equal_protocols_alone(vae, vae_recipe):
    name = "negative_log_likelihood"
    for samples, paper in ((3, 12.3), (2, None)):
        protocol = TINY._replace(num_importance_samples=samples)
        result = measure(vae, vae_recipe, [name], protocol)[name]
        found = table.paper_of(vae_recipe, name, result)
        assert (found and found["value"]) == paper
        text = table._beside(vae_recipe, name, result)
        assert ("(paper: 12.3, Someone, 2001)" in text) == (paper is not None)
    assert table.paper_of(vae_recipe, "active_units", result) is None


def test_a_recipe_lowers_the_importance_samples_of_the_full_protocol(vae_recipe):
    full = protocol.full_protocol(vae_recipe)
    assert full == Protocol()._replace(num_importance_samples=3)


def test_an_extractor_that_is_not_there_is_found_before_the_training(
    tiny_zoo, tmp_path
):
    source = RECIPE.replace('"tiny_classifier"', '"tiny_vae"')
    (tmp_path / "other.py").write_text(source)
    with pytest.raises(ValueError, match="'tiny_vae' has no trained weights yet"):
        zoo.train(tmp_path / "other.py", out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.fixture(scope="module")
def published(tiny_zoo, tmp_path_factory):
    """A zoo with a published entry, its report and that of its run."""
    folder = tmp_path_factory.mktemp("published")
    shutil.copytree(tiny_zoo, folder / "zoo")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalog, "root", lambda: folder / "zoo")
        patch.setattr(evaluate, "full_protocol", lambda recipe: TINY)
        quick = TINY._replace(num_seeds=1)
        patch.setattr("keras_gen.zoo.publishing.measure.QUICK", quick)
        patch.setattr("keras_gen.zoo.training.budget.QUICK", quick)
        run = zoo.train("tiny_vae", out=folder / "run", verbose=0)
        report = json.loads((run / "metrics.json").read_text())
        yield folder / "zoo" / "tiny_vae", publish("tiny_vae", run), report


def test_a_run_becomes_an_entry(published):
    folder, report, run = published
    assert set(report["quick"]) == set(run["quick"])
    assert set(report["quick"]) == set(report["results"]) - {"sampling"}
    assert {path.name for path in folder.iterdir()} == {
        "recipe.py",
        "metrics.json",
        "model.weights.h5",
        "history.csv",
        "samples.png",
        "training.png",
    }
    assert json.loads((folder / "metrics.json").read_text()) == report
    history = read_history(folder / "history.csv")
    assert np.isfinite(history["val_loss"]).tolist() == [True, True]


def test_named_results_of_an_entry_are_measured_again(published):
    folder, before, _ = published
    report = json.loads((folder / "metrics.json").read_text())
    report["results"]["active_units"]["value"] = 99
    report["results"]["of_another_time"] = {}
    del report["results"]["distances"]
    (folder / "metrics.json").write_text(json.dumps(report))
    remeasure("tiny_vae", ["distances"])
    found = zoo.info("tiny_vae")["results"]
    assert list(found) == list(before["results"])
    assert found["active_units"]["value"] == 99
    assert found["distances"] == before["results"]["distances"]


def test_the_tables_of_an_entry_hold_every_number(published):
    _, report, _ = published
    extractor = zoo.extractor("tiny_classifier").name
    card = table.card_tables(Entry("tiny_vae"))
    for text in (
        f"| `distances` | FD[{extractor}]",
        "| `negative_log_likelihood` |",
        "| coverage |",
        "| noise |",
        "300 samples against 400 test images",
        "sampling seeds 0, 1",
        "FD over the number of samples",
        "keras-gen evaluate tiny_vae --metrics=distances",
        report["weights_sha256"],
    ):
        assert text in card
    header, _, row = table.entries_table([Entry("tiny_vae")]).splitlines()
    assert header.count("|") == row.count("|")
    for text in ("`VAE`", "arxiv.org/abs/1312.6114", "tiny_vae/card.md", "nats"):
        assert text in row


def test_trainings_from_other_seeds_stand_beside_the_entry(published):
    folder, before, _ = published
    runs = [folder.parents[1] / name for name in ("run", "other_run")]
    # The same run, but for its seed and its model.
    shutil.copytree(*runs)
    arguments = read_json(runs[1] / "run.json")
    write_json(runs[1] / "run.json", {**arguments, "seed": 1})
    seed_initializers(1)
    load_recipe("tiny_vae").model(seed=1).save(runs[1] / "model.keras")
    report = publish("tiny_vae", *runs)
    seeds = report["training_seeds"]
    assert list(seeds) == ["0", "1"]
    columns = before["results"]["distances"]["columns"]
    assert seeds["0"] == {name: cell["model"] for name, cell in columns.items()}
    assert seeds["1"]["FD"] != seeds["0"]["FD"]
    header, _, *rows = table._seeds_table(seeds).splitlines()
    assert header.startswith("| training | FD | KD |")
    assert [row.split(" | ")[0] for row in rows] == [
        "| seed 0",
        "| seed 1",
        "| mean and standard deviation",
    ]
    assert "±" in rows[-1]
    assert rows[-1] in table.card_tables(Entry("tiny_vae"))
    with pytest.raises(ValueError, match=r"different seeds. Received: \['0', '0'\]"):
        publish("tiny_vae", runs[0], runs[0])
    with pytest.raises(ValueError, match=r"Received: \['0', '1', '1'\]"):
        add_seeds("tiny_vae", runs[1])
    without = {key: report[key] for key in report if key != "training_seeds"}
    write_json(folder / "metrics.json", without)
    assert add_seeds("tiny_vae", runs[1]) == report
    assert Entry("tiny_vae").report == report
    write_json(folder / "metrics.json", {**without, "results": {}})
    with pytest.raises(ValueError, match="an entry with distances or .*'tiny_vae'"):
        add_seeds("tiny_vae", runs[1])
    write_json(folder / "metrics.json", report)


def test_shares_are_repeated_beside_distances():
    results = {
        "distances": {"columns": {"FD": {"model": 2.0, "noise": 3.0}}},
        "categories": {"value": 97.0},
        "sampling": {"value": 0.1},
    }
    assert values_of(results) == {"FD": 2.0, "categories": 97.0}


def test_an_exact_likelihood_and_its_lower_half_are_measured(tiny_zoo):
    recipe = load_recipe("tiny_pixels")
    seed_initializers(0)
    model = recipe.model()
    metrics = ["negative_log_likelihood", "completion", "accuracy"]
    applicable = [*metrics[:2], "imputation", "accuracy", "sampling"]
    assert metrics_for(model, recipe) == applicable
    found = measure(model, recipe, metrics, TINY)
    images, labels = first_examples(recipe.data("test"), 400)
    log_prob = model.log_prob(images, labels)
    whole = found["negative_log_likelihood"]
    assert whole["value"] == pytest.approx(-log_prob.mean(), rel=1e-5)
    assert whole["standard_error"] == pytest.approx(log_prob.std(ddof=1) / 20, rel=1e-4)
    assert whole["protocol"] == {
        "likelihood": "exact",
        "num_images": 400,
        "binarization": "static",
    }
    upper = np.zeros((28, 28), bool)
    upper[:14] = True
    lower_half = -model.log_prob(images, labels, mask=upper).mean()
    assert found["completion"]["value"] == pytest.approx(lower_half, rel=1e-5)
    hits = model.classify(images).argmax(axis=1) == labels
    assert found["accuracy"]["value"] == pytest.approx(100 * hits.mean())


def test_completions_stand_beside_the_image_and_its_upper_half(tiny_zoo):
    recipe = load_recipe("tiny_pixels")
    model = recipe.model()
    images, labels = first_examples(recipe.data("test"), 2)
    picture = completions(model, images, labels, seed=3, num_columns=3)
    assert picture.shape == (2 * 28, 5 * 28, 1)
    rows = picture.reshape(2, 28, 5, 28)
    whole = 255 * images[..., 0]
    np.testing.assert_array_equal(rows[:, :, 0], whole)
    for column in range(1, 5):
        np.testing.assert_array_equal(rows[:, :14, column], whole[:, :14])
    assert set(np.unique(rows[:, 14:, 1])) == {128}
    assert np.any(rows[:, 14:, 2] != rows[:, 14:, 3])
