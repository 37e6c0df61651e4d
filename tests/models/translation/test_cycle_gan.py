import keras
import numpy as np
import pytest
import tensorflow as tf
from contracts import PhasesContract

from keras_gen.models import CycleGAN
from keras_gen.models.base import Batch
from keras_gen.networks import mlp, patch_discriminator, residual_generator
from keras_gen.random import Rows

SHAPE, LARGE = (4, 4, 1), (3, 5, 2)


def networks(x=SHAPE, y=SHAPE, end="tanh"):
    return {
        "generator_x": mlp(y, [6], x, output_activation=end, name="generator_x"),
        "generator_y": mlp(x, [6], y, output_activation=end, name="generator_y"),
        "discriminator_x": mlp(x, [6], (2, 1), name="discriminator_x"),
        "discriminator_y": mlp(y, [6], (2, 1), name="discriminator_y"),
    }


def tiny(seed=0, x=SHAPE, y=SHAPE, **options):
    return CycleGAN(**networks(x, y), seed=seed, name="tiny", **options)


class TestContract(PhasesContract):
    model_class = CycleGAN

    def make(self, seed=0):
        return tiny(seed=seed, buffer_size=10)


def batch_of(num=6, seed=0):
    x, y = TestContract().arrays(num, seed)
    return Batch(tf.constant(x), Rows(num, seed), tf.constant(y))


def pixelwise(scale):
    """A network that multiplies each pixel."""
    inputs = keras.Input(SHAPE)
    return keras.Model(inputs, keras.layers.Rescaling(scale)(inputs))


@pytest.mark.parametrize("scale", [1.0, -1.0])
def test_identities_and_negatives_have_no_cycle_loss(scale):
    parts = networks() | {
        "generator_x": pixelwise(scale),
        "generator_y": pixelwise(scale),
    }
    terms = CycleGAN(**parts).generator_terms(batch_of(), training=True)
    assert float(terms["cycle"]) == 0.0
    # Only the identity loss tells them apart: cycles do not say which is meant.
    assert (float(terms["identity"]) == 0.0) == (scale == 1.0)
    total = terms["adversarial"] + 5.0 * terms["identity"]
    assert float(terms["generator_loss"]) == pytest.approx(float(total))


def test_terms_are_those_of_the_paper():
    model, batch = tiny(cycle_weight=3.0, identity_weight=2.0), batch_of()
    terms = model.generator_terms(batch, training=True)
    to_x, to_y = model.generator_x, model.generator_y
    fake_x, fake_y = to_x(batch.y), to_y(batch.x)
    scores = model.discriminator_x(fake_x), model.discriminator_y(fake_y)
    expected = {
        "adversarial": sum(np.mean((np.array(score) - 1) ** 2) for score in scores),
        "cycle": np.mean(np.abs(to_x(fake_y) - batch.x))
        + np.mean(np.abs(to_y(fake_x) - batch.y)),
        "identity": np.mean(np.abs(to_x(batch.x) - batch.x))
        + np.mean(np.abs(to_y(batch.y) - batch.y)),
    }
    for name, value in expected.items():
        assert float(terms[name]) == pytest.approx(float(value), rel=1e-5), name
    weights = {"adversarial": 1.0, "cycle": 3.0, "identity": 2.0}
    total = sum(weights[name] * value for name, value in expected.items())
    assert float(terms["generator_loss"]) == pytest.approx(float(total), rel=1e-5)


def test_a_discriminator_never_sees_the_other_domain():
    model, batch = tiny(buffer_size=0), batch_of()
    seen = {"x": [], "y": []}
    for name, images in seen.items():
        network = getattr(model, f"discriminator_{name}")

        def recorded(values, training, images=images, network=network):
            images.append(np.array(values))
            return network(values, training=training)

        setattr(model, f"discriminator_{name}", recorded)
    found = model._discriminator_phase(batch, training=True)["discriminator_loss"]
    fakes = {"x": model.generator_x(batch.y), "y": model.generator_y(batch.x)}
    expected = 0.0
    for name, real in (("x", batch.x), ("y", batch.y)):
        first, second = seen[name]
        np.testing.assert_array_equal(first, real)
        np.testing.assert_array_equal(second, fakes[name])
        score = getattr(model, f"discriminator_{name}")
        real_score, fake_score = (score(v, training=True) for v in (first, second))
        expected += np.mean((np.array(real_score) - 1) ** 2) / 2
        expected += np.mean(np.array(fake_score) ** 2) / 2
    assert float(found) == pytest.approx(float(expected), rel=1e-5)


