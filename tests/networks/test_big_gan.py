"""Tests of the networks of BigGAN."""

import keras
import numpy as np
import pytest

from keras_gen.layers import SpectralNormalization, SymbolEmbedding
from keras_gen.networks import big_gan_discriminator, big_gan_generator
from keras_gen.random import Rows

LATENTS = np.array(Rows(6, 0).normal((6,), "latents"))
LABELS = np.array([0, 1, 2] * 2)


@pytest.fixture(scope="module")
def generator():
    network = big_gan_generator(6, [4, 4, 2], (8, 8, 1), 3, embedding_dim=2)
    network([LATENTS, LABELS], training=True)
    return network


@pytest.fixture(scope="module")
def discriminator():
    network = big_gan_discriminator((8, 8, 1), [2, 4, 4], 3)
    network([np.ones((1, 8, 8, 1)), LABELS[:1]], training=True)
    return network


def test_images_are_as_large_as_is_said_and_lie_in_the_range():
    network = big_gan_generator(9, [4, 4, 2], (28, 20, 3), 10)
    assert network.output_shape == (None, 28, 20, 3)
    assert big_gan_discriminator((28, 20, 3), [2, 2, 2], 10).output_shape == (None, 1)


def parts_of(generator):
    """The latents that each layer sees, by the layers that take them."""
    inputs = keras.Input((6,)), keras.Input((), dtype="int32")
    taken = keras.Model(
        generator.inputs,
        [
            generator.get_layer("projection").input,
            *(generator.get_layer(f"condition_{i}").output for i in range(2)),
        ],
    )
    first, *others = taken([LATENTS, LABELS])
    assert len(inputs) == 2
    return [np.array(first), *(np.array(other)[:, 2:] for other in others)]


def test_the_parts_of_the_latents_cover_them(generator):
    parts = parts_of(generator)
    np.testing.assert_array_equal(np.concatenate(parts, axis=1), LATENTS)
    assert [part.shape[1] for part in parts] == [2, 2, 2]


def test_every_part_of_the_latents_changes_the_image(generator):
    plain = np.array(generator([LATENTS, LABELS]))
    for first in (0, 2, 4):
        moved = LATENTS.copy()
        moved[:, first : first + 2] += 1.0
        assert np.abs(generator([moved, LABELS]) - plain).max() > 1e-4


def test_all_blocks_share_one_class_embedding(generator):
    tables = [x for x in generator.layers if isinstance(x, SymbolEmbedding)]
    assert [table.name for table in tables] == ["class_embedding"]
    taken = keras.Model(
        generator.inputs,
        [generator.get_layer(f"condition_{index}").output for index in range(2)],
    )
    codes = [np.array(part)[:, :2] for part in taken([LATENTS, LABELS])]
    for code in codes:
        np.testing.assert_allclose(code, np.array(tables[0].embeddings)[LABELS])


def test_the_class_enters_by_the_embedding_alone(generator):
    (table,) = [x for x in generator.layers if isinstance(x, SymbolEmbedding)]
    before = table.get_weights()
    assert np.ptp(generator([LATENTS[[0] * 3], LABELS[:3]]), axis=0).max() > 1e-4
    table.set_weights([np.zeros((3, 2))])
    assert np.ptp(generator([LATENTS[[0] * 3], LABELS[:3]]), axis=0).max() < 1e-6
    table.set_weights(before)


def features_of(discriminator, images):
    pixels = discriminator.get_layer("last_relu").output
    network = keras.Model(discriminator.inputs[0], pixels)
    return np.array(network(images)).sum(axis=(1, 2))


def test_the_score_is_linear_in_the_features_and_in_a_vector_of_the_class(
    discriminator,
):
    images = np.array(Rows(6, 1).normal((8, 8, 1), "images"))
    features = features_of(discriminator, images)
    score = discriminator.get_layer("score")
    kernel, bias = np.array(score.layer.kernel), np.array(score.layer.bias)
    of_class = discriminator.get_layer("class_direction")
    table = np.array(of_class.layer.embeddings) / np.array(of_class.spectral_norm())
    expected = features @ kernel / np.array(score.spectral_norm()) + bias
    expected += np.sum(table[LABELS] * features, axis=1, keepdims=True)
    found = discriminator([images, LABELS])
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_all_kernels_are_normalized_but_the_shared_embedding(generator, discriminator):
    for network in (generator, discriminator):
        bare = [
            weight.path
            for layer in network.layers
            if not isinstance(layer, SpectralNormalization)
            for weight in layer.trainable_weights
            if len(weight.shape) > 1
        ]
        assert len(bare) == (network is generator), bare


def test_networks_are_saved_and_copied(generator, discriminator, tmp_path):
    images = np.ones((6, 8, 8, 1), "float32")
    for network, x in ((generator, LATENTS), (discriminator, images)):
        network.save(tmp_path / "network.keras")
        again = keras.saving.load_model(tmp_path / "network.keras")
        copy = keras.models.clone_model(network)
        copy.set_weights(network.get_weights())
        for other in (again, copy):
            np.testing.assert_array_equal(other([x, LABELS]), network([x, LABELS]))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: big_gan_generator(7, [4, 2], (8, 8, 1), 3),
            "`latent_dim` must be a multiple.*7 latents and 2 filters",
        ),
        (lambda: big_gan_generator(6, [4], (8, 8, 1), 3), "at least two integers.*4"),
        (lambda: big_gan_generator(6, [4, 2], (9, 8, 1), 3), r"divisible by 2.*\(9"),
        (lambda: big_gan_generator(6, [4, 2], (8, 8, 1), 1), "`num_classes`.*1"),
        (lambda: big_gan_generator(6, [4, 2], (8, 8, 1), 3, 0), "`embedding_dim`.*0"),
        (lambda: big_gan_discriminator((8, 8, 1), [4], 3), "at least two integers.*4"),
        (lambda: big_gan_discriminator((8, 8, 1), [4, 0], 3), "`filters`.*0"),
        (lambda: big_gan_discriminator((8, 8, 1), [4, 4], "a"), "`num_classes`.*a"),
    ],
)
def test_bad_sizes_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
