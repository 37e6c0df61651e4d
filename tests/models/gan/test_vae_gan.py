import keras
import numpy as np
import pytest
import tensorflow as tf
from contracts import AutoencodingContract, PhasesContract, SamplerContract
from players import learners

from keras_gen.distributions import GaussianLikelihood, kl_divergence
from keras_gen.models import VAE, VAEGAN
from keras_gen.models.base import Batch
from keras_gen.networks import mlp
from keras_gen.random import Rows

NETWORKS = ("encoder", "decoder", "features", "discriminator")
RATE = 0.1


def tiny(seed=0, features=None, distortion_weight=0.5, **options):
    encoder = mlp((8, 8, 1), [16], (6,), name="encoder")
    decoder = mlp((3,), [16], (8, 8, 1), output_activation="sigmoid", name="decoder")
    if features is None:
        end = {"output_activation": "tanh", "name": "features"}
        features = mlp((8, 8, 1), [], (12,), **end)
    shape = features.output_shape[1:]
    discriminator = mlp(shape, [], (1,), name="discriminator")
    networks = encoder, decoder, features, discriminator
    return VAEGAN(*networks, distortion_weight, seed=seed, name="tiny", **options)


class TestContract(SamplerContract, AutoencodingContract, PhasesContract):
    model_class = VAEGAN

    def make(self, seed=0):
        return tiny(seed=seed)


def parts_by_hand(model, x, rows, stream):
    """The rate, the distortion, and the logits of data and of both kinds of fakes."""
    mean, log_scale = tf.split(model.encoder(x), 2, axis=-1)
    noise = rows.normal((3,), f"{stream}_posterior")
    rebuilt = model.decoder(mean + tf.exp(log_scale) * noise)
    drawn = model.decoder(rows.normal((3,), f"{stream}_prior"))
    rate = 0.5 * tf.reduce_sum(mean**2 + tf.exp(2 * log_scale) - 1 - 2 * log_scale, 1)
    error = model.features(x) - model.features(rebuilt)
    distortion = 0.5 * tf.reduce_sum(error**2, axis=1)
    logits = [model.discriminator(model.features(i)) for i in (x, rebuilt, drawn)]
    return tf.reduce_mean(rate), tf.reduce_mean(distortion), logits


