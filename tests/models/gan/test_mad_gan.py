import math

import numpy as np
import pytest
import tensorflow as tf
from contracts import AdversarialContract

from keras_gen.losses import minimax_discriminator_loss, minimax_generator_loss
from keras_gen.models import MADGAN
from keras_gen.models.base import Batch
from keras_gen.models.gan.mad_gan import logit_of_real
from keras_gen.networks import mlp, with_heads
from keras_gen.random import Rows

K = 3


def tiny(seed=0, **options):
    shared = mlp((2,), [], (16,), output_activation="relu", name="shared")
    end = {"output_activation": "tanh"}
    heads = [mlp((16,), [], (8, 8, 1), **end, name=f"head_{i}") for i in range(K)]
    discriminator = mlp((8, 8, 1), [16], (K + 1,), name="discriminator")
    generator = with_heads(shared, heads)
    options = {"num_generators": K, "seed": seed, "name": "tiny", **options}
    return MADGAN(generator, discriminator, **options)


class TestContract(AdversarialContract):
    model_class = MADGAN

    def make(self, seed=0):
        return tiny(seed=seed)


def test_the_best_discriminator_is_the_share_of_each_maker():
    # How often each of four points comes from the data and from each generator.
    data, makers = np.array([4, 3, 2, 1]), np.array([[5, 3, 1, 1], [1, 1, 4, 4]])
    table = mlp((4,), [], (3,), output_bias=False)
    model = MADGAN(mlp((3,), [], (4,)), table, 2)
    points = np.eye(4, dtype="f4")
    x, fakes = np.repeat(points, data, axis=0), [points.repeat(m, 0) for m in makers]
    choice = np.eye(2, dtype="f4").repeat(10, axis=0)
    latents = tf.concat([np.zeros((20, 1), "f4"), choice], axis=1)
    model.draw_latents = lambda rows, stream: latents
    (kernel,) = table.trainable_variables
    batch = Batch(x, Rows(10, 0))
    for _ in range(400):
        with tf.GradientTape() as tape:
            terms = model.discriminator_terms(x, np.concatenate(fakes), batch, True)
        kernel.assign_sub(
            2.0 * tape.gradient(terms["discriminator_loss"], kernel.value)
        )
    total = data + makers.sum(axis=0)
    expected = np.stack([*makers, data], axis=1) / total[:, None]
    np.testing.assert_allclose(tf.nn.softmax(kernel), expected, atol=1e-4)
    probabilities = makers.T / makers.sum(axis=0)[:, None]
    np.testing.assert_allclose(model.makers(points), probabilities, atol=1e-3)


def value(data, makers):
    """What the generators minimize, at the best discriminator."""
    densities = np.stack([*makers, data], axis=1)
    logit = np.asarray(logit_of_real(np.log(densities).astype("f4")))[:, 0]
    real, fake = -np.logaddexp(0, -logit), -np.logaddexp(0, logit)
    return np.sum(data * real) + sum(np.sum(maker * fake) for maker in makers)


@pytest.mark.parametrize("k", [1, 2, 5])
def test_the_optimum_is_where_the_mean_of_the_generators_is_the_data(k):
    generator = np.random.default_rng(0)
    makers = generator.dirichlet(np.ones(6), size=k)
    best = k * math.log(k) - (k + 1) * math.log(k + 1)
    assert value(makers.mean(axis=0), makers) == pytest.approx(best, abs=1e-5)
    for _ in range(20):
        assert value(generator.dirichlet(np.ones(6)), makers) > best + 1e-4
    if k == 1:
        assert best == -2 * math.log(2)


def test_with_one_generator_the_losses_would_be_those_of_a_gan():
    scores = Rows(20, 0).normal((2,), "scores")
    logit = logit_of_real(scores)
    np.testing.assert_allclose(logit[:, 0], scores[:, 1] - scores[:, 0], atol=1e-6)
    real, fake = scores[:10], scores[10:]
    log_probs = tf.nn.log_softmax(real)[:, 1], tf.nn.log_softmax(fake)[:, 0]
    loss = -sum(tf.reduce_mean(log_prob) for log_prob in log_probs)
    of_gan = minimax_discriminator_loss(logit[:10], logit[10:])
    assert float(loss) == pytest.approx(float(of_gan), rel=1e-5)


