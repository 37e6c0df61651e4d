"""Numbers of a model that change: by a schedule, or between two trainings."""

import keras
import numpy as np
import pytest

from keras_gen.distributions import BernoulliLikelihood
from keras_gen.losses import non_saturating_discriminator_loss
from keras_gen.models import GAN, VAE, WGAN, WGANGP
from keras_gen.models.base import Batch
from keras_gen.networks import mlp
from keras_gen.random import Rows

SHAPE = (2, 2, 1)


def vae(**options):
    encoder, decoder = mlp(SHAPE, [4], (4,)), mlp((2,), [4], SHAPE)
    return VAE(encoder, decoder, BernoulliLikelihood(), **options)


def game(model_class, **options):
    generator = mlp((2,), [4], SHAPE, output_activation="tanh")
    judge = mlp(SHAPE, [4], (1,), output_bias=False)
    return model_class(generator, judge, discriminator_steps=1, **options)


def falling(start, end=0.0):
    """From `start` to `end` in two steps."""
    return keras.optimizers.schedules.PolynomialDecay(start, 2, end)


def reported_by_step(model, num_steps=3):
    """What single steps report, one after the other."""
    x = model.x_domain.draw(Rows(4, 0))
    model.compile(run_eagerly=True)
    return [model.fit(x, batch_size=4, verbose=0).history for _ in range(num_steps)]


def test_beta_follows_its_schedule():
    for step, found in enumerate(reported_by_step(vae(beta=falling(4.0)))):
        loss, rate, distortion = (
            found[name][0] for name in ("loss", "rate", "distortion")
        )
        beta = [4.0, 2.0, 0.0][step]
        assert loss == pytest.approx(distortion + beta * rate, rel=1e-5)


def test_the_weight_of_a_penalty_follows_its_schedule():
    model = game(WGANGP, penalty_weight=falling(8.0))
    for step, found in enumerate(reported_by_step(model)):
        loss = found["discriminator_loss"][0] + found["wasserstein_estimate"][0]
        weight = [8.0, 4.0, 0.0][step]
        assert loss == pytest.approx(weight * found["penalty"][0], abs=1e-5)


def test_a_clip_follows_its_schedule():
    model = game(WGAN, clip=falling(0.02, 0.01))
    x = model.x_domain.draw(Rows(4, 0))
    model.compile(run_eagerly=True)
    for clip in (0.02, 0.015, 0.01):
        model.fit(x, batch_size=4, verbose=0)
        largest = max(np.abs(w).max() for w in model.discriminator.get_weights())
        assert largest == pytest.approx(clip, rel=1e-5)


def test_label_smoothing_follows_its_schedule():
    model = game(GAN, label_smoothing=falling(0.5))
    x, fakes = (model.x_domain.draw(Rows(4, seed)) for seed in (0, 1))
    scores = [model.score(images, None, training=True) for images in (x, fakes)]
    model.compile()
    assert model.stopped_losses is None
    for step, smoothing in enumerate((0.5, 0.25, 0.0)):
        model.optimizer.iterations.assign(step)
        terms = model.discriminator_terms(x, fakes, Batch(None, None), training=True)
        expected = non_saturating_discriminator_loss(*scores, smoothing)
        np.testing.assert_allclose(terms["discriminator_loss"], expected, rtol=1e-5)


def test_a_schedule_is_part_of_the_config_and_of_a_saved_model(tmp_path):
    model = vae(beta=falling(4.0))
    again = VAE.from_config(model.get_config())
    assert float(again.beta(1)) == 2.0
    x = model.x_domain.draw(Rows(4, 0))
    model.compile(run_eagerly=True)
    model.fit(x, batch_size=4, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    expected = model.evaluate(x, verbose=0, return_dict=True)
    assert loaded.evaluate(x, verbose=0, return_dict=True) == pytest.approx(expected)
    beta = (expected["loss"] - expected["distortion"]) / expected["rate"]
    assert beta == pytest.approx(2.0, rel=1e-4)


def test_a_number_assigned_between_two_trainings_counts():
    model = vae(beta=1.0)
    model.compile()
    x = model.x_domain.draw(Rows(4, 0))
    for beta in (1.0, 3.0):
        model.beta = beta
        found = model.evaluate(x, verbose=0, return_dict=True)
        expected = found["distortion"] + beta * found["rate"]
        assert found["loss"] == pytest.approx(expected, rel=1e-5)
        history = model.fit(x, batch_size=4, verbose=0).history
        expected = history["distortion"][0] + beta * history["rate"][0]
        assert history["loss"][0] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("name", ["beta", "seed", "encoder"])
def test_a_number_assigned_during_a_training_is_refused(name):
    model = vae()
    model.compile(run_eagerly=True)
    change = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: setattr(model, name, 2.0)
    )
    x = model.x_domain.draw(Rows(8, 0))
    with pytest.raises(ValueError, match=f"`{name}` cannot be assigned while"):
        model.fit(x, batch_size=4, callbacks=[change], verbose=0)
    setattr(model, name, getattr(model, name))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: vae(beta=-1.0), "`beta` must be at least 0, or be a schedule of .*-1"),
        (lambda: game(WGANGP, penalty_weight=-1.0), "`penalty_weight` must be"),
        (lambda: game(WGAN, clip=0.0), "`clip` must be above 0"),
        (lambda: game(GAN, label_smoothing=1.0), r"`label_smoothing` must lie in \[0"),
        (lambda: game(GAN, instance_noise=-1.0), "`instance_noise` must be at least"),
        (lambda: vae(beta=lambda step: 0.5), "`beta` must .*a schedule of `keras.opt"),
        (lambda: vae(beta="1"), "`beta` must .*Received: '1'"),
        (lambda: vae(beta=[1.0] * 10**5), "`beta` must .{1,200}$"),
        (lambda: vae(beta=np.inf), "`beta` must .*Received: inf"),
        (lambda: game(WGAN, clip=True), "`clip` must .*Received: True"),
    ],
)
def test_numbers_out_of_bounds_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