def test_a_step_is_the_one_written_by_hand():
    # Who learns from what: the encoder from rate and distortion, the decoder from
    # distortion and game, features and discriminator from the game.
    model, by_hand = tiny(), tiny()
    by_hand.set_weights(model.get_weights())
    x, sgd = TestContract().x(8), keras.optimizers.SGD
    model.compile(
        encoder_optimizer=sgd(RATE),
        decoder_optimizer=sgd(RATE),
        discriminator_optimizer=sgd(RATE),
        run_eagerly=True,
    )
    model.fit(x, batch_size=8, shuffle=False, verbose=0)
    for stream, learning in (
        ("encoder", NETWORKS[:1]),
        ("decoder", NETWORKS[1:2]),
        ("discriminator", NETWORKS[2:]),
    ):
        networks = [getattr(by_hand, name) for name in learning]
        variables = [v for n in networks for v in n.trainable_variables]
        with tf.GradientTape() as tape:
            parts = parts_by_hand(by_hand, x, Rows(8, 0, step=0), stream)
            rate, distortion, (real, rebuilt, drawn) = parts
            real, rebuilt, drawn = (
                [tf.reduce_mean(tf.math.log_sigmoid(sign * s)) for sign in (1, -1)]
                for s in (real, rebuilt, drawn)
            )
            loss = {
                "encoder": rate + distortion,
                "decoder": 0.5 * distortion - rebuilt[0] - drawn[0],
                "discriminator": -real[0] - rebuilt[1] - drawn[1],
            }[stream]
        found = tape.gradient(loss, [v.value for v in variables])
        for variable, gradient in zip(variables, found, strict=True):
            variable.assign_sub(RATE * gradient)
    for a, b in zip(model.get_weights(), by_hand.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


def test_each_phase_has_its_own_networks():
    assert learners(tiny(), NETWORKS) == {
        "encoder": {"encoder"},
        "decoder": {"decoder"},
        "discriminator": {"features", "discriminator"},
    }


def test_what_a_network_must_not_learn_from_has_no_gradient_there():
    model, x = tiny(), tf.constant(TestContract().x(8))
    batch = Batch(x, Rows(8, 0))
    values = {
        name: [v.value for v in getattr(model, name).trainable_variables]
        for name in NETWORKS
    }
    with tf.GradientTape(persistent=True) as tape:
        encoder_loss = model.encoder_terms(batch, True)["encoder_loss"]
        rebuilt, _ = model.fakes(batch, "decoder", True)
        game = tf.reduce_sum(model.score(rebuilt, True))
        distortion = model.distortion(x, rebuilt, True)
    # The encoder's loss says nothing of the game's last layers, but the game would
    # reach the encoder, and the distortion the features: phases keep them apart.
    unconnected = tape.gradient(encoder_loss, values["discriminator"])
    assert unconnected == [None, None]
    assert any(g is not None for g in tape.gradient(game, values["encoder"]))
    assert any(g is not None for g in tape.gradient(distortion, values["features"]))
    variables = {phase.name: phase.variables for phase in model.phases()}
    for name, network in (("encoder", "encoder"), ("decoder", "decoder")):
        found = {id(v) for v in variables[name]}
        assert found == {id(v) for v in getattr(model, network).trainable_variables}


def test_with_pixels_as_features_and_a_large_weight_it_is_the_vae():
    image = keras.Input((8, 8, 1))
    pixels = keras.Model(image, keras.layers.Reshape((64,))(image), name="features")
    weight = 1e6
    model = tiny(features=pixels, distortion_weight=weight)
    vae = VAE(model.encoder, model.decoder, GaussianLikelihood(1.0))
    x, rows = tf.constant(TestContract().x(8)), Rows(8, 0)
    players = {
        name: [v.value for v in getattr(model, name).trainable_variables]
        for name in ("encoder", "decoder")
    }
    for name, scale in (("encoder", 1.0), ("decoder", weight)):
        terms = getattr(model, f"{name}_terms")
        with tf.GradientTape(persistent=True) as tape:
            found = terms(Batch(x, rows), True)[f"{name}_loss"] / scale
            posterior = vae.posterior(x)
            noise = rows.normal((3,), f"{name}_posterior")
            latents = posterior.mean() + posterior.stddev() * noise
            rate = tf.reduce_mean(kl_divergence(posterior, vae.prior(), latents[None]))
            log_prob = vae.likelihood(latents).log_prob(x)
            loss = rate - tf.reduce_mean(log_prob)
        if name == "encoder":
            constant = 32 * np.log(2 * np.pi)
            assert float(loss - found) == pytest.approx(constant, rel=1e-4)
        for a, b in zip(
            tape.gradient(found, players[name]),
            tape.gradient(loss, players[name]),
            strict=True,
        ):
            np.testing.assert_allclose(a, b, atol=1e-4)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"encoder": mlp((8, 8, 1), [], (3,))}, "`encoder`.*2 numbers for each.*3"),
        ({"encoder": mlp((8, 8, 1), [], (4,))}, r"`decoder` must take.*\(2,\)"),
        ({"features": mlp((8, 8, 3), [], (12,))}, r"`features`.*\(8, 8, 3\)"),
        ({"features": mlp((8, 8, 1), [], (9,))}, r"`discriminator` must take.*\(9,\)"),
        (
            {"discriminator": mlp((12,), [], (1,), output_activation="relu")},
            "`discriminator` must end in scores.*relu",
        ),
        ({"distortion_weight": -1.0}, "`distortion_weight` must be at least 0"),
    ],
)
def test_what_does_not_match_is_refused(change, message):
    model = tiny()
    given = {name: getattr(model, name) for name in NETWORKS}
    with pytest.raises(ValueError, match=message):
        VAEGAN(**{**given, **change})