def test_discriminators_are_shown_past_fakes_in_training_alone():
    model = tiny(buffer_size=6)
    model.compile(
        generator_optimizer=keras.optimizers.SGD(0.0),
        discriminator_optimizer=keras.optimizers.SGD(0.0),
        run_eagerly=True,
    )
    x, y = TestContract().arrays(6)
    model.fit(x, y, batch_size=6, shuffle=False, verbose=0)
    np.testing.assert_allclose(model.past_x.fakes, model.generator_x(y), atol=1e-6)
    np.testing.assert_allclose(model.past_y.fakes, model.generator_y(x), atol=1e-6)
    before = np.array(model.past_x.fakes)
    model.evaluate(-x, -y, verbose=0)
    np.testing.assert_array_equal(model.past_x.fakes, before)
    model.fit(-x, -y, batch_size=6, verbose=0)
    assert not np.array_equal(model.past_x.fakes, before)


def test_the_buffer_is_saved(tmp_path):
    model = tiny(buffer_size=4)
    model.compile(run_eagerly=True)
    model.fit(*TestContract().arrays(4), verbose=0)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert int(again.past_x.count) == 4
    np.testing.assert_array_equal(again.past_x.fakes, model.past_x.fakes)
    np.testing.assert_array_equal(again.past_y.fakes, model.past_y.fakes)


def test_domains_may_differ_in_size():
    model = tiny(y=LARGE, identity_weight=0.0, buffer_size=3)
    model.compile(run_eagerly=True)
    x, y = model.x_domain.draw(Rows(4, 0)), model.y_domain.draw(Rows(4, 1))
    history = model.fit(x, y, verbose=0).history
    assert history["identity"] == [0.0]
    assert model.to_y(x).shape == (4, *LARGE)
    assert model.to_x(y).shape == (4, *SHAPE)


def test_convolutional_networks_train():
    parts = {f"generator_{n}": residual_generator(SHAPE, [2, 2], 1) for n in "xy"}
    parts |= {f"discriminator_{n}": patch_discriminator(SHAPE, [2]) for n in "xy"}
    model = CycleGAN(**parts, buffer_size=2)
    model.compile(run_eagerly=True)
    history = model.fit(*TestContract().arrays(4), verbose=0).history
    assert np.isfinite(list(history.values())).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"generator_y": mlp(SHAPE, [], LARGE)},
            r"`generator_y` must take shape \(4, 4, 1\) and give \(4, 4, 1\)",
        ),
        (
            {"discriminator_x": mlp(LARGE, [], (1,))},
            r"`discriminator_x` must take shape \(4, 4, 1\). Received.* from \(3, 5",
        ),
        (
            {"discriminator_y": mlp(LARGE, [], (1,))},
            "`discriminator_y` must take shape",
        ),
        (
            {"generator_x": mlp(SHAPE, [], SHAPE, output_activation="relu")},
            "`generator_x` must end in images, from -1 to 1",
        ),
        ({"cycle_weight": -1.0}, "`cycle_weight` must be at least 0"),
        ({"identity_weight": None}, "`identity_weight` must be at least 0"),
        ({"buffer_size": -1}, "`buffer_size` must be an integer of at least 0"),
    ],
)
def test_bad_arguments_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        CycleGAN(**(networks() | change))


def test_an_identity_loss_between_shapes_is_refused():
    with pytest.raises(ValueError, match="`identity_weight` must be 0 for domains"):
        tiny(y=LARGE)
