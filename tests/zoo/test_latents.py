"""What latents keep of classes, latents as points, and how chains mix."""

import csv
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_gen import cli, datasets
from keras_gen.domains import Images
from keras_gen.models import GAN, Autoencoder, InfoGAN
from keras_gen.networks import mlp
from keras_gen.random import Rows, permutation, seed_initializers
from keras_gen.zoo.embedding import Embedding, check_path, save_points
from keras_gen.zoo.evaluation.chains import mixing
from keras_gen.zoo.evaluation.evaluate import metrics_for
from keras_gen.zoo.evaluation.latents import categories, neighbours
from keras_gen.zoo.evaluation.protocol import QUICK

SHAPE = (2, 2, 1)


def images_of(split, num):
    """Images that show their class in the first pixel, among much larger noise."""
    seed = {"train": 0, "test": 1}[split.partition("[")[0]]
    labels = permutation(num, seed, "labels").numpy() % 4
    x = Rows(num, seed).uniform(SHAPE, "x").numpy()
    x[:, 0, 0, 0] = labels * 1e-3
    return x, labels.astype(np.int32)


def data(split="train", training=True, labels=False, **options):
    x, classes = images_of(split, 80 if split.startswith("test") else 400)
    made = tf.data.Dataset.from_tensor_slices((x, classes) if labels else x).batch(50)
    made.class_names = ["a", "b", "c", "d"]
    return made


RECIPE = SimpleNamespace(name="tiny", data=data, num_classes=4)


def autoencoder(latent_dim=2):
    seed_initializers(0)
    encoder, decoder = mlp(SHAPE, [], (latent_dim,)), mlp((latent_dim,), [], SHAPE)
    return Autoencoder(encoder, decoder)


def reading(pixels):
    """An autoencoder whose latents are some pixels."""
    model = autoencoder(len(pixels))
    model.encoder.set_weights([np.eye(4)[:, pixels], np.zeros(len(pixels))])
    return model


def test_neighbours_have_one_label_where_latents_show_the_class():
    found = neighbours(reading([0]), RECIPE, None, QUICK)
    assert found["value"] == 100.0
    assert found["standard_error"] == 0.0
    # The class is a thousandth of the noise, so neither of these sees it.
    assert max(found["without_model"].values()) < 60
    assert found["protocol"] == {"num_images": 80, "num_references": 400, "latents": 1}
    noise = neighbours(reading([1, 2]), RECIPE, None, QUICK)
    assert noise["value"] < 60


def test_all_pixels_as_latents_are_as_good_as_the_pixels():
    found = neighbours(reading([0, 1, 2, 3]), RECIPE, None, QUICK)
    assert found["value"] == pytest.approx(found["without_model"]["pixels"])
    components = found["without_model"]["principal components"]
    assert components == pytest.approx(found["value"])


def test_neighbours_are_measured_where_the_recipe_has_classes():
    model = autoencoder()
    assert "neighbours" in metrics_for(model, RECIPE)
    assert "neighbours" not in metrics_for(model, RECIPE, data("test"))
    unlabelled = SimpleNamespace(name="tiny", data=data)
    assert "neighbours" not in metrics_for(model, unlabelled)
    generator = mlp((2,), [], SHAPE, output_activation="tanh")
    assert "neighbours" not in metrics_for(GAN(generator, mlp(SHAPE, [], (1,))), RECIPE)


def infogan(order):
    """An InfoGAN whose category is the class in the first pixel, in another order."""
    generator = mlp((8,), [], SHAPE, output_activation="tanh")
    model = InfoGAN(generator, mlp(SHAPE, [], (1 + len(order),)), len(order), 0)
    order = np.asarray(order, np.float32)
    kernel = np.zeros((4, 1 + len(order)), np.float32)
    # The logit is highest where a thousand pixels equal the class.
    kernel[0, 1:] = 2e3 * order
    model.discriminator.set_weights([kernel, np.concatenate([[0], -(order**2)])])
    return model


def test_categories_that_are_the_classes_in_any_order_are_right():
    found = categories(infogan([2, 0, 3, 1]), RECIPE, None, QUICK)
    assert found["value"] == 100.0
    assert found["labels"] == [2, 0, 3, 1]
    assert found["protocol"] == {"num_images": 80, "num_references": 400}


