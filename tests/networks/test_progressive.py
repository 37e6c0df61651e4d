"""Tests of the growing networks."""

import keras
import numpy as np
import pytest

from keras_gen.layers import EqualizedLearningRate
from keras_gen.networks import progressive_discriminator, progressive_generator
from keras_gen.random import Rows

MAKERS = {
    "generator": lambda shape, filters, **o: progressive_generator(
        3, filters, shape, **o
    ),
    "discriminator": lambda shape, filters, **o: progressive_discriminator(
        shape, filters, **o
    ),
}


def noise(*shape):
    return np.array(Rows(shape[0], 0).normal(shape[1:], "noise"))


@pytest.mark.parametrize("num_classes", [None, 5])
@pytest.mark.parametrize("filters", [[6], [6, 4, 2]])
def test_latents_become_images_and_images_a_score(filters, num_classes):
    side = 2 * 2 ** len(filters)
    options = {"num_classes": num_classes}
    generator = progressive_generator(3, filters, (side, side, 3), **options)
    discriminator = progressive_discriminator((side, side, 3), filters, **options)
    y = [] if num_classes is None else [keras.ops.arange(4)]
    latents = keras.ops.convert_to_tensor(noise(4, 3))
    images = generator([latents, *y] if y else latents)
    assert images.shape == (4, side, side, 3)
    assert np.std(images) > 0
    scores = discriminator([images, *y] if y else images)
    assert scores.shape == (4, 1)
    assert np.std(scores) > 0


@pytest.mark.parametrize("name", MAKERS)
def test_all_kernels_have_an_equalized_rate(name):
    network = MAKERS[name]((16, 16, 3), [6, 4, 2])
    layers = list(network._flatten_layers())
    wrapped = [x.layer for x in layers if isinstance(x, EqualizedLearningRate)]
    kernels = [x for x in layers if hasattr(x, "kernel")]
    assert {id(x) for x in kernels} == {id(x) for x in wrapped}
    # As in table 2 of the paper: two for each size, and one from or to each image.
    assert len(kernels) == 2 * 3 + 3 + (name == "discriminator")


def test_hidden_features_keep_their_scale_at_first():
    generator = progressive_generator(32, [64, 64, 64], (16, 16, 3))
    images = np.array(generator(noise(64, 32)))
    # The features that the last head sees have a mean square of one.
    assert 0.5 < images.std() < 2


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize(
    ("shape", "filters"),
    [((28, 28, 1), [4, 4, 4]), ((16, 8, 1), [4, 4]), ((16, 16, 1), [4, 4, 4, 4])],
)
def test_images_that_do_not_halve_to_four_pixels_are_refused(name, shape, filters):
    expected = rf"must halve to 4 pixels.*\({shape[0]}, {shape[1]}, 1\) and \[4, 4"
    with pytest.raises(ValueError, match=expected):
        MAKERS[name](shape, filters)


@pytest.mark.parametrize("name", MAKERS)
def test_wrong_sizes_are_refused(name):
    for wrong in ([], [0, 4], "44", [4.0, 4]):
        with pytest.raises(ValueError, match="`filters` must hold"):
            MAKERS[name]((8, 8, 1), wrong)
    with pytest.raises(ValueError, match="`image_shape` must be"):
        MAKERS[name]((8, 8), [4, 4])
    with pytest.raises(ValueError, match="`group_size` must be"):
        progressive_discriminator((8, 8, 1), [4, 4], group_size=0)
    with pytest.raises(ValueError, match="`latent_dim` must be"):
        progressive_generator(0, [4, 4], (8, 8, 1))
