import itertools

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
from keras_gen.export import export_saved_model, export_tflite, signatures_of
from keras_gen.models import MADE
from keras_gen.models.autoregressive.masks import (
    draw_degrees,
    draw_orderings,
    units_by_degree,
)
from keras_gen.models.autoregressive.orderings import choose_ordering
from keras_gen.models.base import Batch
from keras_gen.random import Rows, seed_initializers
from keras_gen.zoo.evaluation.evaluate import metrics_for


def tiny(image_shape=(8, 8, 1), output_distribution=None, seed=0, **options):
    options = {"hidden_units": (40, 30)} | options
    sites = output_distribution or BernoulliLikelihood()
    return MADE(image_shape, sites, seed=seed, name="tiny", **options)


class TestContract(AutoregressiveContract):
    model_class = MADE

    def make(self, seed=0):
        return tiny(seed=seed, num_masks=3, direct_connections=True)


def images(num_images):
    bits = Rows(num_images, 0).uniform((8, 8, 1), "images") < 0.3
    return bits.numpy().astype("f4")


class TestSeveralOrderings:
    @pytest.fixture(scope="class")
    @classmethod
    def trained(cls):
        seed_initializers(1)
        options = {"hidden_units": (20, 10), "direct_connections": True}
        model = tiny(num_masks=2, num_orderings=3, **options)
        model.compile()
        model.fit(images(24), batch_size=8, epochs=2, verbose=0)
        return model

    @pytest.mark.parametrize("num", [1, 3, 64])
    def test_one_pass_over_a_sample_gives_it_back(self, trained, num):
        check_one_pass_gives_samples_back(trained, num, temperature=0.8)

    def test_few_samples_are_the_first_of_many(self, trained):
        samples = trained.sample(64, seed=2, temperature=0.8)
        few = trained.sample(3, seed=2, temperature=0.8)
        np.testing.assert_array_equal(few, samples[:3])

    def test_saved_and_loaded_it_gives_the_same(self, trained, tmp_path):
        trained.save(tmp_path / "made.keras")
        loaded = keras.saving.load_model(tmp_path / "made.keras")
        assert loaded.get_config() == trained.get_config()
        found, expected = loaded.log_prob(images(9)), trained.log_prob(images(9))
        np.testing.assert_array_equal(found, expected)

    def test_loss_is_the_mean_of_the_log_likelihoods(self, trained):
        log_prob = trained.log_prob(images(11), batch_size=4)
        found = trained.evaluate(images(11), verbose=0, return_dict=True)
        assert found["loss"] == pytest.approx(-log_prob.mean(), rel=1e-4)

    def test_every_format_gives_its_samples(self, trained, tmp_path):
        export_saved_model(trained, tmp_path / "made")
        signatures = tf.saved_model.load(tmp_path / "made" / "1").signatures
        seeds = tf.constant([(2, row) for row in range(3)])
        found = signatures["sample"](seed=seeds, temperature=tf.ones(3))["x"]
        np.testing.assert_array_equal(found, 255 * trained.sample(3, seed=2))
        # It compares 100 images with the model's, and raises.
        report = export_tflite(trained, tmp_path / "made.tflite", batch_size=None)
        assert set(report.parity) == {
            "serving_default",
            "sample",
            "log_prob",
            "anomaly_score",
        }

    def test_completion_is_refused(self, trained):
        half = np.arange(8)[:, None] < np.full(8, 4)
        with pytest.raises(ValueError, match="`mask` must be left out.*several orders"):
            trained.impute(images(2), half)
        with pytest.raises(ValueError, match="`mask` must be left out.*several orders"):
            trained.log_prob(images(2), mask=half)
        known = {"x": images(2), "mask": images(2) > 0}
        for method in (trained.from_noise, trained.from_noise_slowly):
            with pytest.raises(ValueError, match="must be left out.*several orders"):
                method(trained.noise(2, 0), **known)
        assert "impute" not in signatures_of(trained)
        assert "completion" not in metrics_for(trained, recipe=None)


@pytest.mark.parametrize("num_orderings", [1, 3])
@pytest.mark.parametrize("hidden_units", [(), (20,), (20, 15, 10)])
def test_samples_of_colors_are_exact(hidden_units, num_orderings):
    options = {"hidden_units": hidden_units, "num_orderings": num_orderings}
    model = tiny((4, 5, 3), CategoricalLikelihood(4), **options)
    unsettle(model)
    check_one_pass_gives_samples_back(model, 5, temperature=0.7)
    check_slow_sampler_agrees(model, 5)


