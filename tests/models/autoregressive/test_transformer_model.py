import numpy as np
import pytest
import tensorflow as tf
from contracts import AutoregressiveContract, unsettle
from sites import (
    check_one_pass_gives_samples_back,
    check_slow_sampler_agrees,
    influence_of_sites,
    parameters_one_by_one,
)

from keras_gen.domains import Images, Symbols
from keras_gen.models import TransformerModel
from keras_gen.models.base import Batch
from keras_gen.random import Rows, seed_initializers


def tiny(x_domain=None, seed=0, **options):
    options = {"units": 8, "num_layers": 2, "num_heads": 2} | options
    domain = x_domain or Symbols(12, 5)
    return TransformerModel(domain, seed=seed, name="tiny", **options)


class TestContract(AutoregressiveContract):
    model_class = TransformerModel

    def make(self, seed=0):
        return tiny(Symbols(32, 5), seed, num_layers=1, dropout=0.1)

    def fresh(self, **options):
        """A model whose gradients are not as small as rounding, as those at first."""
        model = super().fresh(**options)
        unsettle(model)
        return model


@pytest.fixture(scope="module", params=[False, True], ids=["learned", "rotary"])
def model(request):
    seed_initializers(2)
    model = tiny(rotary=request.param)
    unsettle(model, scale=0.5)
    model.compiled_sampling = False
    return model


def test_the_cache_of_keys_and_values_gives_the_logits_of_the_whole(model):
    x = tf.constant(model.x_domain.draw(Rows(3, 0)))
    whole = model.site_parameters(x)
    np.testing.assert_allclose(parameters_one_by_one(model, x), whole, atol=2e-5)


def test_the_samplers_agree(model):
    check_one_pass_gives_samples_back(model, 3, temperature=0.7)
    check_slow_sampler_agrees(model, 3, top_k=3)


def test_no_gradient_comes_from_later_symbols(model):
    features = tf.random.stateless_normal((2, 12, 8), (0, 0))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(features)
        outputs = model.blocks[0](features)
        each = [tf.reduce_sum(outputs[:, place] ** 2) for place in range(12)]
    for place, output in enumerate(each):
        gradient = np.abs(tape.gradient(output, features)).max(axis=(0, 2))
        assert (gradient[place + 1 :] == 0).all()
        assert (gradient[: place + 1] > 0).all()


def test_every_symbol_sees_all_earlier_ones(model):
    influence = influence_of_sites(model, num=8) > 0
    np.testing.assert_array_equal(influence, np.tril(np.ones((12, 12)), -1) > 0)


def test_rotary_scores_depend_on_distances_alone():
    seed_initializers(2)
    block = tiny(rotary=True).blocks[0]
    same = tf.repeat(tf.random.stateless_normal((1, 1, 8), (0, 0)), 12, axis=1)
    query, key, _ = block._heads(same, np.arange(12))
    scores = np.einsum("bqhd,bkhd->bhqk", query, key)[0, 0]
    for distance in range(-11, 12):
        along = np.diagonal(scores, distance)
        np.testing.assert_allclose(along, along[0], atol=1e-5)
    assert np.ptp(scores[0]) > 1e-4


def test_the_outputs_are_tied_to_the_embedding():
    seed_initializers(2)
    model = tiny()
    x = tf.constant(model.x_domain.draw(Rows(2, 0)))
    # Symbols 3 and 4 change places in the embedding, and so in the outputs.
    swapped = np.array([0, 1, 2, 4, 3, 5])
    before = model.site_parameters(x).numpy()
    model.embedding.set_weights([model.embedding.get_weights()[0][swapped]])
    after = model.site_parameters(tf.gather(swapped, x)).numpy()
    np.testing.assert_allclose(after, before[..., swapped[:5]], atol=1e-6)
    shapes = [tuple(weight.shape) for weight in model.trainable_weights]
    assert shapes.count((6, 8)) == 1
    assert not any(shape[-1] == 5 for shape in shapes)


def test_the_first_loss_is_the_logarithm_of_the_number_of_symbols():
    seed_initializers(3)
    model = tiny(Symbols(16, 65), units=128, num_heads=4, num_layers=4)
    x = model.x_domain.draw(Rows(32, 0))
    assert -model.log_prob(x).mean() / 16 == pytest.approx(np.log(65), rel=0.02)


def test_dropout_is_a_function_of_the_rows_and_off_in_evaluation():
    seed_initializers(2)
    model = tiny(dropout=0.5)
    unsettle(model)
    x = tf.constant(model.x_domain.draw(Rows(200, 0)))
    plain = model.site_parameters(x).numpy()

    def trained(step):
        rows = Rows(200, 0, step=step)
        return model.training_parameters(Batch(x, rows, None)).numpy()

    np.testing.assert_array_equal(trained(0), trained(0))
    assert not np.allclose(trained(0), trained(1), atol=1e-3)
    assert not np.allclose(trained(0), plain, atol=1e-3)
    without = tiny(dropout=0.0)
    without.set_weights(model.get_weights())
    np.testing.assert_array_equal(without.site_parameters(x), plain)
    rows = Rows(200, 0, step=0)
    found = without.training_parameters(Batch(x, rows, None))
    np.testing.assert_array_equal(found, plain)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"units": 7}, "`units` must be a multiple of `num_heads`=2.*7"),
        ({"units": 6, "rotary": True}, "`units`.*even in each head.*6"),
        ({"num_heads": 0}, "`num_heads`.*0"),
        ({"num_layers": 0}, "`num_layers`.*0"),
        ({"dropout": 1.0}, r"`dropout` must lie in \[0, 1\).*1.0"),
        ({"dropout": "some"}, "`dropout`.*'some'"),
        ({"x_domain": Images((2, 2, 1), levels=2)}, "`x_domain` must be a sequence"),
    ],
)
def test_bad_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        tiny(**options)
