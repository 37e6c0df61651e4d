import numpy as np
import pytest
import tensorflow as tf
from contracts import AutoregressiveContract, unsettle
from sites import (
    check_one_pass_gives_samples_back,
    check_slow_sampler_agrees,
    parameters_one_by_one,
)

from keras_gen.domains import Images, Symbols, Waveforms
from keras_gen.layers import GRURecurrence, LSTMRecurrence
from keras_gen.models import RecurrentModel
from keras_gen.random import Rows, seed_initializers


def tiny(x_domain=None, seed=0, **options):
    options = {"units": 6, "num_layers": 2} | options
    domain = x_domain or Symbols(12, 5)
    return RecurrentModel(domain, seed=seed, name="tiny", **options)


class TestContract(AutoregressiveContract):
    model_class = RecurrentModel

    def make(self, seed=0):
        return tiny(Symbols(32, 5), seed)


@pytest.fixture(
    scope="module", params=[LSTMRecurrence(), GRURecurrence()], ids=["LSTM", "GRU"]
)
def model(request):
    seed_initializers(2)
    model = tiny(recurrence=request.param)
    unsettle(model, scale=0.5)
    model.compiled_sampling = False
    return model


def test_one_step_after_the_other_gives_the_logits_of_the_whole(model):
    x = tf.constant(model.x_domain.draw(Rows(3, 0)))
    whole = model.site_parameters(x)
    np.testing.assert_allclose(parameters_one_by_one(model, x), whole, atol=1e-5)


def test_training_computes_the_same(model):
    x = tf.constant(model.x_domain.draw(Rows(3, 0)))
    trained = model.site_parameters(x, training=True)
    np.testing.assert_allclose(trained, model.site_parameters(x), atol=1e-5)


def test_the_samplers_agree(model):
    check_one_pass_gives_samples_back(model, 3, temperature=0.7)
    check_slow_sampler_agrees(model, 3)


def test_a_temperature_near_zero_is_the_argmax(model):
    samples = model.sample(5, seed=1, temperature=1e-6)
    best = np.argmax(model.site_parameters(tf.constant(samples)), axis=-1)
    np.testing.assert_array_equal(samples, best)


def test_a_prompt_is_kept_and_continued(model):
    prompt = np.repeat(model.x_domain.draw(Rows(1, 0)), 20, axis=0)
    written = model.impute(prompt, np.arange(12) < 4, seed=3)
    assert written.dtype == np.int32
    np.testing.assert_array_equal(written[:, :4], prompt[:, :4])
    assert len(np.unique(written[:, 4:], axis=0)) > 10
    other = prompt.copy()
    other[:, :4] = (other[:, :4] + 1) % 5
    assert not np.array_equal(
        model.impute(other, np.arange(12) < 4, seed=3)[:, 4:], written[:, 4:]
    )


def test_the_perplexity_of_a_uniform_model_is_the_number_of_symbols():
    model = tiny()
    for weight in model.head.weights:
        weight.assign(tf.zeros_like(weight))
    x = model.x_domain.draw(Rows(3, 0))
    np.testing.assert_allclose(np.exp(-model.log_prob(x) / 12), 5, rtol=1e-5)


def test_the_first_loss_is_the_logarithm_of_the_number_of_symbols():
    seed_initializers(3)
    model = tiny(Symbols(16, 65), units=32)
    x = model.x_domain.draw(Rows(64, 0))
    assert -model.log_prob(x).mean() / 16 == pytest.approx(np.log(65), rel=0.02)


def test_weights_write_sequences_of_any_length(model):
    longer = tiny(Symbols(30, 5), recurrence=model.recurrence)
    longer.set_weights(model.get_weights())
    x = tf.constant(longer.x_domain.draw(Rows(2, 0)))
    found = longer.site_parameters(x)[:, :12]
    np.testing.assert_allclose(found, model.site_parameters(x[:, :12]), atol=1e-5)


def test_sound_on_levels_is_a_sequence_too():
    model = tiny(Waveforms(8, 8000, levels=16))
    model.compiled_sampling = False
    model.x_domain.check(model.sample(2, seed=0))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"recurrence": "lstm"}, "`recurrence` must be `LSTMRecurrence.*'lstm'"),
        ({"units": 0}, "`units`.*0"),
        ({"num_layers": 0}, "`num_layers`.*0"),
        ({"x_domain": Images((2, 2, 1), levels=2)}, "`x_domain` must be a sequence"),
        ({"x_domain": Waveforms(8, 8000)}, "`x_domain` must be a sequence.*Waveforms"),
        ({"x_domain": 12}, "`x_domain` must be a sequence.*12"),
        ({"num_classes": 3}, "`num_classes` must be left out"),
    ],
)
def test_bad_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        tiny(**options)
