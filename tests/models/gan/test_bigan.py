import itertools
import math

import numpy as np
import pytest
import tensorflow as tf
from contracts import AutoencodingContract, PhasesContract, SamplerContract
from players import learners

from keras_gen.losses import minimax_discriminator_loss
from keras_gen.models import BiGAN
from keras_gen.models.base import Batch
from keras_gen.networks import mlp
from keras_gen.random import Rows


def tiny(seed=0, **options):
    encoder = mlp((8, 8, 1), [16], (3,), name="encoder")
    decoder = mlp((3,), [16], (8, 8, 1), output_activation="sigmoid", name="decoder")
    discriminator = mlp([(8, 8, 1), (3,)], [16], (1,), name="discriminator")
    return BiGAN(encoder, decoder, discriminator, seed=seed, name="tiny", **options)


class TestContract(SamplerContract, AutoencodingContract, PhasesContract):
    model_class = BiGAN

    def make(self, seed=0):
        return tiny(seed=seed)


def test_the_best_discriminator_is_the_share_of_the_encoder_in_a_pair():
    # How often each of four pairs comes from the encoder and from the decoder.
    encoded, generated = np.array([6, 3, 1, 2]), np.array([1, 3, 6, 2])
    scores = tf.Variable(tf.zeros(4))
    for _ in range(300):
        with tf.GradientTape() as tape:
            loss = minimax_discriminator_loss(
                tf.repeat(scores, encoded), tf.repeat(scores, generated)
            )
        scores.assign_sub(5.0 * tape.gradient(loss, scores))
    np.testing.assert_allclose(
        tf.sigmoid(scores), encoded / (encoded + generated), atol=1e-4
    )


def test_the_optimum_is_where_encoder_and_decoder_invert_each_other():
    # All maps between three images and three latents, each equally likely.
    def loss(encoder, decoder):
        pairs = np.zeros((2, 3, 3))
        for i in range(3):
            pairs[0, i, encoder[i]] += 1 / 3
            pairs[1, decoder[i], i] += 1 / 3
        ratio = np.log(pairs[0] + 1e-30) - np.log(pairs[1] + 1e-30)
        score = ratio.clip(-60, 60).astype("f4")
        encoded = [score[i, encoder[i]] for i in range(3)]
        generated = [score[decoder[i], i] for i in range(3)]
        return float(minimax_discriminator_loss(encoded, generated))

    maps = list(itertools.product(range(3), repeat=3))
    losses = {(e, d): loss(e, d) for e in maps for d in maps}
    # The players want a large loss of the best discriminator.
    best = max(losses.values())
    assert best == pytest.approx(2 * math.log(2))
    winners = {pair for pair, found in losses.items() if found > best - 1e-5}
    inverse = {(e, d) for e, d in losses if all(d[e[i]] == i for i in range(3))}
    assert winners == inverse
    assert len(inverse) == math.factorial(3)


def test_swapped_labels_have_the_gradient_of_the_non_saturating_loss():
    model, x = tiny(), tf.constant(TestContract().x(6))
    batch = Batch(x, Rows(6, 0))
    networks = model.encoder, model.decoder
    players = [v.value for n in networks for v in n.trainable_variables]
    with tf.GradientTape(persistent=True) as tape:
        swapped = model.generator_terms(batch, training=True)["generator_loss"]
        latents = batch.rows.normal((3,), "generator")
        encoded = model.discriminator([x, model.encoder(x)])
        generated = model.discriminator([model.decoder(latents), latents])
        # The mean of -log(1 - D(x, E(x))) and that of -log D(G(z), z).
        loss = -tf.reduce_mean(tf.math.log_sigmoid(-encoded))
        loss -= tf.reduce_mean(tf.math.log_sigmoid(generated))
    for a, b in zip(
        tape.gradient(swapped, players), tape.gradient(loss, players), strict=True
    ):
        np.testing.assert_allclose(a, b, atol=1e-6)
        assert np.abs(a).max() > 0


def test_encoder_and_decoder_learn_together_and_the_discriminator_by_itself():
    assert learners(tiny(), ("encoder", "decoder", "discriminator")) == {
        "discriminator": {"discriminator"},
        "generator": {"encoder", "decoder"},
    }


@pytest.mark.parametrize(
    ("discriminator", "message"),
    [
        (mlp((8, 8, 1), [], (1,)), "`discriminator` must have 2 inputs"),
        (mlp([(3,), (8, 8, 1)], [], (1,)), r"`discriminator` must take.*\(8, 8, 1\)"),
        (mlp([(8, 8, 1), (3,)], [], (2,)), r"one score.*to \(2,\)"),
        (
            mlp([(8, 8, 1), (3,)], [], (1,), output_activation="sigmoid"),
            "`discriminator` must end in scores.*sigmoid",
        ),
    ],
)
def test_discriminators_that_do_not_judge_pairs_are_refused(discriminator, message):
    model = tiny()
    with pytest.raises(ValueError, match=message):
        BiGAN(model.encoder, model.decoder, discriminator)