def test_classes_without_a_category_are_wrong():
    found = categories(infogan([3, 0, 99]), RECIPE, None, QUICK)
    # Classes 2 and 3 share the first category, 0 and 1 the second.
    assert found["labels"] == [2, 0, -1]
    assert found["value"] == 50.0
    assert "categories" in metrics_for(infogan([0, 1]), RECIPE)
    assert "categories" not in metrics_for(infogan([0, 1]), RECIPE, data("test"))


POINTS = Embedding(
    np.array([[0.5, 1.0], [2.0, -3.0], [0.25, 0.0]]),
    np.array([[4.0, 5.0], [6.0, 7.0], [8.0, 9.0]]),
    np.array([1, 0, 1]),
    ["no", "yes"],
)


@pytest.mark.parametrize("labels", [POINTS.labels, None])
def test_points_are_a_table_or_a_picture(labels, tmp_path):
    points = POINTS._replace(labels=labels)
    save_points(str(tmp_path / "points.csv"), points)
    with open(tmp_path / "points.csv", newline="") as file:
        header, *rows = csv.reader(file)
    names = ["latent_0", "latent_1", "component_0", "component_1"]
    assert header == (names if labels is None else ["label", *names])
    assert [float(cell) for cell in rows[1][-4:]] == [2.0, -3.0, 6.0, 7.0]
    save_points(str(tmp_path / "points.png"), points)
    picture = np.asarray(Image.open(tmp_path / "points.png"))
    assert len(np.unique(picture.reshape(-1, picture.shape[2]), axis=0)) > 3


def test_paths_that_cannot_be_written_are_refused():
    check_path("points.png", autoencoder(2))
    check_path("points.csv", autoencoder(3))
    with pytest.raises(ValueError, match="shows two latents, and the model has 3"):
        check_path("points.png", autoencoder(3))
    with pytest.raises(ValueError, match=r"end in \.csv or \.png.*points\.txt"):
        check_path("points.txt", autoencoder(2))


def test_the_command_writes_points_of_an_entry(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    cli.COMMANDS["embed"].run(["vae_2d_mnist", "--num=30", "--out=points.csv"])
    assert capsys.readouterr().out == "Wrote points.csv: 30 points\n"
    table = np.genfromtxt("points.csv", delimiter=",", names=True)
    _, labels = next(iter(datasets.load("mnist", "test[:30]", labels=True)))
    np.testing.assert_array_equal(table["label"], labels)
    assert table["latent_1"].std() > 0.1
    for flags, message in (
        (["dcgan_mnist"], "does not encode"),
        (["vae_mnist", "--out=points.png"], "shows two latents"),
        (["vae_2d_mnist", "--num=0"], "--num must be at least 1"),
    ):
        with pytest.raises(ValueError, match=message):
            cli.COMMANDS["embed"].run(flags)


def test_changes_of_class_are_counted_along_chains():
    images, labels = next(iter(datasets.load("mnist", "test[:100]", labels=True)))
    images = images.numpy()
    zero, one = (images[labels.numpy() == digit][0] for digit in (0, 1))

    def chains(period):
        """Chains that move from one digit to another after so many steps."""

        def chain(x, steps, seed, every):
            is_one = np.arange(steps) // period % 2 == 1
            states = np.where(is_one[:, None, None, None], one, zero)
            return np.repeat(states[:, None], len(x), axis=1)

        return SimpleNamespace(chain=chain, x_domain=Images((28, 28, 1)))

    def mnist(split, **options):
        return datasets.load("mnist", f"{split}[:100]", **options)

    recipe = SimpleNamespace(data=mnist, extractor="classifier_mnist")
    few = QUICK._replace(num_images=20)
    for period, changes in ((1, 99), (10, 9), (1000, 0)):
        found = mixing(chains(period), recipe, None, few)
        # The first step may change the class of the image that a chain starts at.
        assert changes <= found["value"] <= changes + 1
    assert 80 < found["without_model"]["independent images"] < 95
    assert found["protocol"]["num_chains"] == 2
