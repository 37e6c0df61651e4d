import keras
import numpy as np
import pytest
import tensorflow as tf
from contracts import AdversarialContract

from keras_gen.export import export_tflite
from keras_gen.export.signatures import function_of, signatures_of
from keras_gen.layers import SpectralNormalization
from keras_gen.losses import orthogonal_penalty
from keras_gen.models import BigGAN
from keras_gen.models.base import Batch, layers_of
from keras_gen.networks import big_gan_discriminator, big_gan_generator, mlp
from keras_gen.random import Rows

CLASSES = {"num_classes": 3}
IMAGE_SHAPE = (4, 4, 1)


def tiny(seed=0, **options):
    end = {"output_activation": "tanh", "name": "generator"}
    generator = mlp((4,), [8], IMAGE_SHAPE, **end, **CLASSES)
    wrapped = {"wrapper": SpectralNormalization, "output_bias": False}
    # Where hinges and units are linear, gradients of biases cancel but for rounding.
    wrapped["activation"] = "tanh"
    discriminator = mlp(IMAGE_SHAPE, [16], (1,), **wrapped, **CLASSES)
    options = {**CLASSES, "discriminator_steps": 1, **options}
    return BigGAN(generator, discriminator, seed=seed, name="tiny", **options)


@pytest.fixture(scope="module")
def model():
    return tiny()


@pytest.fixture(scope="module")
def of_the_paper():
    """A model with the networks of the paper, as small as they can be."""
    generator = big_gan_generator(4, [4, 4], IMAGE_SHAPE, 3, embedding_dim=2)
    discriminator = big_gan_discriminator(IMAGE_SHAPE, [4, 4], 3)
    model = BigGAN(generator, discriminator, **CLASSES, seed=0)
    model.compile(run_eagerly=True)
    return model


class TestContract(AdversarialContract):
    model_class = BigGAN

    def make(self, seed=0):
        return tiny(seed=seed)


def test_a_step_trains_every_weight_of_the_networks_of_the_paper(of_the_paper):
    model = of_the_paper
    before = [np.array(weight) for weight in model.trainable_weights]
    reported = model.fit(*TestContract().arrays(12), batch_size=12, verbose=0).history
    assert np.isfinite(list(reported.values())).all()
    for weight, value in zip(model.trainable_weights, before, strict=True):
        assert not np.allclose(weight, value, atol=1e-7), weight.path


def test_their_normalizations_are_found_by_what_synchronizes_them(of_the_paper):
    kinds = [type(layer) for layer in layers_of(of_the_paper.generator)]
    # Two of the block and the last one.
    assert kinds.count(keras.layers.BatchNormalization) == 3


def test_a_lite_file_gives_what_they_give(of_the_paper, tmp_path):
    report = export_tflite(of_the_paper, tmp_path / "model.tflite")
    assert all(parity.num_differing <= 1 for parity in report.parity.values())


def test_defaults_are_those_of_the_paper(of_the_paper):
    model = of_the_paper
    assert (model.discriminator_steps, model.average_decay) == (2, 0.9999)
    assert model.orthogonal_weight == 1e-4


def test_the_best_discriminator_shows_how_far_the_distributions_are_apart():
    # Of four points, how probable each is among images and among fakes.
    data, fake = np.array([0.4, 0.3, 0.2, 0.1]), np.array([0.1, 0.3, 0.5, 0.1])
    table = keras.Input((4,)), keras.Input((), dtype="int32")
    dense = keras.layers.Dense(1, use_bias=False)
    model = tiny()
    model.discriminator = keras.Model(table, dense(table[0]))
    points = np.eye(4, dtype="f4")
    x, fakes = (points.repeat(np.rint(10 * p).astype(int), 0) for p in (data, fake))
    batch = Batch(x, Rows(10, 0), np.zeros(10, "i4"))

    def loss(scores):
        dense.set_weights([scores[:, None]])
        terms = model.discriminator_terms(x, fakes, batch, True)
        return float(terms["discriminator_loss"])

    # Twice the common mass: 2 (1 - total variation).
    least = 2 * np.minimum(data, fake).sum()
    best = np.sign(data - fake)
    assert loss(best) == pytest.approx(least, abs=1e-6)
    for scores in 2.0 * np.array(Rows(50, 0).normal((4,), "scores")):
        assert loss(scores) > least - 1e-6
    for point in (0, 2):
        for change in (-0.1, 0.1):
            scores = best + change * np.eye(4)[point]
            assert loss(scores) > least + 1e-3


def test_the_generator_wants_high_scores_and_filters_at_right_angles(model):
    x = tf.constant(TestContract().x(6))
    batch = Batch(x, Rows(6, 0), tf.constant([0, 1, 2] * 2))
    terms = model.generator_terms(x, batch, False)
    expected = sum(float(orthogonal_penalty(kernel)) for kernel in model.filters())
    assert float(terms["orthogonal_penalty"]) == pytest.approx(expected, rel=1e-5)
    score = tf.reduce_mean(model.score(x, batch.y, False))
    loss = 1e-4 * expected - float(score)
    assert float(terms["generator_loss"]) == pytest.approx(loss, rel=1e-4, abs=1e-6)


