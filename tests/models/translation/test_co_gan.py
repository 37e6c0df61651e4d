import numpy as np
import pytest
import tensorflow as tf
from contracts import DecodingContract, PhasesContract, SamplerContract

from keras_gen.models import CoGAN
from keras_gen.models.base import Batch
from keras_gen.networks import mlp
from keras_gen.random import Rows

SHAPE, LARGE = (4, 4, 1), (3, 5, 2)


def networks(y=LARGE):
    tanh = {"output_activation": "tanh"}
    return {
        "generator": mlp((3,), [], (8,), **tanh, name="generator"),
        "generator_x": mlp((8,), [], SHAPE, **tanh, name="generator_x"),
        "generator_y": mlp((8,), [], y, **tanh, name="generator_y"),
        "discriminator_x": mlp(SHAPE, [], (8,), **tanh, name="discriminator_x"),
        "discriminator_y": mlp(y, [], (8,), **tanh, name="discriminator_y"),
        "discriminator": mlp((8,), [4], (1,), name="discriminator"),
    }


def tiny(seed=0, y=LARGE, **options):
    return CoGAN(**networks(y), seed=seed, name="tiny", **options)


class TestContract(SamplerContract, DecodingContract, PhasesContract):
    model_class = CoGAN

    def make(self, seed=0):
        return tiny(seed=seed)

    def inputs(self, num):
        return self.make().noise(num, seed=2).numpy()


def test_tied_layers_are_the_same_variables():
    model = tiny()
    discriminator, generator = (phase.variables for phase in model.phases())
    for variables, parts in (
        (discriminator, ("discriminator_x", "discriminator_y", "discriminator")),
        (generator, ("generator", "generator_x", "generator_y")),
    ):
        own = [v for name in parts for v in getattr(model, name).trainable_variables]
        assert [id(v) for v in variables] == [id(v) for v in own]
    # Each shared weight is there once: shared + 2 private.
    count = sum(network.count_params() for network in networks().values())
    assert sum(np.prod(v.shape) for v in discriminator + generator) == count
    assert sum(np.prod(w.shape) for w in model.trainable_weights) == count


def test_one_vector_has_the_same_features_up_to_the_private_layers():
    model = tiny()
    latents = np.array(model.noise(5, seed=1))
    features = model.generator(latents)
    x, y = model.decode_pairs(latents)
    np.testing.assert_allclose(x, model.generator_x(features), atol=1e-6)
    np.testing.assert_allclose(y, model.generator_y(features), atol=1e-6)
    for weight in model.generator.trainable_variables:
        weight.assign(np.zeros(weight.shape))
    # What is shared decides all: without it each domain shows one image.
    for images in model.decode_pairs(latents):
        assert np.ptp(images, axis=0).max() == 0.0


def test_both_scores_go_through_the_layers_that_are_shared():
    model = tiny()
    for weight in model.discriminator.trainable_variables:
        weight.assign(np.zeros(weight.shape))
    model.discriminator.get_layer("outputs").bias.assign([2.0])
    x, y = (part[:4] for part in TestContract().arrays())
    np.testing.assert_array_equal(model.score_x(x, True), np.full((4, 1), 2.0))
    np.testing.assert_array_equal(model.score_y(y, True), np.full((4, 1), 2.0))
    batch = Batch(tf.constant(x), Rows(4, 0), tf.constant(y))
    one = np.log1p(np.exp(-2.0))
    terms = model.generator_terms(batch, training=True)
    assert float(terms["generator_loss"]) == pytest.approx(2 * one)
    discriminator, _ = model.phases()
    terms = discriminator.terms(batch, training=True)
    expected = 2 * (one + np.log1p(np.exp(2.0)))
    assert float(terms["discriminator_loss"]) == pytest.approx(expected)


def test_pairs_can_be_checked_against_a_truth_that_training_never_saw():
    # The second domain is the negative of the first: |x + y| is 0 for a true pair.
    model = tiny(y=SHAPE)
    for weight, other in zip(
        model.generator_x.weights, model.generator_y.weights, strict=True
    ):
        other.assign(-weight)
    x, y = model.sample_pairs(20, seed=0, batch_size=8)
    assert np.abs(x + y).max() < 1e-6
    assert np.abs(x + np.roll(y, 1, axis=0)).mean() > 0.01
    np.testing.assert_allclose(x, model.sample(20, seed=0), atol=1e-6)


def test_the_latents_of_a_step_are_those_of_its_rows():
    model = tiny()
    rows = Rows(4, 0, step=3)
    fakes = model.fakes(Batch(None, rows), training=True)
    expected = model.decode_pairs(rows.normal((3,), "latents"))
    for found, images in zip(fakes, expected, strict=True):
        np.testing.assert_allclose(found, images, atol=1e-6)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"generator_y": mlp((7,), [], LARGE)},
            r"`generator_y` must take shape \(8,\)",
        ),
        (
            {"discriminator_y": mlp(LARGE, [], (7,))},
            r"`discriminator_y` must take shape \(3, 5, 2\) and give \(8,\)",
        ),
        (
            {"discriminator": mlp((7,), [], (1,))},
            r"`discriminator` must take shape \(8,\). Received a network from \(7,\)",
        ),
        (
            {"generator": mlp((2, 2), [], (8,))},
            r"`generator` must take latents of shape.*\(2, 2\)",
        ),
        (
            {"discriminator": mlp((8,), [], (1,), output_activation="sigmoid")},
            "`discriminator` must end in scores",
        ),
        (
            {"generator_x": mlp((8,), [], SHAPE, output_activation="sigmoid")},
            "`generator_x` must end in images, from -1 to 1",
        ),
    ],
)
def test_networks_that_do_not_match_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        CoGAN(**(networks() | change))


def test_noise_of_another_size_is_refused_by_its_name():
    model = tiny()
    for method in (model.from_noise, model.pairs_from_noise):
        with pytest.raises(ValueError, match=r"`noise` must have shape \(batch, 3\)"):
            method(np.zeros((2, 4), "f4"))


@pytest.mark.parametrize("num", [0, "3"])
def test_bad_counts_of_pairs_are_refused(num):
    model = tiny()
    with pytest.raises(ValueError, match="`num_samples` must be an integer"):
        model.sample_pairs(num)
    with pytest.raises(ValueError, match="`batch_size` must be an integer"):
        model.sample_pairs(2, batch_size=num)
