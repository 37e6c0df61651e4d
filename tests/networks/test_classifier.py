"""Tests of the classifiers."""

import keras
import numpy as np
import pytest

from keras_gen.networks import conv_classifier


def test_logits_are_linear_in_the_features():
    network = conv_classifier((8, 12, 3), [4, 5], 7)
    assert network.output_shape == (None, 7)
    features = keras.Model(network.input, network.get_layer("features").output)
    assert features.output_shape == (None, 5)
    images = np.random.default_rng(0).normal(size=(3, 8, 12, 3)).astype("f4")
    kernel, bias = network.get_layer("logits").get_weights()
    expected = features.predict(images, verbose=0) @ kernel + bias
    found = network.predict(images, verbose=0)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_it_learns_to_tell_classes_apart():
    keras.utils.set_random_seed(0)
    labels = np.arange(60) % 3
    levels = np.linspace(0, 1, 3, dtype="f4")[labels]
    images = np.broadcast_to(levels[:, None, None, None], (60, 8, 8, 1))
    network = conv_classifier((8, 8, 1), [4, 8], 3)
    network.compile(
        keras.optimizers.Adam(1e-2),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    losses = network.fit(images, labels, epochs=10, verbose=0).history["loss"]
    assert losses[-1] < 0.3 * losses[0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (((8, 8), [4], 3), "`image_shape` must be"),
        (((8, 8, 1), [], 3), "`filters`"),
        (((8, 6, 1), [4, 4, 4], 3), "divisible by 4"),
        (((8, 8, 1), [0], 3), "`filters` must hold positive integers"),
        (((8, 8, 1), [4], 0), "`num_classes` must hold positive integers"),
    ],
)
def test_bad_sizes_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        conv_classifier(*arguments)
