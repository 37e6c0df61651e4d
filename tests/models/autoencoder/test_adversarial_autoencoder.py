import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from contracts import AutoencodingContract, PhasesContract, SamplerContract
from players import learners

from keras_gen.distributions import MixturePrior, NormalPrior, RingPrior
from keras_gen.models import AdversarialAutoencoder
from keras_gen.models.base import Batch
from keras_gen.networks import mlp
from keras_gen.random import Rows

#: The three kinds of encoders of the paper.
ENCODERS = {
    "deterministic": lambda: mlp((8, 8, 1), [16], (2,), name="encoder"),
    "normal": lambda: mlp((8, 8, 1), [16], (4,), name="encoder"),
    "universal": lambda: mlp([(8, 8, 1), (5,)], [16], (2,), name="encoder"),
}


def tiny(seed=0, kind="normal", **options):
    decoder = mlp((2,), [16], (8, 8, 1), output_activation="sigmoid", name="decoder")
    discriminator = mlp((2,), [16], (1,), name="discriminator")
    networks = ENCODERS[kind](), decoder, discriminator
    options = {"prior": RingPrior(), "seed": seed, "name": "tiny", **options}
    return AdversarialAutoencoder(*networks, **options)


class TestContract(SamplerContract, AutoencodingContract, PhasesContract):
    model_class = AdversarialAutoencoder

    def make(self, seed=0):
        return tiny(seed=seed)


@pytest.mark.parametrize("kind", ENCODERS)
def test_all_kinds_of_encoders_are_used_alike(kind):
    model, x = tiny(kind=kind), tf.constant(TestContract().x(6))
    model.compile(run_eagerly=True)
    history = model.fit(x.numpy(), verbose=0).history
    assert np.isfinite(list(history.values())).all()
    assert model.sample(3, seed=0).shape == model.reconstruct(x[:3]).shape
    assert model.encode(x).shape == (6, 2)
    again = AdversarialAutoencoder.from_config(model.get_config())
    assert again.code_noise_shape == model.code_noise_shape
    noise = [Rows(6, seed).normal(model.code_noise_shape, "noise") for seed in (0, 1)]
    first, second = (model.infer(x, some) for some in noise)
    assert np.allclose(first, second) == (kind == "deterministic")
    np.testing.assert_array_equal(model.infer(x, 0.0 * noise[0]), model.encode(x))


def test_the_latents_of_a_normal_encoder_have_its_mean_and_scale():
    model, x = tiny(), TestContract().x(1)
    mean, log_scale = np.split(model.encoder(x).numpy()[0], 2)
    noise = Rows(5000, 0).normal((2,), "noise")
    latents = model.infer(np.repeat(x, 5000, axis=0), noise).numpy()
    error = 4 * np.exp(log_scale) / np.sqrt(5000)
    assert (np.abs(latents.mean(axis=0) - mean) < error).all()
    np.testing.assert_allclose(latents.std(axis=0), np.exp(log_scale), rtol=0.06)


def table_of_three():
    """A game on three places, whose discriminator has a logit for each of them."""
    places = np.eye(3, dtype="f4")
    judge = mlp((3,), [], (1,), output_bias=False)
    encoder, decoder = (mlp((3,), [], (3,), output_bias=False) for _ in range(2))
    encoder.set_weights([places])
    prior = MixturePrior(places, scale=1e-6)
    model = AdversarialAutoencoder(encoder, decoder, judge, prior)
    return model, places, judge.trainable_variables[0]


def learned(model, kernel, x):
    """The discriminator's loss after many steps on one batch."""
    batch = Batch(tf.constant(x), Rows(len(x), 0))
    for _ in range(300):
        with tf.GradientTape() as tape:
            terms = model.discriminator_terms(batch, training=True)
        loss = terms["discriminator_loss"]
        kernel.assign_sub(2.0 * tape.gradient(loss, kernel.value))
    return float(loss)


def test_the_best_discriminator_is_the_share_of_the_prior():
    model, places, kernel = table_of_three()
    codes = np.array([30, 20, 10])
    learned(model, kernel, np.repeat(places, codes, axis=0))
    prior = np.round(model.prior.from_noise(model.prior.noise(Rows(60, 0), "prior")))
    drawn = prior.sum(axis=0)
    expected = drawn / (drawn + codes)
    np.testing.assert_allclose(tf.sigmoid(kernel)[:, 0], expected, atol=1e-3)