@pytest.mark.parametrize(("num_masks", "num_orderings"), [(4, 1), (2, 2), (1, 4)])
def test_no_path_leads_from_a_site_to_itself_or_to_an_earlier_one(
    num_masks, num_orderings
):
    options = {"num_masks": num_masks, "num_orderings": num_orderings}
    model = tiny((2, 3, 1), CategoricalLikelihood(3), hidden_units=(7, 5), **options)
    orderings = draw_orderings(num_orderings, 6, seed=0)
    for mask in range(4):
        order = orderings[mask // num_masks].tolist()
        layers = [np.array(layer) for layer in model.masks.connections(mask)]
        sizes = [layer.shape[0] for layer in layers]
        assert sizes == [6, 7, 5]
        for path in itertools.product(*(range(n) for n in (6, 7, 5, 6))):
            source, first, second, target = path
            outputs = layers[2][second, 3 * target : 3 * target + 3]
            if layers[0][source, first] and layers[1][first, second] and outputs.any():
                assert order.index(source) < order.index(target)
    # Masks are drawn, and the same again from the same seed.
    first, second = model.masks.connections(0), model.masks.connections(1)
    assert not np.array_equal(first[0], second[0])
    again = tiny((2, 3, 1), CategoricalLikelihood(3), hidden_units=(7, 5), **options)
    np.testing.assert_array_equal(again.masks.connections(1)[1], second[1])


def test_orderings_are_permutations_drawn_from_the_seed():
    np.testing.assert_array_equal(draw_orderings(1, 4, seed=3), [[0, 1, 2, 3]])
    orderings = draw_orderings(500, 4, seed=3)
    np.testing.assert_array_equal(orderings, draw_orderings(500, 4, seed=3))
    assert not np.array_equal(orderings, draw_orderings(500, 4, seed=4))
    np.testing.assert_array_equal(np.sort(orderings), np.tile(np.arange(4), (500, 1)))
    # Each of 24 about 21 times.
    _, counts = np.unique(orderings, axis=0, return_counts=True)
    assert len(counts) == 24
    assert counts.max() < 40


def test_the_first_number_chooses_the_ordering_and_stays_uniform():
    noise = Rows(9000, 0).uniform((2, 2, 1), "sites")
    uniform, ordering = choose_ordering(noise, 3)
    np.testing.assert_array_equal(uniform[:, 1], noise[:, 1])
    for chosen in range(3):
        first = uniform[ordering == chosen][:, 0, 0, 0].numpy()
        assert len(first) == pytest.approx(3000, abs=200)
        found, _ = np.histogram(first, bins=10, range=(0, 1))
        np.testing.assert_allclose(found, len(first) / 10, atol=90)


@pytest.mark.parametrize(("low", "high"), [(1, 8), (3, 6), (5, 5)])
def test_degrees_are_uniform_in_their_range(low, high):
    options = {} if (low, high) == (1, 8) else {"degree_range": (low, high)}
    model = tiny((3, 3, 1), hidden_units=(4000, 4000), **options)
    for degrees in model.masks.degrees[1:]:
        found = np.bincount(degrees[0], minlength=9) / 4000
        expected = (np.arange(9) >= low) & (np.arange(9) <= high)
        np.testing.assert_allclose(found, expected / expected.sum(), atol=0.02)


def test_degrees_do_not_fall_below_the_least_before():
    options = {"hidden_units": (1, 500), "degree_range": (2, 15)}
    for seed in range(5):
        _, (first,), second = tiny((4, 4, 1), seed=seed, **options).masks.degrees
        assert second.min() == max(first, 2)
        assert second.max() == 15


@pytest.mark.parametrize("num_masks", [1, 3])
def test_what_no_mask_connects_has_no_weight(num_masks):
    model = tiny(num_masks=num_masks, direct_connections=True)
    masks = zip(*map(model.masks.connections, range(num_masks)), strict=True)
    for layer, of_masks in zip(
        [*model.hidden, model.outputs_layer], masks, strict=True
    ):
        assert layer.kernel.shape == (np.any(of_masks, axis=0).sum(),)


def test_units_are_found_by_their_degree():
    orderings = draw_orderings(3, 6, seed=1)
    _, degrees = draw_degrees((20,), orderings, seed=1, degree_range=(1, 5))
    table = units_by_degree(degrees, 6)
    for degree in range(6):
        for mask in range(3):
            assert (table[degree, mask, :, 0] == mask).all()
            units = table[degree, mask, :, 1]
            found = np.flatnonzero(degrees[mask] == degree)
            np.testing.assert_array_equal(units[: len(found)], found)
            assert len(set(units)) == len(units)


@pytest.mark.parametrize(
    "options",
    [{"hidden_units": (400,)}, {"hidden_units": ()}, {"direct_connections": True}],
)
def test_every_earlier_site_is_seen(options):
    model = tiny((4, 3, 1), **options)
    unsettle(model)
    influence = influence_of_sites(model, num=16)
    np.testing.assert_array_equal(influence > 0, np.tri(12, k=-1) > 0)


def test_every_earlier_site_of_an_ordering_is_seen():
    model = tiny((4, 3, 1), hidden_units=(400,), num_orderings=2)
    unsettle(model)
    images = tf.constant(Rows(16, 0).uniform((4, 3, 1), "grey"))
    for mask, order in enumerate(model.masks.orderings):
        with tf.GradientTape() as tape:
            tape.watch(images)
            parameters = model.parameters_by_ordering(images)[mask]
            parameters = tf.reshape(parameters, (16, 12))
        jacobian = tf.reshape(tape.batch_jacobian(parameters, images), (16, 12, 12))
        influence = np.abs(jacobian).max(axis=0)[order][:, order]
        np.testing.assert_array_equal(influence > 0, np.tri(12, k=-1) > 0)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"hidden_units": ()},
        {"num_masks": 3},
        {"hidden_units": (20,), "direct_connections": True, "num_masks": 2},
        {"num_orderings": 3, "num_masks": 2},
        {"hidden_units": (), "num_orderings": 4},
    ],
)
def test_probabilities_of_all_images_sum_to_one(options):
    model = tiny((3, 3, 1), **options)
    unsettle(model)
    assert total_probability(model) == pytest.approx(1, abs=1e-5)


