import numpy as np
import pytest
import tensorflow as tf
from contracts import PhasesContract, unsettle

from keras_gen.models import UNIT
from keras_gen.models.base import Batch
from keras_gen.networks import mlp
from keras_gen.random import Rows

SHAPE, LARGE = (4, 4, 1), (3, 5, 2)


def networks():
    tanh = {"output_activation": "tanh"}
    return {
        "encoder_x": mlp(SHAPE, [], (6,), **tanh, name="encoder_x"),
        "encoder_y": mlp(LARGE, [], (6,), **tanh, name="encoder_y"),
        "encoder": mlp((6,), [], (3,), name="encoder"),
        "generator": mlp((3,), [], (6,), **tanh, name="generator"),
        "generator_x": mlp((6,), [], SHAPE, **tanh, name="generator_x"),
        "generator_y": mlp((6,), [], LARGE, **tanh, name="generator_y"),
        "discriminator_x": mlp(SHAPE, [4], (1,), name="discriminator_x"),
        "discriminator_y": mlp(LARGE, [4], (1,), name="discriminator_y"),
    }


def tiny(seed=0, **options):
    return UNIT(**networks(), seed=seed, name="tiny", **options)


class TestContract(PhasesContract):
    model_class = UNIT

    def make(self, seed=0):
        return tiny(seed=seed)


def batch_of(num=5):
    x, y = TestContract().arrays(num)
    return Batch(tf.constant(x), Rows(num, 0), tf.constant(y))


def settled(**options):
    model = tiny(**options)
    unsettle(model)
    return model


def test_the_last_layers_of_encoders_and_the_first_of_generators_are_one():
    model = tiny()
    discriminators, generators = (phase.variables for phase in model.phases())
    count = sum(network.count_params() for network in networks().values())
    assert sum(np.prod(v.shape) for v in discriminators + generators) == count
    assert len({id(v) for v in generators}) == len(generators)
    x, y = (part[:5] for part in TestContract().arrays())
    before = np.array(model.to_y(x)), np.array(model.to_x(y))
    for network in (model.encoder, model.generator):
        outputs = network.get_layer("outputs")
        outputs.bias.assign(outputs.bias + 0.5)
        after = np.array(model.to_y(x)), np.array(model.to_x(y))
        for old, new in zip(before, after, strict=True):
            assert np.abs(old - new).max() > 1e-3
        before = after


def test_rates_are_divergences_in_closed_form():
    model, batch = settled(), batch_of()
    terms = model.generator_terms(batch, training=True)
    expected = 0.0
    for encoder, images in ((model.encoder_x, batch.x), (model.encoder_y, batch.y)):
        mean = np.array(model.encoder(encoder(images)), np.float64)
        # log q - log p at the latents, over many draws.
        noise = np.random.default_rng(0).normal(size=(20_000, *mean.shape))
        log_ratio = 0.5 * (mean + noise) ** 2 - 0.5 * noise**2
        expected += log_ratio.mean()
    assert float(terms["rate"]) == pytest.approx(expected, rel=0.02)


def test_without_the_game_and_cycles_it_is_two_autoencoders():
    weights = {"adversarial": 0.0, "cycle_rate": 0.0, "cycle": 0.0}
    options = {f"{name}_weight": value for name, value in weights.items()}
    model, batch = settled(**options), batch_of()
    terms = model.generator_terms(batch, training=True)
    total = 0.0
    for name, images in (("x", batch.x), ("y", batch.y)):
        mean = model.encoder(getattr(model, f"encoder_{name}")(images))
        code = mean + batch.rows.normal((3,), f"generator {name}")
        again = getattr(model, f"generator_{name}")(model.generator(code))
        total += 0.01 * 0.5 * np.mean(np.square(mean))
        total += 10.0 * np.mean(np.abs(images - again))
    assert float(terms["generator_loss"]) == pytest.approx(float(total), rel=1e-5)


def test_a_cycle_encodes_the_translation_and_goes_back():
    model, batch = settled(), batch_of()
    terms = model.generator_terms(batch, training=True)
    sides = {"x": batch.x, "y": batch.y}
    distance, rate = 0.0, 0.0
    for here, there in (("x", "y"), ("y", "x")):
        mean = model.encoder(getattr(model, f"encoder_{here}")(sides[here]))
        code = mean + batch.rows.normal((3,), f"generator {here}")
        fake = getattr(model, f"generator_{there}")(model.generator(code))
        mean = model.encoder(getattr(model, f"encoder_{there}")(fake))
        code = mean + batch.rows.normal((3,), f"cycle {there}")
        back = getattr(model, f"generator_{here}")(model.generator(code))
        distance += np.mean(np.abs(sides[here] - back))
        rate += 0.5 * np.mean(np.square(mean))
    assert float(terms["cycle"]) == pytest.approx(float(distance), rel=1e-5)
    assert float(terms["cycle_rate"]) == pytest.approx(float(rate), rel=1e-5)


def test_the_game_is_about_translations():
    model, batch = settled(), batch_of()
    fake_x, fake_y = model.fakes(batch, training=True)
    for there, here, fake in (("x", "y", fake_x), ("y", "x", fake_y)):
        images = {"x": batch.x, "y": batch.y}[here]
        mean = model.encoder(getattr(model, f"encoder_{here}")(images))
        code = mean + batch.rows.normal((3,), f"discriminator {here}")
        expected = getattr(model, f"generator_{there}")(model.generator(code))
        np.testing.assert_allclose(fake, expected, atol=1e-6)


def test_a_translation_is_that_of_the_mean_of_the_latents():
    model = settled()
    x = TestContract().x(5)
    mean = model.encoder(model.encoder_x(x))
    expected = model.generator_y(model.generator(mean))
    np.testing.assert_allclose(model.to_y(x), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"encoder_y": mlp(LARGE, [], (7,))},
            r"`encoder_y` must take shape \(3, 5, 2\) and give \(6,\)",
        ),
        ({"encoder": mlp((5,), [], (3,))}, r"`encoder` must take shape \(6,\)"),
        ({"generator": mlp((2,), [], (6,))}, r"`generator` must take shape \(3,\)"),
        (
            {"generator_y": mlp((6,), [], SHAPE)},
            r"`generator_y` must take shape \(6,\) and give \(3, 5, 2\)",
        ),
        (
            {"discriminator_y": mlp(SHAPE, [], (1,))},
            r"`discriminator_y` must take shape \(3, 5, 2\)",
        ),
        (
            {"generator_x": mlp((6,), [], SHAPE, output_activation="sigmoid")},
            "`generator_x` must end in images, from -1 to 1",
        ),
        (
            {"discriminator_x": mlp(SHAPE, [], (1,), output_activation="sigmoid")},
            "`discriminator_x` must end in scores",
        ),
        ({"cycle_rate_weight": -1.0}, "`cycle_rate_weight` must be at least 0"),
        ({"adversarial_weight": "x"}, "`adversarial_weight` must be at least 0"),
    ],
)
def test_bad_arguments_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        UNIT(**(networks() | change))
