import keras
import numpy as np
import pytest
import tensorflow as tf
from contracts import AdversarialContract

from keras_gen.layers import (
    GrowingDecoder,
    GrowingEncoder,
    MinibatchStandardDeviation,
)
from keras_gen.layers.growth import in_squares
from keras_gen.models import ProgressiveGAN
from keras_gen.models.base import Batch
from keras_gen.models.gan.restarted_adam import RestartedAdam
from keras_gen.networks import (
    mlp,
    progressive_discriminator,
    progressive_generator,
)
from keras_gen.random import Rows


def tiny(seed=0, side=8, stable_steps=1, fade_steps=2, **options):
    filters = [4, 3, 2][: 1 + side // 8]
    shape = (side, side, 1)
    return ProgressiveGAN(
        progressive_generator(3, filters, shape, output_activation="tanh"),
        progressive_discriminator(shape, filters, group_size=2),
        stable_steps,
        fade_steps,
        seed=seed,
        name="tiny",
        **options,
    )


def normal(*shape):
    return tf.constant(Rows(shape[0], 0).normal(shape[1:], "values"))


def layers(shape, *parts):
    return keras.Sequential([keras.Input(shape), *parts])


def conv(channels, activation="leaky_relu"):
    return keras.layers.Conv2D(channels, 1, activation=activation)


def small_networks():
    """Networks of two stages with few layers, whose step is traced fast."""
    up, down = keras.layers.UpSampling2D(), keras.layers.AveragePooling2D(2)
    first, second = (2, 2, 2), (4, 4, 2)
    latents, images = keras.Input((3,)), keras.Input((4, 4, 1))
    features = keras.layers.Dense(8)(latents)
    features = keras.layers.Reshape(first)(features)
    heads = [layers(shape, conv(1, "tanh")) for shape in (first, second)]
    fakes = GrowingDecoder([layers(first, up, conv(2))], heads)(features)
    heads = [layers((side, side, 1), conv(2)) for side in (2, 4)]
    seen = GrowingEncoder([layers(second, conv(2), down)], heads)(images)
    seen = MinibatchStandardDeviation(2)(seen)
    scores = keras.layers.Dense(1)(keras.layers.Flatten()(seen))
    return keras.Model(latents, fakes), keras.Model(images, scores)


class TestContract(AdversarialContract):
    model_class = ProgressiveGAN

    def make(self, seed=0):
        # Without drift the gradients of some biases cancel: rounding would be all.
        return ProgressiveGAN(
            *small_networks(),
            stable_steps=1,
            fade_steps=2,
            drift_weight=1.0,
            average_decay=0.9,
            seed=seed,
            name="tiny",
        )


@pytest.fixture(scope="module")
def three_stages():
    return tiny(side=16, stable_steps=4, fade_steps=8)


def test_a_stage_is_trained_before_the_next_fades_in(three_stages):
    growth = [float(three_stages.growth_at(step)) for step in range(40)]
    rise = [k / 8 for k in range(8)]
    expected = [0.0] * 4 + rise + [1.0] * 4 + [1 + share for share in rise] + [2.0] * 16
    assert growth == expected


def test_after_long_stages_the_fade_still_ends_at_one():
    model = tiny(stable_steps=37_500, fade_steps=37_500)
    steps = (0, 37_500, 37_501, 56_250, 74_999, 75_000, 10**9)
    growth = [float(model.growth_at(tf.constant(step))) for step in steps]
    expected = [0, 0, 1 / 37_500, 0.5, 1 - 1 / 37_500, 1, 1]
    np.testing.assert_allclose(growth, expected, rtol=1e-6)
    assert growth[1] == 0
    assert growth[4] < 1
    assert growth[5] == 1


@pytest.mark.parametrize(
    ("stable", "fade", "expected"),
    [(0, 0, [2, 2, 2]), (1, 0, [0, 1, 2]), (0, 2, [0, 0.5, 1])],
)
def test_either_part_of_a_stage_may_be_left_out(stable, fade, expected):
    model = tiny(side=16, stable_steps=stable, fade_steps=fade)
    assert [float(model.growth_at(step)) for step in range(3)] == expected
    assert float(model.growth) == expected[0]


def test_data_have_the_detail_of_the_stage(three_stages):
    images = normal(3, 16, 16, 1)
    layer = three_stages._growing[0]
    four, eight = in_squares(images, 4), in_squares(images, 2)
    for growth, expected in ((0, four), (1, eight), (2, images)):
        layer.growth.assign(growth)
        np.testing.assert_array_equal(three_stages.examples(images), expected)
    layer.growth.assign(0.25)
    expected = 0.75 * four + 0.25 * eight
    np.testing.assert_allclose(three_stages.examples(images), expected, atol=1e-6)
    layer.growth.assign(0)


def test_the_loss_is_that_of_the_paper(monkeypatch):
    linear = np.array(normal(16 * 16, 1))
    model = tiny(side=16, stable_steps=0, fade_steps=0)
    monkeypatch.setattr(
        model,
        "score",
        lambda x, y, training: tf.reshape(x, (-1, 256)) @ linear + 3.0,
    )
    x, fakes = normal(4, 16, 16, 1), -0.5 * normal(4, 16, 16, 1)
    terms = model.discriminator_terms(x, fakes, Batch(x, Rows(4, 0)), True)
    real, fake = (np.reshape(part, (4, 256)) @ linear + 3.0 for part in (x, fakes))
    expected = {
        "wasserstein_estimate": real.mean() - fake.mean(),
        "penalty": (np.linalg.norm(linear) - 1) ** 2,
        "drift": np.mean(real**2),
    }
    for name, value in expected.items():
        assert float(terms[name]) == pytest.approx(value, rel=1e-4), name
    loss = fake.mean() - real.mean() + 10 * expected["penalty"]
    loss += 1e-3 * expected["drift"]
    assert float(terms["discriminator_loss"]) == pytest.approx(loss, rel=1e-4)


def weights_by_stage(network):
    """The first kernel of each block and head, by the stage that it needs."""
    (layer,) = (part for part in network.layers if hasattr(part, "growth"))
    parts = [(stage + 1, block) for stage, block in enumerate(layer.blocks)]
    parts += list(enumerate(layer.heads))
    return [(stage, part.trainable_variables[0]) for stage, part in parts]


def test_layers_learn_from_the_step_at_which_they_fade_in():
    model = tiny(stable_steps=1, fade_steps=2)
    model.compile(run_eagerly=True)
    assert isinstance(model.optimizer.by_phase["discriminator"], RestartedAdam)
    learned = weights_by_stage(model.generator) + weights_by_stage(model.discriminator)
    x = np.array(normal(4, 8, 8, 1)).clip(-1, 1)
    begun = []
    for step in range(4):
        growth = float(model.growth)
        assert growth == float(model.growth_at(step))
        before = [np.array(weight) for _, weight in learned]
        model.train_on_batch(x)
        for (stage, weight), old in zip(learned, before, strict=True):
            moved = not np.array_equal(weight, old)
            if stage >= np.ceil(growth):
                assert moved == (stage == np.ceil(growth)), (stage, growth)
        begun.append(int(model.optimizer.by_phase["discriminator"].begun))
    # The moments begin anew at the first step in which a stage is in use.
    assert begun == [0, 2, 2, 2]
    # Compiled again, the model goes on from its growth.
    model.compile(run_eagerly=True)
    assert float(model.growth) == 1.0
    model.train_on_batch(x)
    assert int(model.steps_grown) == 5
    assert float(model.growth) == 1.0


def test_early_stages_do_not_compute_later_ones(three_stages):
    model = three_stages
    for layer in model._growing:
        layer.growth.assign(0.0)
    later = [block for layer in model._growing for block in layer.blocks]
    with pytest.MonkeyPatch.context() as patch:
        for block in later:
            # A network in Keras is called through this.
            patch.setattr(block, "call", None)
        model.score(model.decode(normal(2, 3)), None, training=False)
        with pytest.raises(TypeError, match="callable"):
            later[0](normal(2, 4, 4, 4))


def test_samples_of_an_early_stage_are_enlarged():
    model = tiny(side=16)
    samples = model.sample(4, seed=0)
    np.testing.assert_array_equal(samples, np.repeat(samples[:, ::4], 4, axis=1))
    np.testing.assert_array_equal(samples, np.repeat(samples[:, :, ::4], 4, axis=2))
    assert samples.std() > 0


def test_networks_that_do_not_grow_together_are_refused():
    parts = tiny().generator, tiny().discriminator
    flat = mlp((3,), [], (8, 8, 1), output_activation="tanh")
    with pytest.raises(ValueError, match=r"`generator` must have one layer that grows"):
        ProgressiveGAN(flat, parts[1], 1, 1)
    with pytest.raises(ValueError, match=r"`discriminator` must have one layer that"):
        ProgressiveGAN(parts[0], mlp((8, 8, 1), [], (1,)), 1, 1)


def test_networks_of_other_stages_are_refused():
    _, discriminator = small_networks()
    with pytest.raises(ValueError, match="as many stages. Received 1 and 2"):
        ProgressiveGAN(progressive_generator(3, [2], (4, 4, 1)), discriminator, 1, 1)


@pytest.mark.parametrize("name", ["stable_steps", "fade_steps"])
@pytest.mark.parametrize("steps", [-1, 1.5, None, True])
def test_wrong_numbers_of_steps_are_refused(name, steps):
    with pytest.raises(ValueError, match=f"`{name}` must be an integer of at least 0"):
        tiny(**{name: steps})


@pytest.mark.parametrize("name", ["penalty_weight", "drift_weight"])
def test_wrong_weights_are_refused(name):
    with pytest.raises(ValueError, match=f"`{name}` must be at least 0.*-1"):
        tiny(**{name: -1.0})
