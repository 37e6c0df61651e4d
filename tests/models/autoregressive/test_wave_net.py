import numpy as np
import pytest
import tensorflow as tf
from contracts import AutoregressiveContract, unsettle
from sites import (
    check_one_pass_gives_samples_back,
    check_slow_sampler_agrees,
    influence_of_sites,
)

from keras_gen.domains import Images, Symbols, Waveforms
from keras_gen.models import WaveNet
from keras_gen.models.base import Batch
from keras_gen.random import Rows, seed_initializers


def tiny(x_domain=None, seed=0, **options):
    options = {"filters": 4, "skip_filters": 6, "dilations": (1, 2, 4)} | options
    domain = x_domain or Waveforms(32, 8000, levels=16)
    return WaveNet(domain, seed=seed, name="tiny", **options)


def random(**options):
    seed_initializers(2)
    model = tiny(**options)
    unsettle(model, scale=0.5)
    model.compiled_sampling = False
    return model


class TestContract(AutoregressiveContract):
    model_class = WaveNet

    def make(self, seed=0):
        return tiny(seed=seed, num_classes=3)


@pytest.mark.parametrize(
    ("dilations", "kernel_size", "expected"),
    [((1, 2, 4), 2, 8), ((1, 2, 1, 2), 2, 7), ((1, 3), 3, 9), ((5,), 2, 6)],
)
def test_the_receptive_field_is_exact(dilations, kernel_size, expected):
    model = random(dilations=dilations, kernel_size=kernel_size)
    field = 1 + sum((kernel_size - 1) * dilation for dilation in dilations)
    assert model.receptive_field == field == expected
    influence = influence_of_sites(model, num=8) > 0
    # Some samples within it are seen only for small dilations.
    for site in range(expected, 32):
        seen = np.flatnonzero(influence[site])
        assert seen.min() == site - expected
        assert seen.max() == site - 1


def test_doubled_dilations_leave_no_gap():
    influence = influence_of_sites(random(), num=8) > 0
    places = np.arange(32)
    distance = places[:, None] - places[None]
    np.testing.assert_array_equal(influence, (distance >= 1) & (distance <= 8))


@pytest.mark.parametrize(
    "options", [{}, {"num_classes": 3}, {"kernel_size": 3, "dilations": (1, 3)}]
)
def test_the_samplers_agree(options):
    model = random(**options)
    check_one_pass_gives_samples_back(model, 3, temperature=0.7)
    check_slow_sampler_agrees(model, 3, top_p=0.9)


def test_a_dilation_beyond_the_sound_sees_nothing():
    model = random(dilations=(40,))
    influence = influence_of_sites(model, num=4) > 0
    np.testing.assert_array_equal(influence, np.eye(32, k=-1) > 0)
    check_one_pass_gives_samples_back(model, 3)


def test_labels_are_biases_of_all_gates():
    model = random(num_classes=3)
    x = tf.constant(model.x_domain.draw(Rows(1, 0)))
    one, other = (model.site_parameters(x, tf.constant([y])) for y in (0, 1))
    assert np.abs(one - other).max(axis=-1).min() > 1e-4
    weights = model.biases.get_weights()[0]
    weights[1] = weights[0]
    model.biases.set_weights([weights])
    np.testing.assert_array_equal(model.site_parameters(x, tf.constant([1])), one)


def test_the_block_is_the_gate_of_the_paper():
    block = random().blocks[1]
    x = Rows(2, 0).normal((9, 4), "features").numpy()
    residual, skip = (np.array(part) for part in block(x))
    before = np.pad(x, [(0, 0), (2, 0), (0, 0)])[:, :9]
    kernel, bias = block.gates.get_weights()
    both = before @ kernel[:4] + x @ kernel[4:] + bias
    hidden = np.tanh(both[..., :4]) / (1 + np.exp(-both[..., 4:]))
    for found, layer, start in ((residual, block.residual, x), (skip, block.skip, 0)):
        kernel, bias = layer.get_weights()
        np.testing.assert_allclose(found, start + hidden @ kernel + bias, atol=1e-5)


def test_the_first_loss_is_the_logarithm_of_the_number_of_levels():
    seed_initializers(3)
    model = WaveNet(Waveforms(64, 8000, levels=256))
    x = model.x_domain.draw(Rows(4, 0))
    assert -model.log_prob(x).mean() / 64 == pytest.approx(np.log(256), rel=0.02)
    assert model.receptive_field == 2047


def test_the_loss_leaves_out_the_samples_that_see_less_than_the_field():
    model = random(num_unscored=7)
    x = tf.constant(model.x_domain.draw(Rows(3, 0)))
    batch = Batch(x, Rows(3, 1))
    whole = -model.log_prob(x)
    rest = -model.log_prob(x, mask=np.arange(32) < 7)
    terms = model.loss_terms(batch, training=True)
    assert float(terms["loss"]) == pytest.approx(rest.mean(), rel=1e-5)
    bits = terms["loss"] / (25 * np.log(2))
    assert float(terms["bits_per_dimension"]) == pytest.approx(float(bits), rel=1e-5)
    terms = model.loss_terms(batch, training=False)
    assert float(terms["loss"]) == pytest.approx(whole.mean(), rel=1e-5)


def test_levels_of_the_mu_law_go_back_within_half_a_step():
    domain = Waveforms(1000, 8000, levels=256)
    sound = np.linspace(-1, 1, 1000, dtype="float32")
    again = np.array(domain.from_levels(domain.to_levels(sound)))
    # Steps grow with the size of a value: d/dl of ((1 + mu)^|l| - 1) / mu.
    step = 2 / 255 * np.log(256) / 255 * (1 + 255 * np.abs(sound))
    assert np.all(np.abs(again - sound) <= 0.52 * step + 1e-6)
    assert np.abs(again - sound)[np.abs(sound) < 0.01].max() < 2e-4


def test_symbols_are_a_sequence_too():
    model = random(x_domain=Symbols(12, 5))
    assert model.sample(2, seed=0).dtype == np.int32


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dilations": ()}, "`dilations`.*0"),
        ({"dilations": (1, 0)}, "`dilations` must hold positive integers.*0"),
        ({"dilations": 4}, "`dilations`.*4"),
        ({"kernel_size": 1}, "`kernel_size`.*1"),
        ({"filters": 0}, "`filters`.*0"),
        ({"skip_filters": 0}, "`skip_filters`.*0"),
        ({"num_classes": 1}, "`num_classes`.*1"),
        ({"num_unscored": -1}, "`num_unscored`.*-1"),
        ({"num_unscored": 32}, "`num_unscored` must leave a sample.*32"),
        ({"x_domain": Waveforms(8, 8000)}, "`x_domain` must be a sequence"),
        ({"x_domain": Images((2, 2, 1), levels=2)}, "`x_domain` must be a sequence"),
    ],
)
def test_bad_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        tiny(**options)
