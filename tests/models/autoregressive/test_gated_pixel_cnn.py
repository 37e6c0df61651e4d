import keras
import numpy as np
import pytest
import tensorflow as tf
from contracts import AutoregressiveContract, unsettle
from sites import (
    check_one_pass_gives_samples_back,
    check_slow_sampler_agrees,
    influence_of_sites,
    total_probability,
)

from keras_gen.distributions import BernoulliLikelihood, CategoricalLikelihood
from keras_gen.domains import Images, Symbols
from keras_gen.models import GatedPixelCNN
from keras_gen.random import Rows, seed_initializers


def tiny(image_shape=(8, 8, 1), output_distribution=None, seed=0, **options):
    options = {"filters": 6, "num_layers": 3, "output_filters": 8} | options
    return GatedPixelCNN(
        image_shape,
        output_distribution or BernoulliLikelihood(),
        first_kernel_size=5,
        seed=seed,
        name="tiny",
        **options,
    )


class TestContract(AutoregressiveContract):
    model_class = GatedPixelCNN

    def make(self, seed=0):
        return tiny(seed=seed, num_classes=3)


def test_symbols_depend_on_earlier_ones_and_are_drawn_exactly():
    model = tiny(Symbols((4, 5), 5), CategoricalLikelihood(5), num_layers=2)
    unsettle(model)
    influence = influence_of_sites(model)
    assert np.all(np.triu(influence) == 0)
    assert np.any(influence > 0)
    check_one_pass_gives_samples_back(model, 3, temperature=0.7)
    check_slow_sampler_agrees(model, 3)
    x = model.x_domain.draw(Rows(3, 0))
    mask = np.arange(20).reshape(4, 5, 1) < 11
    check_one_pass_gives_samples_back(model, 3, x=x, mask=mask)


def test_a_row_of_symbols_is_a_grid_of_one_row():
    row, grid = (
        tiny(Symbols(shape, 4), CategoricalLikelihood(4), num_layers=2)
        for shape in (6, (1, 6))
    )
    unsettle(row)
    grid.set_weights(row.get_weights())
    x = row.x_domain.draw(Rows(3, 0))
    found, expected = row.log_prob(x), grid.log_prob(x[:, None])
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_other_domains_are_refused():
    with pytest.raises(ValueError, match="`image_shape` must be.*Images"):
        tiny(Images((8, 8, 1), levels=2))


@pytest.mark.parametrize("num_classes", [None, 2])
def test_samples_of_colors_are_exact(num_classes):
    options = {"num_layers": 2, "num_classes": num_classes}
    model = tiny((4, 5, 3), CategoricalLikelihood(4), **options)
    unsettle(model)
    check_one_pass_gives_samples_back(model, 3, temperature=0.7)
    check_slow_sampler_agrees(model, 3)


@pytest.mark.parametrize("channels", [1, 3])
def test_the_receptive_field_has_no_blind_spot(channels):
    shape = (5, 5, channels)
    model = tiny(shape, num_layers=5, output_filters=24)
    unsettle(model)
    influence = influence_of_sites(model, num=16)
    earlier = np.tril(np.ones_like(influence), k=-1) > 0
    assert np.all((influence > 0) == earlier)


def test_the_receptive_field_ends_where_the_kernels_do():
    model = tiny((7, 7, 1), num_layers=2)
    unsettle(model)
    influence = influence_of_sites(model).reshape(7, 7, 7, 7)
    # Two rows of the first vertical kernel and one of the second; to the left, two
    # pixels and one.
    seen = influence[5, 3] > 0
    expected = np.zeros((7, 7), bool)
    expected[2:5, :] = True
    expected[5, :3] = True
    np.testing.assert_array_equal(seen, expected)


@pytest.mark.parametrize("num_classes", [None, 2])
def test_probabilities_of_all_images_sum_to_one(num_classes):
    model = tiny((3, 3, 1), num_classes=num_classes)
    unsettle(model)
    label = None if num_classes is None else 1
    assert total_probability(model, label) == pytest.approx(1, abs=1e-5)


def test_no_loop_looks_up_labels():
    """In a loop, LiteRT reads them from memory that has moved, and draws others."""
    cache = tiny((3, 3, 1), num_classes=2).initial_cache(2, np.array([0, 1], "i4"))
    assert {values.dtype for values in tf.nest.flatten(cache)} == {tf.float32}


def test_labels_decide_what_is_learned():
    images = np.repeat([0.0, 1.0], 32).astype("f4")
    images = np.broadcast_to(images.reshape(-1, 1, 1, 1), (64, 4, 4, 1))
    labels = np.repeat([0, 1], 32)
    seed_initializers(0)
    model = tiny((4, 4, 1), num_classes=2)
    model.compile(keras.optimizers.Adam(1e-2))
    model.fit(images, labels, epochs=60, verbose=0)
    assert model.sample(20, 0, y=0).mean() < 0.1
    assert model.sample(20, 0, y=1).mean() > 0.9
    np.testing.assert_array_equal(model.classify(images).argmax(axis=1), labels)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"image_shape": (8, 8)}, "`image_shape` must be"),
        ({"image_shape": (8, 0, 1)}, "`image_shape` must be an integer of at least 1"),
        (
            {"output_distribution": "bernoulli"},
            "`output_distribution` must be a likelihood",
        ),
        ({"filters": 4, "image_shape": (8, 8, 3)}, "multiple of the 3 channels.*4"),
        ({"num_layers": 0}, "`num_layers`"),
        ({"kernel_size": 4}, "`kernel_size` must be odd. Received: 4"),
        ({"kernel_size": 1}, "`kernel_size` must be an integer of at least 3"),
        ({"output_filters": 0}, "`output_filters`"),
        ({"num_classes": 1}, "`num_classes`"),
    ],
)
def test_bad_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        tiny(**options)
