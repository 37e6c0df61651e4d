"""Tests of what comes before the layers of a flow: levels, the logit, first weights."""

import numpy as np
import pytest
import tensorflow as tf
from contracts import unsettle

from keras_gen.domains import Images, Symbols, Vectors
from keras_gen.models import NICE, RealNVP
from keras_gen.random import Rows


def of_levels(shape=(1, 2, 1), levels=256, logit_margin=1e-6, **options):
    domain = Images(shape, low=-1.0, levels=levels)
    model = RealNVP(domain, 2, 4, 1, logit_margin=logit_margin, **options)
    unsettle(model)
    return model


@pytest.mark.parametrize("logit_margin", [None, 0.05])
def test_bits_are_eight_more_than_those_of_a_density_on_the_unit_interval(logit_margin):
    """bits = nll / D / log 2 + 8, where nll is that of values in [0, 1]."""
    model = of_levels((2, 3, 1), logit_margin=logit_margin)
    continuous = RealNVP(Images((2, 3, 1)), 2, 4, 1, logit_margin=logit_margin)
    continuous.set_weights(model.get_weights())
    x = model.x_domain.draw(Rows(20, 0))
    model.compile()
    found = model.evaluate(x, verbose=0, return_dict=True)["bits_per_dimension"]
    noise = np.array(Rows(20, 0, step=-1).uniform((2, 3, 1), "dequantization"))
    unit = (np.rint((x + 1) / 2 * 255) + noise) / 256
    nll = -continuous.log_prob(unit).mean()
    assert found == pytest.approx(nll / 6 / np.log(2) + 8, rel=1e-5)


@pytest.mark.parametrize("logit_margin", [None, 1e-3])
def test_preprocessing_has_the_determinant_of_its_jacobian(logit_margin):
    domain = Images((2, 2, 1), low=-1.0, high=3.0)
    model = NICE(domain, 1, (4,), logit_margin=logit_margin)
    x = tf.constant(domain.draw(Rows(3, 0)))
    with tf.GradientTape() as tape:
        tape.watch(x)
        values, log_det = model.preprocess(x)
    jacobian = np.reshape(tape.batch_jacobian(values, x), (3, 4, 4))
    np.testing.assert_allclose(log_det, np.linalg.slogdet(jacobian)[1], rtol=1e-4)
    np.testing.assert_allclose(model.postprocess(values), x, atol=1e-4)


def test_probabilities_of_all_images_sum_to_one():
    model = of_levels(levels=3)
    values = np.linspace(-1, 1, 3, dtype=np.float32)
    images = np.stack(np.meshgrid(values, values), axis=-1).reshape(9, 1, 2, 1)
    found = model.log_likelihood(images, num_importance_samples=20_000)
    total = np.exp(found.per_example.astype(np.float64)).sum()
    assert total == pytest.approx(1, abs=0.02)
    assert np.exp(found.per_example).std() > 0.01


def test_the_bound_rises_with_the_draws():
    model = of_levels(levels=3)
    model.compile()
    x = model.x_domain.draw(Rows(40, 0))
    bounds = [model.log_likelihood(x, num, seed=1).mean for num in (1, 10, 100)]
    assert bounds[0] + 0.05 < bounds[1] < bounds[2]
    losses = [-model.evaluate(x, batch_size=size, verbose=0)[0] for size in (7, 40)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


def test_samples_and_decoded_images_round_to_levels():
    model = of_levels((2, 2, 1), levels=4)
    domain = model.x_domain
    x = domain.draw(Rows(20, 0))
    decoded = model.decode(model.encode(x))
    np.testing.assert_allclose(decoded, x, atol=1e-3)
    samples = model.sample(20, seed=0)
    assert samples.min() >= -1
    assert samples.max() <= 1
    domain.check(domain.from_levels(domain.to_levels(samples)))
    # Rounding gives the level of whose interval the value is.
    noise = np.full(x.shape, 0.999, np.float32)
    latents = model.forward(x, noise)[0]
    levels = domain.to_levels(model.decode(latents))
    np.testing.assert_array_equal(levels, domain.to_levels(x))


def test_the_density_of_logits_leaves_out_the_preprocessing():
    model = of_levels((2, 2, 1))
    x = model.x_domain.draw(Rows(10, 0))
    noise = model.posterior_noise(Rows(10, 3))
    whole = model.log_density(tf.constant(x), noise)
    values, log_det = model.preprocess(tf.constant(x), noise)
    found = model.preprocessed_log_prob(x, seed=3, batch_size=4)
    np.testing.assert_allclose(found, whole - log_det, rtol=1e-4)
    # Values and noise are those of the protocol, in double precision.
    unit = (np.rint((x + 1) / 2 * 255) + np.array(noise, np.float64)) / 256
    wide = 1e-6 + (1 - 2e-6) * unit
    np.testing.assert_allclose(values, np.log(wide / (1 - wide)), atol=2e-3)


def test_levels_have_a_bound_and_values_a_density():
    with pytest.raises(ValueError, match="`x_domain` must have no levels.*256"):
        of_levels().log_prob(np.ones((2, 1, 2, 1), np.float32))
    model = NICE(Vectors(2), 1, (4,))
    with pytest.raises(
        ValueError, match=r"`x_domain` must have levels.*`log_prob\(\)`"
    ):
        model.log_likelihood(np.ones((2, 2), np.float32))
    with pytest.raises(ValueError, match="`x_domain` must be of images.*Vectors"):
        model.preprocessed_log_prob(np.ones((2, 2), np.float32))


def test_adapt_normalizes_the_inputs_of_all_layers_on_any_number_of_devices(
    two_replicas,
):
    def adapted():
        model = of_levels((4, 4, 1), num_scales=1, seed=3)
        model.adapt(x)
        return model

    x = of_levels((4, 4, 1)).x_domain.draw(Rows(50, 0))
    one = adapted()
    with two_replicas.scope():
        both = adapted()
    first, second = one.flow.layers[1], both.flow.layers[1]
    assert np.abs(np.array(first.log_scale)).min() > 0.1
    np.testing.assert_allclose(first.log_scale, second.log_scale, rtol=1e-6)
    noise = Rows(50, 3, step=-1).uniform((4, 4, 1), "dequantization")
    values, _ = one.preprocess(tf.constant(x), noise)
    outputs = np.array(first(one.flow.layers[0](values)[0])[0])
    np.testing.assert_allclose(outputs.std(axis=(0, 1, 2)), 1, atol=1e-4)


@pytest.mark.parametrize("margin", [0.0, 0.5, "small", 1])
def test_bad_margins_are_refused(margin):
    with pytest.raises(ValueError, match="`logit_margin` must be a number"):
        NICE((2, 2, 1), 1, (4,), logit_margin=margin)


def test_bad_domains_are_refused():
    with pytest.raises(ValueError, match="`logit_margin` must be left out for vectors"):
        NICE(Vectors(2), 1, (4,), logit_margin=0.05)
    with pytest.raises(ValueError, match="`x_domain` must be Images or Vectors"):
        NICE(Symbols(4, 2), 1, (4,))
    with pytest.raises(ValueError, match="`x_domain` must be without unknown values"):
        NICE(Vectors(2, optional=True), 1, (4,))
    with pytest.raises(ValueError, match="`x_domain` must have at least two values"):
        NICE(Vectors(1), 1, (4,))
    with pytest.raises(ValueError, match=r"`x` must lie in \[-1.0, 1.0\]"):
        of_levels().adapt(np.full((2, 1, 2, 1), 1.5, np.float32))
