import keras
import numpy as np
import pytest
import tensorflow as tf
from contracts import AdversarialContract
from players import GREY_LEVELS, train_on_grey_levels

from keras_gen.models import ConditionalGAN
from keras_gen.networks import dcgan_discriminator, dcgan_generator, mlp


def tiny(seed=0, num_classes=3, **options):
    generator = mlp(
        (2,),
        [16],
        (8, 8, 1),
        output_activation="tanh",
        num_classes=num_classes,
        name="generator",
    )
    discriminator = mlp(
        (8, 8, 1), [16], (1,), num_classes=num_classes, name="discriminator"
    )
    return ConditionalGAN(
        generator, discriminator, num_classes, seed=seed, name="tiny", **options
    )


class TestContract(AdversarialContract):
    model_class = ConditionalGAN

    def make(self, seed=0):
        return tiny(seed=seed)


def test_both_players_are_told_the_label():
    model = tiny()
    labels = np.array([0, 2, 1], np.int32)
    latents, images = np.ones((3, 2), "f4"), np.ones((3, 8, 8, 1), "f4")
    np.testing.assert_array_equal(
        model.generate(latents, labels, training=False),
        model.generator([latents, labels]),
    )
    np.testing.assert_array_equal(
        model.score(images, labels, training=False),
        model.discriminator([images, labels]),
    )
    for told in (
        model.generator([latents, labels]),
        model.score(images, labels, False),
    ):
        # The examples are the same but for their labels.
        assert len(np.unique(np.round(told, 6), axis=0)) == 3


def test_labels_of_samples_may_be_one_or_many_or_left_out():
    model = tiny()
    each = model.sample(4, seed=0, y=[2, 2, 2, 2])
    np.testing.assert_array_equal(model.sample(4, seed=0, y=2), each)
    cycled = model.sample(7, seed=0, batch_size=3)
    np.testing.assert_allclose(
        cycled, model.sample(7, seed=0, y=np.arange(7) % 3), atol=1e-6
    )
    assert not np.allclose(each, cycled[:4])


def test_labels_decide_what_is_learned():
    keras.utils.set_random_seed(0)
    model = tiny(instance_noise=0.5)
    train_on_grey_levels(model)
    levels = [model.sample(20, 0, y=k).mean() for k in range(3)]
    np.testing.assert_allclose(levels, GREY_LEVELS, atol=0.3)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (None, "`y` must be given"),
        (np.array([0, 1, 3]), r"`y` must lie in \[0, 3\).*from 0 to 3"),
        (np.array([0, -1, 2]), r"`y` must lie in \[0, 3\).*from -1 to 2"),
        (np.array([0.0, 1.0, 2.0]), "`y` must be integers.*float64"),
        (np.array([0, 1]), r"`y` must have 3 labels.*2"),
        (np.eye(3, dtype=int), r"`y` must have shape \(batch,\).*\(3, 3\)"),
    ],
)
def test_bad_labels_are_refused(labels, message):
    model = tiny()
    model.compile()
    images = TestContract().x(3)
    with pytest.raises(ValueError, match=message):
        model.fit(images, labels, verbose=0)
    with pytest.raises(ValueError, match=message):
        model.evaluate(images, labels, verbose=0)
    if labels is not None:
        with pytest.raises(ValueError, match=message):
            model.sample(3, y=labels)


def test_unlabelled_datasets_are_refused():
    model = tiny()
    model.compile()
    data = tf.data.Dataset.from_tensor_slices(TestContract().x(3)).batch(3)
    with pytest.raises(ValueError, match="`y` must be given"):
        model.fit(data, verbose=0)


def test_networks_without_room_for_the_label_are_refused():
    generator = dcgan_generator(5, [4], (8, 8, 1))
    discriminator = dcgan_discriminator((8, 8, 1), [4])
    told = {"num_classes": 3}
    with pytest.raises(ValueError, match="`generator` must take.*num_classes=3"):
        ConditionalGAN(generator, discriminator, **told)
    generator = dcgan_generator(5, [4], (8, 8, 1), **told)
    with pytest.raises(ValueError, match="`discriminator` must take.*num_classes=3"):
        ConditionalGAN(generator, discriminator, **told)
    with pytest.raises(ValueError, match="`num_classes` must be an integer"):
        ConditionalGAN(generator, discriminator, num_classes=1)


def test_interpolation_keeps_the_label_of_each_path():
    model = tiny()
    start, end = model.noise(2, seed=0), model.noise(2, seed=1)
    images = model.interpolate(start, end, num_steps=3, y=[2, 0])
    np.testing.assert_allclose(
        images[:, 0], model.sample(2, seed=0, y=[2, 0]), atol=1e-6
    )
