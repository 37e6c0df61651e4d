import keras
import numpy as np
import pytest
import tensorflow as tf
from contracts import AdversarialContract

from keras_gen.losses import (
    minimax_discriminator_loss,
    minimax_generator_loss,
    non_saturating_generator_loss,
)
from keras_gen.models import GAN
from keras_gen.models.base import Batch
from keras_gen.networks import dcgan_discriminator, dcgan_generator, mlp
from keras_gen.random import Rows, seed_initializers


def tiny(seed=0, **options):
    generator = mlp((3,), [16], (8, 8, 1), output_activation="tanh", name="generator")
    discriminator = mlp((8, 8, 1), [16], (1,), name="discriminator")
    return GAN(generator, discriminator, seed=seed, name="tiny", **options)


class TestContract(AdversarialContract):
    model_class = GAN

    def make(self, seed=0):
        return tiny(seed=seed)


def batch_of(images, seed=0):
    return Batch(tf.constant(images), Rows(len(images), seed))


def gradients(model, phase):
    """Gradients of the loss of a phase with respect to all trainable variables."""
    images = TestContract().x(16)
    with tf.GradientTape() as tape:
        terms = phase.terms(batch_of(images), training=True)
        loss = terms[f"{phase.name}_loss"]
    return tape.gradient(loss, [v.value for v in model.trainable_variables])


def test_each_phase_moves_its_own_player_alone():
    for index in range(2):
        model = tiny()
        rates = [0.0, 0.0]
        rates[index] = 0.1
        model.compile(
            discriminator_optimizer=keras.optimizers.SGD(rates[0]),
            generator_optimizer=keras.optimizers.SGD(rates[1]),
        )
        players = [model.discriminator, model.generator]
        before = [player.get_weights() for player in players]
        model.fit(TestContract().x(), verbose=0)
        for number, player in enumerate(players):
            for a, b in zip(before[number], player.get_weights(), strict=True):
                assert np.array_equal(a, b) == (number != index)