def test_the_penalty_is_about_all_kernels_but_the_shared_embedding(of_the_paper):
    model = of_the_paper
    paths = {kernel.path for kernel in model.filters()}
    assert all(path.endswith("kernel") for path in paths)
    others = {v.path for v in model.generator.trainable_variables} - paths
    assert [path for path in others if path.endswith("embeddings")]
    assert not [path for path in others if path.endswith("kernel")]


def test_truncated_samples_are_made_from_the_middle_of_the_latents(model):
    noise = model.noise(64, seed=0)
    y = np.arange(64) % 3
    inside = np.abs(noise) < 0.6744897
    assert not inside.all()
    seen = {}

    def decode(latents, y):
        seen["latents"] = np.asarray(latents)
        return latents

    plain = model.sample(64, seed=0)
    np.testing.assert_array_equal(model.sample(64, seed=0, truncation=1.0), plain)
    truncated = model.sample(64, seed=0, truncation=0.5)
    assert not np.allclose(truncated, plain, atol=1e-3)
    share = np.full(64, 0.5, "f4")
    np.testing.assert_allclose(
        model.from_noise(noise, y, truncation=share), truncated, atol=1e-5
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model, "decode", decode)
        model.from_noise(noise, y, truncation=share)
    assert np.abs(seen["latents"]).max() < 0.6744897 + 1e-6
    np.testing.assert_array_equal(np.sign(seen["latents"]), np.sign(noise))


def test_each_sample_may_have_a_truncation_of_its_own(model):
    share = [1.0, 0.5, 0.1]
    found = model.sample(3, seed=4, truncation=share)
    for row, value in enumerate(share):
        whole = model.sample(3, seed=4, truncation=value)
        np.testing.assert_allclose(found[row], whole[row], atol=1e-6)


def test_less_truncation_means_less_variety(model):
    spread = [
        model.sample(256, seed=0, y=1, truncation=share).std(axis=0).mean()
        for share in (1.0, 0.5, 0.1, 1e-3)
    ]
    assert spread == sorted(spread, reverse=True)
    assert spread[-1] < 0.01 * spread[0]


@pytest.mark.parametrize(
    "truncation", [0, -0.5, 1.01, np.nan, 1e-45, "half", None, [0.5], [[0.5, 0.5]]]
)
def test_bad_truncations_are_refused(model, truncation):
    with pytest.raises(
        ValueError, match=r"`truncation` must lie in \(0, 1\].*Received"
    ):
        model.sample(2, truncation=truncation)


def test_labels_out_of_range_are_refused(model):
    with pytest.raises(ValueError, match=r"`y` must lie in \[0, 3\).*3"):
        model.sample(2, y=3)


def test_only_exports_that_draw_take_a_truncation(model):
    found = signatures_of(model)
    assert {name for name in found if "truncation" in found[name].inputs} == {"sample"}
    seed, y = tf.constant([[7, 0], [7, 1]]), tf.constant([0, 1])
    left_out = function_of(found["sample"])(seed=seed, y=y)["x"]
    np.testing.assert_array_equal(
        left_out, model.x_domain.to_bytes(model.sample(2, 7, y=[0, 1]))
    )


def of_classes(num_classes):
    return {
        "generator": big_gan_generator(4, [2, 2], IMAGE_SHAPE, num_classes, 2),
        "discriminator": big_gan_discriminator(IMAGE_SHAPE, [2, 2], num_classes),
    }


@pytest.mark.parametrize(
    ("name", "network", "message"),
    [
        ("generator", of_classes(4), "`generator` must have 3 cl.* 4 classes"),
        ("discriminator", of_classes(4), "`discriminator` must have 3 cl.* 4 classes"),
        (
            "discriminator",
            {"discriminator": mlp(IMAGE_SHAPE, [4], (1,), **CLASSES)},
            "bare layer 'hidden_0'",
        ),
        (
            "discriminator",
            {"discriminator": big_gan_discriminator((8, 8, 1), [2, 2], 3)},
            r"`discriminator` must take shape \(4, 4, 1\).*`generator`.*\(8, 8, 1\)",
        ),
        (
            "generator",
            {"generator": mlp((4,), [], IMAGE_SHAPE, output_activation="tanh")},
            "`generator` must take latents alone without `num_classes`.*num_classes=3",
        ),
    ],
)
def test_networks_that_do_not_match_are_refused(model, name, network, message):
    given = {"generator": model.generator, "discriminator": model.discriminator}
    with pytest.raises(ValueError, match=message):
        BigGAN(**{**given, name: network[name]}, **CLASSES)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_classes": 1}, "`num_classes` must be an integer of at least 2.*1"),
        ({"orthogonal_weight": -1.0}, "`orthogonal_weight`.*-1"),
        ({"average_decay": 1.0}, r"`average_decay` must lie in \(0, 1\).*1"),
    ],
)
def test_bad_arguments_are_refused(model, options, message):
    with pytest.raises(ValueError, match=message):
        BigGAN(model.generator, model.discriminator, **{**CLASSES, **options})
