import keras
import numpy as np
import pytest
import tensorflow as tf
from contracts import AutoencodingContract

from keras_gen.layers import GaussianCorruption, MaskingCorruption
from keras_gen.models import DenoisingAutoencoder
from keras_gen.networks import mlp
from keras_gen.random import Rows, seed_initializers


def tiny(corruption, seed=0):
    encoder = mlp((8, 8, 1), [16], (4,), name="encoder")
    decoder = mlp((4,), [16], (8, 8, 1), name="decoder")
    return DenoisingAutoencoder(encoder, decoder, corruption, seed=seed, name="tiny")


class TestContract(AutoencodingContract):
    model_class = DenoisingAutoencoder
    any_range = ("x",)

    def make(self, seed=0):
        return tiny(MaskingCorruption(0.3, name="corruption"), seed)


def test_the_corruption_is_a_function_of_the_rows():
    model = tiny(GaussianCorruption(0.5))
    images = np.zeros((4, 8, 8, 1), "f4")
    noise = [model.noise_rows(Rows(4, seed=0, step=step)) for step in (1, 1, 2)]
    first, again, other = (model.corrupt(images, some) for some in noise)
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other)


def test_gradient_accumulation_draws_new_noise_in_each_step():
    model = tiny(GaussianCorruption(0.5))
    model.compile(keras.optimizers.SGD(1e-3, gradient_accumulation_steps=4))
    steps = []
    loss_terms = model.loss_terms

    def recorded(batch, training):
        steps.append(int(batch.rows.step))
        return loss_terms(batch, training)

    model.loss_terms = recorded
    model.run_eagerly = True
    model.fit(np.zeros((16, 8, 8, 1), "f4"), batch_size=4, verbose=0)
    assert steps == [0, 1, 2, 3]


def test_linear_denoising_of_gaussian_data_is_the_wiener_filter():
    seed_initializers(0)
    points = 0.5 + Rows(2000, 0).normal((1,), "points").numpy() * 0.1
    images = np.clip(points, 0, 1).astype("f4").reshape(-1, 1, 1, 1)
    encoder, decoder = mlp((1, 1, 1), [], (1,)), mlp((1,), [], (1, 1, 1))
    model = DenoisingAutoencoder(encoder, decoder, GaussianCorruption(0.1))
    rate = keras.optimizers.schedules.CosineDecay(0.05, 1500)
    model.compile(keras.optimizers.Adam(rate), steps_per_execution=100)
    data = tf.data.Dataset.from_tensors(images).repeat()
    model.fit(data, steps_per_epoch=1500, verbose=0)
    ends = model.reconstruct(np.array([0.0, 1.0], "f4").reshape(2, 1, 1, 1)).numpy()
    # The signal is half of the variance of the corrupted input.
    assert float(ends[1].item() - ends[0].item()) == pytest.approx(0.5, abs=0.05)


def test_it_recovers_what_a_plain_reconstruction_would_not():
    seed_initializers(0)
    images = np.zeros((64, 8, 8, 1), "f4")
    images[::2, :, :4], images[1::2, :, 4:] = 1.0, 1.0
    model = tiny(MaskingCorruption(0.7))
    model.compile(keras.optimizers.Adam(1e-2))
    model.fit(images, epochs=60, batch_size=32, verbose=0)
    corrupted = model.corrupt(images, model.noise_rows(Rows(64, seed=5)))
    before = np.square(corrupted - images).sum(axis=(1, 2, 3)).mean()
    after = np.square(model.reconstruct(corrupted) - images).sum(axis=(1, 2, 3)).mean()
    assert after < 0.1 * before
