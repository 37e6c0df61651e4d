"""Networks that are given to models: their ends, as far as they can be seen."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from keras_gen.distributions import (
    BernoulliLikelihood,
    GaussianLikelihood,
    LearnedGaussianLikelihood,
)
from keras_gen.domains import Images, Vectors
from keras_gen.layers import ReferenceBatchNormalization
from keras_gen.models import GAN, LSGAN, VAE, WGAN, WGANGP, Autoencoder
from keras_gen.models.base.output_range import last_activation
from keras_gen.networks import mlp, with_reference

SHAPE = (4, 4, 1)


def discriminator(end=None, **options):
    return mlp(SHAPE, [4], (1,), output_activation=end, **options)


def generator(end="tanh"):
    return mlp((2,), [4], SHAPE, output_activation=end)


def decoder(end=None, shape=SHAPE):
    return mlp((2,), [4], shape, output_activation=end)


def encoder(size, end=None):
    return mlp(SHAPE, [4], (size,), output_activation=end)


def ending_in(*ends):
    """A network from four numbers to what layers or functions make of a dense layer."""
    inputs = keras.Input((4,))
    x = layers.Dense(4)(inputs)
    for end in ends:
        x = end(x)
    return keras.Model(inputs, x)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: GAN(generator(), discriminator("sigmoid")),
            "`discriminator` must end in scores, which may be any numbers. Received "
            "'mlp', whose last activation is sigmoid: its outputs are from 0 to 1. Lea",
        ),
        (lambda: WGAN(generator(), discriminator("sigmoid")), "`discriminator`.*sigm"),
        (lambda: WGANGP(generator(), discriminator("relu")), "`discriminator`.*relu"),
        (lambda: LSGAN(generator(), discriminator("relu6"), -1, 1, 0), "codes.*relu6"),
        (
            lambda: GAN(generator("sigmoid"), discriminator()),
            "`generator` must end in images, from -1 to 1. Received .* from 0 to 1.$",
        ),
        (
            lambda: VAE(encoder(4), decoder("sigmoid"), BernoulliLikelihood()),
            "`decoder` must end in the parameters of BernoulliLikelihood, which may be",
        ),
        (
            lambda: VAE(
                encoder(4), decoder("tanh", (4, 4, 2)), LearnedGaussianLikelihood()
            ),
            "`decoder`.*tanh",
        ),
        (
            lambda: VAE(encoder(4, "relu"), decoder(), GaussianLikelihood()),
            "`encoder` must end in means and logs of scales.*relu",
        ),
        (
            lambda: Autoencoder(
                encoder(2), decoder("sigmoid"), x_domain=Images(SHAPE, -1.0, 1.0)
            ),
            "`decoder` must end in images, from -1 to 1",
        ),
    ],
)
def test_an_end_that_cannot_reach_what_is_meant_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    "make",
    [
        lambda: Autoencoder(encoder(2, "relu"), decoder("sigmoid")),
        lambda: Autoencoder(encoder(2, "tanh"), decoder("relu")),
        lambda: VAE(encoder(4), decoder("sigmoid"), GaussianLikelihood()),
        lambda: LSGAN(generator("linear"), discriminator("sigmoid")),
        lambda: LSGAN(generator("leaky_relu"), discriminator("tanh"), -1, 1, 0),
        lambda: WGAN(generator("softsign"), discriminator("leaky_relu")),
    ],
)
def test_an_end_that_reaches_it_is_allowed(make):
    make()


def test_vectors_may_lie_in_any_range():
    flat = mlp((2,), [4], (5,), output_activation="sigmoid")
    assert GAN(flat, mlp((5,), [4], (1,))).x_domain == Vectors(5)


@pytest.mark.parametrize(
    ("ends", "name"),
    [
        ([layers.Activation("sigmoid")], "sigmoid"),
        ([layers.Softmax(), layers.Reshape((2, 2))], "softmax"),
        ([layers.ReLU(), layers.Activation("linear", dtype="float32")], "relu"),
        ([ops.tanh, lambda x: ops.reshape(x, (-1, 2, 2)), layers.Flatten()], "tanh"),
        ([ops.hard_sigmoid, lambda x: x[:, :1]], "hardsigmoid"),
        ([layers.Reshape((2, 2)), ops.silu, layers.GlobalMaxPooling1D()], "silu"),
        ([layers.Dense(2, activation=layers.ReLU())], "relu"),
        ([mlp((4,), [], (2, 1), output_activation="sigmoid")], "sigmoid"),
        (
            [layers.Reshape((2, 2)), layers.TimeDistributed(layers.Dense(2, "elu"))],
            "elu",
        ),
        ([layers.Activation("sigmoid"), layers.Rescaling(2.0, -1.0)], "rescaling"),
        ([layers.ReLU(negative_slope=0.1)], None),
        ([layers.Activation("sigmoid"), layers.Dense(2)], "linear"),
    ],
)
def test_the_last_activation_is_seen_through_changes_of_shape(ends, name):
    assert last_activation(ending_in(*ends).outputs[0]) == name


def test_it_is_seen_behind_a_reference_batch():
    inputs = keras.Input(SHAPE)
    x = ReferenceBatchNormalization(3)(layers.Flatten()(inputs))
    network = keras.Model(inputs, layers.Dense(1, activation="sigmoid")(x))
    judge = with_reference(network, np.zeros((3, *SHAPE)))
    with pytest.raises(ValueError, match="`discriminator` must end in scores"):
        GAN(generator(), judge)


def test_a_sigmoid_that_is_rescaled_makes_images():
    inputs = keras.Input((2,))
    x = layers.Reshape(SHAPE)(layers.Dense(16, activation="sigmoid")(inputs))
    rescaled = keras.Model(inputs, layers.Rescaling(2.0, -1.0)(x))
    GAN(rescaled, discriminator())


def test_a_sequential_network_need_not_have_been_called():
    stacked = keras.Sequential([keras.Input(SHAPE), layers.Flatten(), layers.Dense(2)])
    assert Autoencoder(stacked, decoder()).encoder is stacked
