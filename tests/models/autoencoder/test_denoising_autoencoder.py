import math
from statistics import NormalDist

import keras
import numpy as np
import pytest
import tensorflow as tf
from contracts import AutoencodingContract, SamplerContract

from keras_gen.distributions import BernoulliLikelihood, GaussianLikelihood
from keras_gen.layers import (
    GaussianCorruption,
    MaskingCorruption,
    SaltAndPepperCorruption,
)
from keras_gen.models import Autoencoder, DenoisingAutoencoder
from keras_gen.models.base import Batch, marks_of
from keras_gen.networks import mlp
from keras_gen.random import Rows, seed_initializers


def tiny(corruption, seed=0, *arguments, **options):
    encoder = mlp((8, 8, 1), [16], (4,), name="encoder")
    decoder = mlp((4,), [16], (8, 8, 1), name="decoder")
    options |= {"seed": seed, "name": "tiny"}
    return DenoisingAutoencoder(encoder, decoder, corruption, *arguments, **options)


class TestContract(AutoencodingContract, SamplerContract):
    model_class = DenoisingAutoencoder
    any_range = ("x",)

    def make(self, seed=0):
        # With hidden values it has a chain and fills in what is missing.
        corruption = MaskingCorruption(0.4, name="corruption")
        options = {"walkback_steps": 2, "chain_steps": 3}
        return tiny(corruption, seed, BernoulliLikelihood(), **options)


def test_without_a_likelihood_it_has_no_chain():
    model = tiny(SaltAndPepperCorruption(0.3))
    encoding = {"anomaly_score", "encode", "decode", "reconstruct"}
    assert set(marks_of(model)) == {"corrupt", *encoding}
    for draw in (model.sample, lambda num: model.chain(np.zeros((num, 8, 8, 1)))):
        with pytest.raises(ValueError, match="`likelihood` must be given"):
            draw(2)


def test_the_corruption_is_a_function_of_the_rows():
    model = tiny(GaussianCorruption(0.5))
    images = np.zeros((4, 8, 8, 1), "f4")
    noise = [model.corruption_noise(Rows(4, seed=0, step=step)) for step in (1, 1, 2)]
    first, again, other = (model.corrupt(images, some) for some in noise)
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other)


def test_gradient_accumulation_draws_new_noise_in_each_step():
    model = tiny(GaussianCorruption(0.5))
    model.compile(keras.optimizers.SGD(1e-3, gradient_accumulation_steps=4))
    steps = []
    loss_terms = model.loss_terms

    def recorded(batch, training):
        steps.append(int(batch.rows.step))
        return loss_terms(batch, training)

    model.loss_terms = recorded
    model.run_eagerly = True
    model.fit(np.zeros((16, 8, 8, 1), "f4"), batch_size=4, verbose=0)
    assert steps == [0, 1, 2, 3]


def test_linear_denoising_of_gaussian_data_is_the_wiener_filter():
    seed_initializers(0)
    points = 0.5 + Rows(2000, 0).normal((1,), "points").numpy() * 0.1
    images = np.clip(points, 0, 1).astype("f4").reshape(-1, 1, 1, 1)
    encoder, decoder = mlp((1, 1, 1), [], (1,)), mlp((1,), [], (1, 1, 1))
    model = DenoisingAutoencoder(encoder, decoder, GaussianCorruption(0.1))
    rate = keras.optimizers.schedules.CosineDecay(0.05, 1500)
    model.compile(keras.optimizers.Adam(rate), steps_per_execution=100)
    data = tf.data.Dataset.from_tensors(images).repeat()
    model.fit(data, steps_per_epoch=1500, verbose=0)
    ends = model.reconstruct(np.array([0.0, 1.0], "f4").reshape(2, 1, 1, 1)).numpy()
    # The signal is half of the variance of the corrupted input.
    assert float(ends[1].item() - ends[0].item()) == pytest.approx(0.5, abs=0.05)


def test_it_recovers_what_a_plain_reconstruction_would_not():
    seed_initializers(0)
    images = np.zeros((64, 8, 8, 1), "f4")
    images[::2, :, :4], images[1::2, :, 4:] = 1.0, 1.0
    model = tiny(MaskingCorruption(0.7))
    model.compile(keras.optimizers.Adam(1e-2))
    model.fit(images, epochs=60, batch_size=32, verbose=0)
    corrupted = model.corrupt(images, model.corruption_noise(Rows(64, seed=5)))
    before = np.square(corrupted - images).sum(axis=(1, 2, 3)).mean()
    after = np.square(model.reconstruct(corrupted) - images).sum(axis=(1, 2, 3)).mean()
    assert after < 0.1 * before


def fitted(model, x, epochs=2):
    """A model trained on examples in their order, as `(weights, history)`."""
    model.compile(keras.optimizers.Adam(1e-2), run_eagerly=True)
    options = {"batch_size": 4, "shuffle": False, "verbose": 0}
    history = model.fit(x, epochs=epochs, **options).history
    return [np.array(weight) for weight in model.trainable_weights], history