@pytest.mark.parametrize("are_apart", [True, False])
def test_the_loss_at_the_equilibrium_says_whether_generators_overlap(are_apart):
    # Each generator makes one of the points, or all of them make all.
    model = MADGAN(mlp((K + 1,), [], (K,)), mlp((K,), [], (K + 1,)), K)
    points = np.eye(K, dtype="f4").repeat(K, axis=0)
    maker = np.arange(K).repeat(K) if are_apart else np.tile(np.arange(K), K)
    apart = np.log(np.concatenate([K * np.eye(K) + 1e-9, np.ones((K, 1))], axis=1))
    kernel = apart if are_apart else np.zeros((K, K + 1))
    model.discriminator.set_weights([kernel, np.zeros(K + 1)])
    choice = np.eye(K, dtype="f4")[maker]
    latents = tf.concat([np.zeros((K * K, 1), "f4"), choice], axis=1)
    model.draw_latents = lambda rows, stream: latents
    batch = Batch(points, Rows(K * K, 0))
    found = model.discriminator_terms(points, points, batch, True)
    expected = (K + 1) * math.log(K + 1) - are_apart * K * math.log(K)
    assert float(found["discriminator_loss"]) == pytest.approx(expected, rel=1e-5)


def test_generators_that_change_places_take_the_places_of_their_scores_along():
    model, order = tiny(), [2, 0, 1]
    shared = model.generator.get_layer("shared")
    heads = [model.generator.get_layer(f"head_{i}") for i in order]
    discriminator = mlp((8, 8, 1), [16], (K + 1,))
    *others, kernel, bias = model.discriminator.get_weights()
    places = [*order, K]
    discriminator.set_weights([*others, kernel[:, places], bias[places]])
    again = MADGAN(with_heads(shared, heads), discriminator, K)
    x = tf.constant(TestContract().x(12))
    batch = Batch(x, Rows(12, 0))
    latents = model.draw_latents(batch.rows, "discriminator").numpy()
    moved = latents.copy()
    moved[:, -K:] = latents[:, -K:][:, order]
    again.draw_latents = lambda rows, stream: moved
    fakes = model.generate(latents, None, False)
    np.testing.assert_allclose(again.generate(moved, None, False), fakes, atol=1e-6)
    losses = [
        game.discriminator_terms(x, fakes, batch, True) for game in (model, again)
    ]
    (a, b) = (float(found["discriminator_loss"]) for found in losses)
    assert a == pytest.approx(b, rel=1e-6)


def test_shared_layers_are_the_same_variables():
    model = tiny()
    kernel, _ = model.generator.get_layer("shared").trainable_variables
    before = [model.sample(2, seed=0, generator=index) for index in range(K)]
    kernel.assign(2.0 * kernel)
    for index in range(K):
        assert not np.allclose(model.sample(2, seed=0, generator=index), before[index])
    head = model.generator.get_layer("head_1").trainable_variables[0]
    before = [model.sample(2, seed=0, generator=index) for index in range(K)]
    head.assign(2.0 * head)
    for index in range(K):
        same = np.array_equal(model.sample(2, seed=0, generator=index), before[index])
        assert same == (index != 1)


def test_samples_come_from_the_generator_that_is_asked_for_or_from_all():
    model = tiny()
    each = model.sample(4, seed=0, generator=[2, 2, 0, 1])
    np.testing.assert_allclose(
        model.sample(2, seed=0, generator=2), each[:2], atol=1e-6
    )
    chosen = model.noise(3000, seed=0).numpy()[:, -K:]
    np.testing.assert_allclose(chosen.mean(axis=0), 1 / K, atol=4 * 0.0086)
    found = model.sample(5, seed=0, generator=np.argmax(chosen[:5], axis=1))
    np.testing.assert_allclose(model.sample(5, seed=0), found, atol=1e-6)


def test_the_loss_of_the_generators_may_be_that_of_the_paper():
    model = tiny(generator_loss=minimax_generator_loss)
    again = MADGAN.from_config(model.get_config())
    assert again.generator_loss is minimax_generator_loss
    x = tf.constant(TestContract().x(6))
    found = model.generator_terms(x, Batch(x, Rows(6, 0)), True)["generator_loss"]
    real = tf.nn.softmax(model.score(x, None, True))[:, -1]
    expected = tf.reduce_mean(tf.math.log(1.0 - real))
    assert float(found) == pytest.approx(float(expected), rel=1e-4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_generators": 1}, "`num_generators` must be an integer of at least 2.*1"),
        ({"num_generators": 4}, r"5 scores.*the generators.*shape: \(4,\)"),
        ({"generator": mlp((3,), [], (8, 8, 1))}, "more than the 3 latents.*size 3"),
    ],
)
def test_bad_arguments_are_refused(options, message):
    model = tiny()
    networks = {"generator": model.generator, "discriminator": model.discriminator}
    with pytest.raises(ValueError, match=message):
        MADGAN(**{**networks, "num_generators": K, **options})


@pytest.mark.parametrize("generator", [3, -1, 0.5, [0, 1]])
def test_generators_that_are_not_there_are_refused(generator):
    with pytest.raises(ValueError, match="`generator` must"):
        tiny().sample(4, generator=generator)