def test_where_codes_are_draws_of_the_prior_the_loss_is_log_4():
    model, _, kernel = table_of_three()
    x = model.prior.from_noise(model.prior.noise(Rows(60, 0), "prior"))
    kernel.assign([[1.0], [-2.0], [0.5]])
    assert learned(model, kernel, x) == pytest.approx(2 * math.log(2), abs=1e-4)


def test_each_phase_has_its_own_networks():
    assert learners(tiny(), ("encoder", "decoder", "discriminator")) == {
        "reconstruction": {"encoder", "decoder"},
        "discriminator": {"discriminator"},
        "generator": {"encoder"},
    }


def log_ratio(mean, scale):
    """A discriminator whose logit is that of the prior against N(mean, scale^2)."""
    z = keras.Input((2,))
    terms = keras.layers.Concatenate()([z, z * z])
    judge = keras.Model(z, keras.layers.Dense(1)(terms))
    kernel = np.concatenate([-mean / scale**2, 0.5 / scale**2 - 0.5])
    bias = np.sum(0.5 * mean**2 / scale**2 + np.log(scale))
    judge.set_weights([kernel[:, None], bias[None]])
    return judge


@pytest.mark.parametrize(
    ("mean", "scale"),
    [([0.7, 0.0], [1.0, 0.6]), ([0.0, -1.2], [1.5, 1.0]), ([0.0, 0.0], [1.0, 1.0])],
)
def test_codes_move_to_the_mean_and_scale_of_the_prior(mean, scale):
    # Codes are normal, and their discriminator is the best one.
    mean, scale = np.array(mean), np.array(scale)
    encoder, decoder = mlp((2,), [], (2,)), mlp((2,), [], (2,))
    encoder.set_weights([np.diag(scale), mean])
    model = AdversarialAutoencoder(encoder, decoder, log_ratio(mean, scale))
    x, weights = Rows(5000, 0).normal((2,), "x"), encoder.trainable_variables
    with tf.GradientTape() as tape:
        loss = model.generator_terms(Batch(x, Rows(5000, 1)), True)["generator_loss"]
    kernel, bias = tape.gradient(loss, [v.value for v in weights])
    slopes = np.concatenate([np.diag(kernel), bias])
    gaps = np.concatenate([scale - 1.0, mean])
    # Downhill is where the gaps become smaller.
    assert (np.sign(slopes)[gaps != 0] == np.sign(gaps)[gaps != 0]).all()
    if not gaps.any():
        assert np.abs(slopes).max() < 1e-6
        assert float(loss) == pytest.approx(math.log(2), abs=1e-6)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"prior": NormalPrior(3)},
            "`prior` must be a prior of 2 latents.*NormalPrior",
        ),
        ({"prior": "ring"}, "`prior` must be a prior of 2 latents.*'ring'"),
        ({"encoder": mlp((8, 8, 1), [], (3,))}, r"`decoder` must take.*\(3,\).*\(2,\)"),
        (
            {"encoder": mlp([(8, 8, 1), (5,)], [], (4,))},
            r"`decoder` must take.*\(4,\).*\(2,\)",
        ),
        (
            {"encoder": mlp([(8, 8, 1), (5,), (1,)], [], (2,))},
            "`encoder` must have 2 inputs.*with 3",
        ),
        ({"decoder": mlp((2,), [], (8, 8, 3))}, r"`decoder` must end.*\(8, 8, 3\)"),
        ({"discriminator": mlp((3,), [], (1,))}, r"`discriminator` must take.*\(2,\)"),
        ({"discriminator": mlp((2,), [], (2,))}, r"one score.*\(2,\)"),
        (
            {"discriminator": mlp((2,), [], (1,), output_activation="sigmoid")},
            "`discriminator` must end in scores.*sigmoid",
        ),
    ],
)
def test_what_does_not_match_is_refused(change, message):
    model = tiny()
    given = {
        name: getattr(model, name)
        for name in ("encoder", "decoder", "discriminator", "prior")
    }
    with pytest.raises(ValueError, match=message):
        AdversarialAutoencoder(**{**given, **change})