def test_masking_of_nothing_is_the_plain_autoencoder():
    x = Rows(8, 0).uniform((8, 8, 1), "x").numpy()
    trained = []
    for model_class, corruption in (
        (Autoencoder, []),
        (DenoisingAutoencoder, [MaskingCorruption(0.0)]),
    ):
        seed_initializers(0)
        encoder, decoder = mlp((8, 8, 1), [], (4,)), mlp((4,), [], (8, 8, 1))
        trained.append(fitted(model_class(encoder, decoder, *corruption), x))
    (plain, plain_history), (masked, masked_history) = trained
    assert plain_history == masked_history
    for a, b in zip(plain, masked, strict=True):
        np.testing.assert_array_equal(a, b)


def test_one_walkback_step_is_the_plain_training_and_more_are_not():
    x = np.round(Rows(8, 0).uniform((8, 8, 1), "x").numpy())
    found = []
    for steps in ({}, {"walkback_steps": 1}, {"walkback_steps": 3}):
        seed_initializers(0)
        model = tiny(SaltAndPepperCorruption(0.4), 0, BernoulliLikelihood(), **steps)
        found.append(fitted(model, x)[1]["loss"])
    assert found[0] == found[1]
    assert found[0] != found[2]


def test_the_loss_is_the_mean_cross_entropy_over_the_walk():
    x = np.round(Rows(6, 0).uniform((8, 8, 1), "x").numpy())
    seed_initializers(0)
    model = tiny(SaltAndPepperCorruption(0.4), 3, BernoulliLikelihood(), 2)
    rows = Rows(6, 3, step=5)
    found = model.loss_terms(Batch(x, rows), training=True)["loss"]
    state, expected = x, []
    for name in ("", "_1"):
        noise = rows.normal((8, 8, 1), f"corruption{name}")
        mean = model.reconstruct(model.corrupt(state, noise)).numpy()
        nats = -np.log(np.where(x == 1, mean, 1 - mean))
        expected.append(nats.sum(axis=(1, 2, 3)).mean())
        uniform = rows.uniform((8, 8, 1), f"draw{name}").numpy()
        state = (uniform < mean).astype("f4")
    assert float(found) == pytest.approx(np.mean(expected), rel=1e-5)


# The chain on all binary images of a few pixels, where it is a matrix.


def all_images(num_pixels):
    """All binary images in a row, of shape `(2**n, 1, n, 1)`."""
    bits = np.arange(2**num_pixels)[:, None] >> np.arange(num_pixels) & 1
    return bits.astype("f4").reshape(-1, 1, num_pixels, 1)


def corruption_matrix(layer, states):
    """`C[i, j]`: the probability that state `i` is corrupted to state `j`.

    It asks the layer where a pixel goes, at many quantiles of its noise.
    """
    levels = [NormalDist().inv_cdf((i + 0.5) / 1000) for i in range(1000)]
    noise = np.array(levels, "f4").reshape(-1, 1, 1, 1)
    zero, one = (
        float(np.mean(layer(np.full_like(noise, pixel), noise))) for pixel in (0, 1)
    )
    flat = states.reshape(len(states), -1)
    # Of each pixel: the probability to become 1, then that of what it became.
    chance = np.where(flat[:, None] == 1, one, zero)
    return np.where(flat[None] == 1, chance, 1 - chance).prod(axis=-1)


def stationary(transition):
    """The law that a transition matrix keeps."""
    values, vectors = np.linalg.eig(transition.T)
    law = np.real(vectors[:, np.argmax(np.real(values))])
    return law / law.sum()


@pytest.fixture(scope="module")
def enumerated():
    """A law of four pixels, the corruption and the exact posterior of clean states."""
    states = all_images(4)
    law = np.array(Rows(1, 0).uniform((16,), "law"))[0] ** 2 + 0.01
    law = (law / law.sum()).astype(np.float64)
    corruption = corruption_matrix(SaltAndPepperCorruption(0.4), states)
    joint = law[:, None] * corruption
    return law, corruption, (joint / joint.sum(axis=0)).T


def test_with_the_exact_posterior_the_chain_keeps_the_law_of_the_data(enumerated):
    law, corruption, posterior = enumerated
    transition = corruption @ posterior
    np.testing.assert_allclose(stationary(transition), law, atol=1e-12)
    flow = law[:, None] * transition
    np.testing.assert_allclose(flow, flow.T, atol=1e-15)


def test_an_error_of_the_posterior_moves_the_law_by_it_over_the_gap(enumerated):
    law, corruption, posterior = enumerated
    transition = corruption @ posterior
    gap = 1 - np.sort(np.abs(np.linalg.eigvals(transition)))[-2]
    other = np.roll(posterior, 1, axis=1)
    moved = []
    for error in (1e-2, 1e-3, 1e-4):
        wrong = corruption @ ((1 - error) * posterior + error * other)
        moved.append(np.abs(stationary(wrong) - law).sum())
        assert moved[-1] <= 2 * error / gap
    np.testing.assert_allclose(np.divide(moved[:-1], moved[1:]), 10, rtol=0.1)


