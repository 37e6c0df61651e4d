import keras
import numpy as np
import pytest
from contracts import AutoregressiveContract, unsettle
from sites import (
    check_one_pass_gives_samples_back,
    influence_of_sites,
    total_probability,
)

from keras_gen.models import PixelCNNPlusPlus
from keras_gen.models.base.batch import Batch
from keras_gen.random import Rows, seed_initializers


def tiny(image_shape=(3, 4, 3), num_components=2, num_levels=4, seed=0, **options):
    options = {"filters": 4, "num_layers": 1, "dropout": 0.25} | options
    return PixelCNNPlusPlus(
        image_shape, num_components, num_levels, seed=seed, name="tiny", **options
    )


class TestContract(AutoregressiveContract):
    """Of color images, whose channels are sites of one mixture."""

    model_class = PixelCNNPlusPlus

    def make(self, seed=0):
        return tiny(seed=seed, num_classes=3)


def test_samples_of_grey_levels_are_exact():
    model = tiny((3, 4, 1), num_layers=2)
    unsettle(model)
    check_one_pass_gives_samples_back(model, 3, temperature=0.7)


@pytest.mark.parametrize("shape", [(2, 4, 1), (2, 1, 3), (1, 2, 2)])
def test_probabilities_of_all_images_sum_to_one(shape):
    model = tiny(shape, num_levels=2)
    unsettle(model)
    assert total_probability(model) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("channels", [1, 3])
def test_every_site_sees_all_earlier_ones(channels):
    model = tiny((4, 4, channels))
    unsettle(model)
    influence = influence_of_sites(model, num=16)
    earlier = np.tril(np.ones_like(influence), k=-1) > 0
    assert np.all((influence > 0) == earlier)


def test_the_receptive_field_ends_where_the_docstring_says():
    model = tiny((10, 3, 1), num_layers=1)
    unsettle(model)
    influence = influence_of_sites(model).reshape(10, 3, 10, 3)
    seen = (influence[9, 1] > 0).any(axis=-1)
    np.testing.assert_array_equal(seen, np.arange(10) >= 9 - (4 * 1 + 3))


def test_channels_of_a_pixel_share_what_the_network_says():
    """The network gives one mixture for each pixel and sees no channel of it."""
    model = tiny((3, 3, 3))
    unsettle(model)
    x = np.array(model.x_domain.draw(Rows(1, 0)))
    other = x.copy()
    other[0, 2, 2] = 1.0 - x[0, 2, 2]
    first, second = (np.array(model.site_parameters(some)) for some in (x, other))
    np.testing.assert_array_equal(first[0, 2, 2, 0], second[0, 2, 2, 0])
    scales = slice(4, 6)
    np.testing.assert_array_equal(first[0, 2, 2, :, scales], second[0, 2, 2, :, scales])
    assert np.all(first[0, 2, 2, 1:, :4] != second[0, 2, 2, 1:, :4])


def test_each_short_cut_reaches_the_outputs():
    model = tiny((3, 3, 1), num_layers=2)
    for block in model.stack.blocks:
        kernels = [weight for weight in block.weights if "shortcut" in weight.path]
        assert len(kernels) == (2 if block in model.stack.blocks[2:] else 0)
        for kernel in kernels:
            x = model.x_domain.draw(Rows(2, 0))
            before = np.array(model.site_parameters(x))
            kernel.assign(kernel + 1.0)
            assert not np.allclose(before, model.site_parameters(x))


def test_dropout_is_drawn_from_the_rows_of_a_batch_and_only_in_training():
    model, plain = tiny(dropout=0.5), tiny(dropout=0.0)
    unsettle(model)
    plain.set_weights(model.get_weights())
    x = model.x_domain.draw(Rows(2, 0))
    np.testing.assert_array_equal(model.site_parameters(x), plain.site_parameters(x))
    drawn = [
        np.array(some.training_parameters(Batch(x, Rows(2, seed))))
        for some, seed in ((model, 0), (model, 0), (model, 1), (plain, 0))
    ]
    np.testing.assert_array_equal(drawn[0], drawn[1])
    assert not np.allclose(drawn[0], drawn[2])
    np.testing.assert_array_equal(drawn[3], plain.site_parameters(x))


def test_dropped_features_are_hidden_ones_of_both_branches():
    model = tiny((3, 3, 1), dropout=0.5)
    kept = np.concatenate(
        [np.stack(model._kept(Rows(200, 0), i), axis=1) for i in range(2)]
    )
    assert kept.shape == (400, 2, 3, 3, 8)
    assert set(np.unique(kept)) == {0.0, 2.0}
    assert kept.mean() == pytest.approx(1.0, abs=0.02)


def test_colors_of_a_pixel_are_learned_together():
    """Grey pixels of any of 8 levels: green and blue follow from red."""
    images = np.repeat(np.arange(64).reshape(-1, 1, 1, 1) % 8 / 7, 3, axis=-1)
    seed_initializers(0)
    model = tiny((1, 1, 3), 8, 8, dropout=0.0)
    model.compile(keras.optimizers.Adam(5e-2))
    model.fit(images.astype("f4"), batch_size=64, epochs=80, verbose=0)
    bits = -model.log_prob(images.astype("f4")).mean() / np.log(2.0)
    # Three bits are those of red; nine would be those of three separate channels.
    assert 3.0 < bits < 4.5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"image_shape": (8, 8)}, "`image_shape` must be"),
        ({"image_shape": (8, 0, 1)}, "`image_shape` must be an integer of at least 1"),
        ({"num_components": 0}, "`num_components`.*0"),
        ({"num_levels": 1}, "`num_levels`.*1"),
        ({"filters": 0}, "`filters`.*0"),
        ({"num_layers": 0}, "`num_layers`.*0"),
        ({"dropout": 1.0}, "`dropout` must lie in.*1.0"),
        ({"dropout": -0.1}, "`dropout` must lie in.*-0.1"),
        ({"dropout": "half"}, "`dropout`.*half"),
        ({"num_classes": 1}, "`num_classes`.*1"),
    ],
)
def test_bad_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        tiny(**options)
