import keras
import numpy as np
import pytest
import tensorflow as tf
from contracts import PhasesContract, unsettle

from keras_gen.losses import mean_absolute_error, non_saturating_generator_loss
from keras_gen.models import Pix2Pix
from keras_gen.models.base import Batch
from keras_gen.networks import mlp, patch_discriminator, unet
from keras_gen.random import Rows

SOURCE, TARGET = (8, 8, 1), (8, 8, 2)


def tiny(seed=0, num_dropouts=1, **options):
    generator = unet(SOURCE, [3, 3], 2, num_dropouts=num_dropouts, name="generator")
    discriminator = patch_discriminator((8, 8, 3), [3], name="discriminator")
    return Pix2Pix(generator, discriminator, seed=seed, name="tiny", **options)


class TestContract(PhasesContract):
    model_class = Pix2Pix

    def make(self, seed=0):
        return tiny(seed=seed)


def batch_of(num=4, seed=0):
    x, y = TestContract().arrays(num, seed)
    return Batch(tf.constant(x), Rows(num, seed), tf.constant(y))


def gradient(model, **weights):
    """The gradient of the generator's loss, a flat array."""
    for name, value in weights.items():
        setattr(model, name, value)
    variables = [v.value for v in model.generator.trainable_variables]
    with tf.GradientTape() as tape:
        loss = model.generator_terms(batch_of(), training=True)["generator_loss"]
    return np.concatenate([np.ravel(g) for g in tape.gradient(loss, variables)])


def test_without_the_distance_it_is_the_game_and_with_much_of_it_the_distance():
    model = tiny()
    unsettle(model)
    batch = batch_of()
    variables = [v.value for v in model.generator.trainable_variables]
    with tf.GradientTape(persistent=True) as tape:
        fakes = model._translate(batch.x, True, batch.rows, "generator")
        score = model.discriminator(tf.concat([batch.x, fakes], -1), training=True)
        game = non_saturating_generator_loss(None, score)
        distance = mean_absolute_error(batch.y, fakes)
    flat = [
        np.concatenate([np.ravel(g) for g in tape.gradient(loss, variables)])
        for loss in (game, distance)
    ]
    assert np.abs(flat[0]).max() > 1e-3
    np.testing.assert_allclose(gradient(model, distance_weight=0.0), flat[0], atol=1e-5)
    large = gradient(model, distance_weight=1e6) / 1e6
    np.testing.assert_allclose(large, flat[1], atol=1e-5)
    both = gradient(model, distance_weight=100.0)
    np.testing.assert_allclose(both, flat[0] + 100 * flat[1], rtol=1e-3, atol=1e-4)
    alone = gradient(model, adversarial_weight=0.0)
    np.testing.assert_allclose(alone, 100 * flat[1], rtol=1e-3, atol=1e-4)


def test_the_distance_alone_learns_the_median_of_the_targets():
    shape = (1, 1, 1)
    model = Pix2Pix(
        mlp(shape, [], shape), mlp((1, 1, 2), [], (1,)), adversarial_weight=0.0
    )
    model.compile(generator_optimizer=keras.optimizers.SGD(0.001), jit_compile=False)
    # Three targets of one source: the mean is 0.1, the median -0.2.
    x = np.zeros((9, *shape), "f4")
    y = np.repeat(np.array([-0.5, -0.2, 1.0], "f4"), 3).reshape(9, *shape)
    model.fit(x, y, batch_size=9, epochs=40, verbose=0)
    assert float(np.ravel(model.to_y(x))[0]) == pytest.approx(-0.2, abs=0.05)


def test_the_discriminator_sees_the_source_beside_the_target():
    model = tiny()
    seen = []

    def recorded(pairs, training):
        seen.append(np.array(pairs))
        return tf.zeros((4, 4, 4, 1))

    model.discriminator = recorded
    batch = batch_of()
    terms = model.discriminator_terms(batch, training=True)
    # Half of log 4, and log 2.
    assert float(terms["discriminator_loss"]) == pytest.approx(np.log(2))
    terms = model.generator_terms(batch, training=True)
    assert float(terms["adversarial"]) == pytest.approx(np.log(2))
    np.testing.assert_array_equal(seen[0], np.concatenate([batch.x, batch.y], -1))
    for pairs in seen:
        np.testing.assert_array_equal(pairs[..., :1], batch.x)
    assert np.abs(seen[1][..., 1:] - seen[2][..., 1:]).max() > 0


def test_dropout_is_the_noise_of_training_and_is_off_in_translations():
    model = tiny()
    unsettle(model)
    batch, other = batch_of(), Rows(4, 1)
    drawn = [
        np.array(model._translate(batch.x, True, rows, "generator"))
        for rows in (batch.rows, batch.rows, other)
    ]
    np.testing.assert_array_equal(drawn[0], drawn[1])
    assert not np.allclose(drawn[0], drawn[2])
    zeros = tf.zeros((4, model.generator.inputs[1].shape[-1]))
    expected = model.generator([batch.x, zeros], training=False)
    np.testing.assert_array_equal(model.to_y(batch.x), expected)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: Pix2Pix(unet(SOURCE, [2, 2]), patch_discriminator((8, 8, 3), [2])),
            r"`discriminator` must take shape \(8, 8, 2\).*\(8, 8, 3\)",
        ),
        (
            lambda: Pix2Pix(mlp(SOURCE, [], (6, 8, 1)), mlp((8, 8, 2), [], (1,))),
            r"`generator` must map.*\(8, 8, 1\) and \(6, 8, 1\)",
        ),
        (
            lambda: Pix2Pix(
                mlp(SOURCE, [], SOURCE, output_activation="sigmoid"),
                mlp((8, 8, 2), [], (1,)),
            ),
            "`generator` must end in images, from -1 to 1",
        ),
        (
            lambda: Pix2Pix(
                mlp(SOURCE, [], SOURCE),
                mlp((8, 8, 2), [], (1,), output_activation="sigmoid"),
            ),
            "`discriminator` must end in scores",
        ),
        (
            lambda: Pix2Pix(
                mlp(SOURCE, [], SOURCE, num_classes=3), mlp((8, 8, 2), [], (1,))
            ),
            "`generator` must take images, or a list of images and noise",
        ),
        (lambda: tiny(distance_weight=-1.0), "`distance_weight` must be at least 0"),
        (lambda: tiny(adversarial_weight="x"), "`adversarial_weight` must be"),
    ],
)
def test_bad_arguments_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