def test_a_corruption_of_nothing_freezes_the_chain(enumerated):
    law, *_ = enumerated
    corruption = corruption_matrix(SaltAndPepperCorruption(0.0), all_images(4))
    joint = law[:, None] * corruption
    transition = corruption @ (joint / joint.sum(axis=0)).T
    np.testing.assert_array_equal(transition, np.eye(16))
    frozen = exact(np.full(4, 0.5), rate=0.0)
    x = all_images(4)
    np.testing.assert_array_equal(frozen.chain(x, 5, seed=0), x)


def exact(law, rate=0.4):
    """A model that is the exact posterior of independent pixels.

    Its logit is the prior one, plus the log of how much likelier white than black has
    become what is seen, which is linear in what is seen.
    """
    n, change = len(law), rate / 2
    states = (1, n, 1)
    encoder, decoder = mlp(states, [], (n,)), mlp((n,), [], states)
    odds = math.log((1 - change) / change) if rate else 1e3
    encoder.set_weights([np.eye(n), np.zeros(n)])
    prior = np.log(law / (1 - law))
    decoder.set_weights([2 * odds * np.eye(n), prior - odds])
    corruption = SaltAndPepperCorruption(rate)
    return DenoisingAutoencoder(encoder, decoder, corruption, BernoulliLikelihood())


def test_a_model_that_is_the_posterior_draws_from_the_law_of_the_data():
    law = np.array([0.1, 0.3, 0.6, 0.8])
    model, states = exact(law), all_images(4)
    flat = states.reshape(16, 4)
    expected = np.where(flat == 1, law, 1 - law).prod(axis=1)
    mean = model.reconstruct(states).numpy().reshape(16, 1, 4)
    posterior = np.where(flat == 1, mean, 1 - mean).prod(axis=-1)
    transition = corruption_matrix(model.corruption, states) @ posterior
    np.testing.assert_allclose(stationary(transition), expected, atol=1e-6)
    # What it draws has the law of one step of that matrix, from any state.
    start = np.repeat(states[[0, 15]], 4000, axis=0)
    drawn = model.chain(start, 1, seed=0).reshape(2, 4000, 4)
    seen = (drawn @ (1 << np.arange(4))).astype(int)
    for row, found in zip((0, 15), seen, strict=True):
        share = np.bincount(found, minlength=16) / 4000
        error = np.sqrt(transition[row] / 4000)
        assert np.all(np.abs(share - transition[row]) < 4.5 * error)
    # After many steps it has forgotten where it came from.
    drawn = model.chain(start, 30, seed=1).reshape(-1, 4)
    np.testing.assert_allclose(drawn.mean(axis=0), law, atol=4.5 * 0.5 / 8000**0.5)


def test_chains_are_a_function_of_their_seed_and_row():
    model = exact(np.full(4, 0.3))
    x = all_images(4)
    every = model.chain(x, 6, seed=3, every=2)
    assert every.shape == (3, *x.shape)
    np.testing.assert_array_equal(every[-1], model.chain(x, 6, seed=3))
    np.testing.assert_array_equal(every[0], model.chain(x, 2, seed=3))
    np.testing.assert_array_equal(every[:, :5], model.chain(x[:5], 6, 3, every=2))
    assert not np.array_equal(every[-1], model.chain(x, 6, seed=4))
    assert set(np.unique(every)) == {0.0, 1.0}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"steps": 0}, "`steps` must be an integer of at least 1.*0"),
        ({"steps": 2.5}, "`steps` must be an integer"),
        ({"every": 0}, "`every` must be an integer of at least 1"),
        ({"steps": 3, "every": 4}, "`every` must be at most 3.*4"),
        ({"seed": -1}, "`seed` must be an integer"),
        ({"x": np.zeros((2, 1, 5, 1))}, "`x` must have shape"),
    ],
)
def test_bad_chains_are_refused(given, message):
    with pytest.raises(ValueError, match=message):
        exact(np.full(4, 0.3)).chain(**{"x": np.zeros((2, 1, 4, 1)), **given})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"likelihood": "bernoulli"}, "`likelihood` must be a BernoulliLik.*'bern"),
        ({"likelihood": GaussianLikelihood()}, "`likelihood` must be a Bernoulli"),
        ({"walkback_steps": 0}, "`walkback_steps` must be an integer"),
        ({"walkback_steps": 2}, "`walkback_steps` must be 1 without.*2"),
        ({"chain_steps": 0}, "`chain_steps` must be an integer"),
    ],
)
def test_bad_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        tiny(MaskingCorruption(0.3), **options)


def test_a_decoder_that_ends_in_a_sigmoid_has_no_logits():
    decoder = mlp((4,), [], (8, 8, 1), output_activation="sigmoid")
    parts = mlp((8, 8, 1), [], (4,)), decoder, MaskingCorruption(0.3)
    DenoisingAutoencoder(*parts)
    with pytest.raises(ValueError, match="`decoder` must end in logits"):
        DenoisingAutoencoder(*parts, BernoulliLikelihood())