def test_a_step_is_the_one_written_by_hand():
    images = TestContract().x(8)
    model, by_hand = tiny(), tiny()
    by_hand.set_weights(model.get_weights())
    sgd = keras.optimizers.SGD
    model.compile(generator_optimizer=sgd(0.1), discriminator_optimizer=sgd(0.1))
    model.fit(images, batch_size=8, shuffle=False, verbose=0)
    rows = Rows(8, 0, step=0)
    for network, stream in [
        (by_hand.discriminator, "discriminator"),
        (by_hand.generator, "generator"),
    ]:
        with tf.GradientTape() as tape:
            score = by_hand.discriminator(by_hand.generator(rows.normal((3,), stream)))
            if stream == "discriminator":
                loss = minimax_discriminator_loss(by_hand.discriminator(images), score)
            else:
                loss = non_saturating_generator_loss(None, score)
        variables = network.trainable_variables
        found = tape.gradient(loss, [v.value for v in variables])
        for variable, gradient in zip(variables, found, strict=True):
            variable.assign_sub(0.1 * gradient)
    for a, b in zip(model.get_weights(), by_hand.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_shares_are_disjoint_and_cover_the_batch():
    images = np.arange(13, dtype="f4").reshape(13, 1, 1, 1)
    batch = Batch(tf.constant(images), Rows(13, 0), tf.range(13))
    shares = [batch.share(index, 5) for index in range(5)]
    for index, share in enumerate(shares):
        np.testing.assert_array_equal(share.x, images[index::5])
        np.testing.assert_array_equal(share.rows.row, np.arange(13)[index::5])
        np.testing.assert_array_equal(share.y, np.arange(13)[index::5])
    assert sorted(int(i) for share in shares for i in share.y) == list(range(13))


def test_several_discriminator_steps_see_shares_of_their_own():
    model = tiny(discriminator_steps=3)
    seen = []
    terms = model.discriminator_terms

    def recorded(images, fakes, batch, training):
        seen.append((batch.rows.row.numpy().tolist(), len(fakes)))
        return terms(images, fakes, batch, training)

    model.discriminator_terms = recorded
    model.compile(run_eagerly=True)
    model.fit(TestContract().x(8), batch_size=8, verbose=0)
    assert seen == [([0, 3, 6], 3), ([1, 4, 7], 3), ([2, 5], 2)]


def test_the_minimax_gradient_vanishes_where_the_other_does_not():
    norms = {}
    for loss in (minimax_generator_loss, non_saturating_generator_loss):
        seed_initializers(0)
        model = tiny(generator_loss=loss)
        # A discriminator that is sure: far below zero on whatever it sees.
        bias = model.discriminator.get_layer("outputs").bias
        bias.assign(np.full(bias.shape, -15.0))
        found = gradients(model, model.phases()[1])
        norms[loss] = float(tf.linalg.global_norm(found[:4]))
    ratio = norms[minimax_generator_loss] / norms[non_saturating_generator_loss]
    # sigmoid(s) / sigmoid(-s) = exp(s), and |s| stays within about 2 of the bias.
    assert np.exp(-17) < ratio < np.exp(-13)


def test_label_smoothing_reaches_the_real_target_alone():
    images, fakes = (tf.constant(TestContract().x(6, seed=seed)) for seed in (0, 1))
    model = tiny(label_smoothing=0.1)
    plain = tiny()
    plain.set_weights(model.get_weights())
    batch = batch_of(images)
    smooth = model.discriminator_terms(images, fakes, batch, training=True)
    hard = plain.discriminator_terms(images, fakes, batch, training=True)
    real_score = model.score(images, None, training=True)
    np.testing.assert_allclose(
        smooth["discriminator_loss"] - hard["discriminator_loss"],
        0.1 * tf.reduce_mean(real_score),
        atol=1e-6,
    )


def test_the_slope_at_real_images_is_penalized():
    model, plain = tiny(r1_weight=4.0), tiny()
    plain.set_weights(model.get_weights())
    images, fakes = (tf.constant(TestContract().x(6, seed=seed)) for seed in (0, 1))
    batch = batch_of(images)
    found = model.discriminator_terms(images, fakes, batch, training=True)
    without = plain.discriminator_terms(images, fakes, batch, training=True)
    with tf.GradientTape() as tape:
        tape.watch(images)
        score = model.discriminator(images)
    slope = tape.gradient(score, images).numpy().reshape(6, -1)
    expected = 0.5 * np.mean(np.sum(slope**2, axis=1))
    assert float(found["penalty"]) == pytest.approx(expected, rel=1e-5)
    change = found["discriminator_loss"] - without["discriminator_loss"]
    assert float(change) == pytest.approx(4.0 * expected, rel=1e-4)
    assert "penalty" not in without
    again = GAN.from_config(model.get_config())
    again.compile(run_eagerly=True)
    history = again.fit(TestContract().x(8), verbose=0).history
    assert set(history) == {"discriminator_loss", "generator_loss", "penalty"}
    assert history["penalty"][0] > 0


def test_a_penalty_of_slopes_refuses_batch_normalization():
    generator = dcgan_generator(3, [4, 4], (8, 8, 1), 3)
    discriminator = dcgan_discriminator((8, 8, 1), [4, 4], 3)
    with pytest.raises(ValueError, match="must not use batch normalization"):
        GAN(generator, discriminator, r1_weight=1.0)


def test_the_average_of_the_generator_samples_and_is_saved(tmp_path):
    model = tiny(average_decay=0.5)
    model.compile(generator_optimizer=keras.optimizers.SGD(0.5))
    history = [model.generator.get_weights()]
    for seed in range(3):
        model.fit(TestContract().x(8, seed), batch_size=8, verbose=0)
        history.append(model.generator.get_weights())
    averages = history[0]
    for update, weights in enumerate(history[1:], start=1):
        decay = min(0.5, update / (update + 9))
        averages = [
            decay * a + (1 - decay) * w for a, w in zip(averages, weights, strict=True)
        ]
    for a, b in zip(averages, model.averaged_generator.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)
    latents = model.noise(3, seed=0)
    np.testing.assert_array_equal(
        model.from_noise(latents), model.averaged_generator(latents)
    )
    assert not np.allclose(model.from_noise(latents), model.generator(latents))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.sample(3, seed=0), model.sample(3, seed=0))


