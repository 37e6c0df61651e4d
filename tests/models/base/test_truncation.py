"""Sampling from the most probable levels alone, in models of sites."""

import numpy as np
import pytest
import tensorflow as tf
from contracts import unsettle
from sites import check_slow_sampler_agrees

from keras_gen.distributions import CategoricalLikelihood, most_probable
from keras_gen.models import MADE, PixelCNN
from keras_gen.random import seed_initializers


@pytest.fixture(scope="module")
def model():
    seed_initializers(2)
    options = {"filters": 4, "num_layers": 1, "first_kernel_size": 3}
    model = PixelCNN((4, 4, 1), CategoricalLikelihood(5), output_filters=8, **options)
    unsettle(model, scale=0.6)
    model.compiled_sampling = False
    return model


@pytest.mark.parametrize("options", [{"top_k": 2}, {"top_p": 0.6}])
def test_every_site_is_one_of_the_most_probable(model, options):
    samples = model.sample(8, seed=1, temperature=0.9, **options)
    parameters = model.by_site(model.site_parameters(tf.constant(samples)))
    log_probs = model.output_distribution.level_log_probs(parameters) / 0.9
    kept = most_probable(tf.nn.log_softmax(log_probs), **options).numpy()
    levels = model.levels_of(tf.constant(samples)).numpy()
    assert np.take_along_axis(kept, levels[..., None], axis=-1).all()
    assert not np.array_equal(samples, model.sample(8, seed=1, temperature=0.9))
    check_slow_sampler_agrees(model, 4, temperature=0.9, **options)


def test_completions_take_the_limits_too(model):
    x = np.zeros((3, 4, 4, 1), "float32")
    mask = np.arange(16).reshape(4, 4) < 6
    drawn = model.impute(x, mask, seed=1, top_k=1)
    again = model.impute(x, mask, seed=2, top_k=1)
    # With one level left nothing depends on the seed.
    np.testing.assert_array_equal(drawn, again)
    assert (drawn.reshape(3, 16)[:, :6] == 0).all()
    with pytest.raises(ValueError, match="left out with `mean=True`"):
        model.impute(x, mask, mean=True, top_k=1)


def test_a_mixture_of_orders_takes_them():
    seed_initializers(2)
    model = MADE((3, 3, 1), CategoricalLikelihood(3), [8], num_orderings=2)
    unsettle(model, scale=0.6)
    check_slow_sampler_agrees(model, 4, top_k=2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"top_k": 0}, "`top_k` must be an integer of at least 1.*0"),
        ({"top_k": 2.5}, "`top_k` must be an integer"),
        ({"top_p": 0}, r"`top_p` must be a number in \(0, 1\].*0"),
        ({"top_p": 1.1}, r"`top_p` must be a number in \(0, 1\].*1.1"),
        ({"top_p": "most"}, "`top_p`.*'most'"),
        ({"top_p": np.nan}, "`top_p`.*nan"),
        ({"top_p": True}, "`top_p`.*True"),
        ({"top_q": 1}, "takes no top_q"),
    ],
)
def test_wrong_limits_are_refused(model, options, message):
    with pytest.raises(ValueError, match=message):
        model.sample(1, **options)
    with pytest.raises(ValueError, match=message):
        model.impute(np.zeros((1, 4, 4, 1)), np.arange(16).reshape(4, 4) < 3, **options)