def test_an_image_has_the_mean_of_its_probabilities_and_is_drawn_with_it():
    model = tiny((2, 2, 1), num_orderings=3)
    unsettle(model)
    images = (np.arange(16)[:, None] >> np.arange(4)) & 1
    images = images.reshape(16, 2, 2, 1).astype("f4")
    white = [tf.sigmoid(some[..., 0]) for some in model.parameters_by_ordering(images)]
    under_each = [np.prod(np.where(images, p, 1 - p), axis=(1, 2, 3)) for p in white]
    np.testing.assert_allclose(np.sum(under_each, axis=1), 1, atol=1e-5)
    assert not np.allclose(under_each[0], under_each[1], atol=1e-2)
    expected = np.mean(under_each, axis=0)
    np.testing.assert_allclose(np.exp(model.log_prob(images)), expected, rtol=1e-4)
    samples = model.sample(10_000, 0, batch_size=10_000).reshape(-1, 4)
    counts = np.bincount((samples @ [1, 2, 4, 8]).astype(int), minlength=16)
    deviation = np.sqrt(10_000 * expected * (1 - expected))
    assert np.all(np.abs(counts - 10_000 * expected) < 4 * deviation)


def test_without_hidden_layers_each_site_is_a_logistic_regression():
    model = tiny((2, 2, 1), hidden_units=())
    unsettle(model)
    images = Rows(3, 0).uniform((2, 2, 1), "images").numpy() < 0.5
    flat = images.reshape(3, 4).astype("f4")
    later, bias = (np.array(weight) for weight in model.outputs_layer.weights)
    kernel = np.zeros((4, 4))
    kernel[np.triu_indices(4, k=1)] = later
    expected = flat @ kernel + bias
    found = model.site_parameters(tf.constant(images, tf.float32))
    np.testing.assert_allclose(np.reshape(found, (3, 4)), expected, atol=1e-6)


@pytest.mark.parametrize("options", [{"num_masks": 2}, {"num_orderings": 2}])
def test_training_takes_the_masks_in_turn_and_evaluation_their_mean(options):
    model = tiny((3, 3, 1), **options)
    unsettle(model)
    images = tf.cast(Rows(3, 0).uniform((3, 3, 1), "images") < 0.5, tf.float32)
    white = [
        tf.sigmoid(model.training_parameters(Batch(images, Rows(3, 0, step=step))))
        for step in range(4)
    ]
    np.testing.assert_array_equal(white[0], white[2])
    np.testing.assert_array_equal(white[1], white[3])
    assert not np.allclose(white[0], white[1])
    found = tf.sigmoid(model.site_parameters(images))
    np.testing.assert_allclose(found, (white[0] + white[1]) / 2, atol=1e-6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"hidden_units": (0,)}, "`hidden_units`"),
        ({"num_masks": 0}, "`num_masks`"),
        ({"num_orderings": 0}, "`num_orderings`"),
        ({"hidden_units": (), "num_masks": 2}, "`num_masks` must be 1 without"),
        ({"image_shape": (1, 1, 1)}, "at least two sites"),
        ({"degree_range": (0, 5)}, "`degree_range`"),
        ({"degree_range": (5, 4)}, "`degree_range`.*(5, 4)"),
        ({"degree_range": (1, 64)}, "`degree_range`.*at most 63"),
        ({"degree_range": (1, 2, 3)}, "`degree_range`"),
    ],
)
def test_bad_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        tiny(**options)