def test_instance_noise_has_its_scale_and_follows_its_schedule():
    images = np.zeros((500, 8, 8, 1), "f4")
    rows = Rows(500, 0)
    constant = tiny(instance_noise=0.3)._with_noise(images, rows, "noise")
    assert float(tf.math.reduce_std(constant)) == pytest.approx(0.3, rel=0.02)
    schedule = keras.optimizers.schedules.ExponentialDecay(0.8, 1, 0.5)
    falling = tiny(instance_noise=schedule)
    falling.compile()
    falling.optimizer.iterations.assign(2)
    noise = falling._with_noise(images, rows, "noise")
    assert float(tf.math.reduce_std(noise)) == pytest.approx(0.2, rel=0.02)
    assert tiny()._with_noise(images, rows, "noise") is images
    again = GAN.from_config(falling.get_config())
    assert again.instance_noise.get_config() == schedule.get_config()


def test_convolutional_networks_train():
    generator = dcgan_generator(3, [4], (8, 8, 1), 3)
    discriminator = dcgan_discriminator((8, 8, 1), [4], 3)
    model = GAN(generator, discriminator)
    model.compile()
    history = model.fit(TestContract().x(), batch_size=8, verbose=0).history
    assert np.isfinite(list(history.values())).all()


def ring(num_points, seed=0):
    """Points of eight narrow Gaussians on a circle, as images of one pixel."""
    rows = Rows(num_points, seed)
    mode = np.floor(rows.uniform((1,), "mode") * 8)
    centre = np.concatenate([np.cos(mode * np.pi / 4), np.sin(mode * np.pi / 4)], 1)
    points = 0.7 * centre + 0.02 * rows.normal((2,), "spread")
    return np.asarray(points, "f4").reshape(-1, 1, 1, 2)


def modes_hit(samples, num_modes=8):
    """Modes near which at least 2% of the samples lie, and the share near any."""
    angles = np.arange(num_modes) * np.pi / 4
    centres = 0.7 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    distances = np.linalg.norm(samples.reshape(-1, 1, 2) - centres, axis=-1)
    near = distances.argmin(axis=1)[distances.min(axis=1) < 0.15]
    counts = np.bincount(near, minlength=num_modes)
    return int((counts > 0.02 * len(samples)).sum()), len(near) / len(samples)


def ring_networks():
    seed_initializers(0)
    generator = mlp((2,), [64, 64], (1, 1, 2), output_activation="tanh")
    discriminator = mlp((1, 1, 2), [64, 64], (1,), output_bias=False)
    return generator, discriminator


def test_a_ring_of_eight_gaussians_is_learned():
    model = GAN(*ring_networks(), instance_noise=0.1)
    model.compile(
        discriminator_optimizer=keras.optimizers.Adam(1e-3, 0.5),
        generator_optimizer=keras.optimizers.Adam(1e-3, 0.5),
        jit_compile=True,
        steps_per_execution=100,
    )
    model.fit(ring(25_600), batch_size=256, epochs=30, verbose=0)
    modes, share = modes_hit(model.sample(2000, seed=0))
    assert modes == 8
    assert share > 0.8


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"discriminator": (8, 8, 3)}, r"take shape \(8, 8, 1\).*\(8, 8, 3\)"),
        ({"score": (2,)}, r"one score, of shape \(1,\).*\(2,\)"),
        ({"latents": (2, 2)}, r"latents of shape.*\(2, 2\)"),
    ],
)
def test_networks_that_do_not_meet_are_refused(change, message):
    generator = mlp(change.get("latents", (3,)), [], (8, 8, 1))
    shape = change.get("discriminator", (8, 8, 1))
    discriminator = mlp(shape, [], change.get("score", (1,)))
    with pytest.raises(ValueError, match=message):
        GAN(generator, discriminator)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"discriminator_steps": 0}, "`discriminator_steps` must be an integer"),
        ({"average_decay": 1.0}, "`average_decay` must lie in"),
        ({"instance_noise": -0.1}, "`instance_noise` must be at least 0"),
        ({"label_smoothing": 1.0}, "`label_smoothing` must lie in"),
        ({"r1_weight": -1.0}, "`r1_weight` must be at least 0"),
    ],
)
def test_bad_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        tiny(**options)


def test_float16_is_refused():
    keras.mixed_precision.set_dtype_policy("mixed_float16")
    try:
        model = tiny()
    finally:
        keras.mixed_precision.set_dtype_policy("float32")
    with pytest.raises(ValueError, match="use mixed_bfloat16"):
        model.compile()
