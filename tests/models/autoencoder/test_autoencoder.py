import keras
import numpy as np
import pytest
import tensorflow as tf
from contracts import AutoencodingContract

from keras_gen.models import Autoencoder
from keras_gen.networks import mlp
from keras_gen.random import Rows, seed_initializers


class TestContract(AutoencodingContract):
    model_class = Autoencoder

    def make(self, seed=0):
        encoder = mlp((8, 8, 1), [16], (4,), name="encoder")
        decoder = mlp((4,), [16], (8, 8, 1), name="decoder")
        return Autoencoder(encoder, decoder, seed=seed, name="tiny")


def test_one_linear_layer_spans_the_principal_subspace():
    stretch = np.array([0.5, 0.35, 0.25, 0.05, 0.03, 0.02], "f4")
    rotation = np.linalg.qr(Rows(6, 1).normal((6,), "rotation"))[0]
    centred = (Rows(400, 0).uniform((6,), "points") - 0.5) * stretch @ rotation
    points = 0.5 + np.array(centred)
    assert 0 < points.min() < points.max() < 1
    images = points.reshape(-1, 2, 3, 1)
    seed_initializers(0)
    encoder, decoder = mlp((2, 3, 1), [], (3,)), mlp((3,), [], (2, 3, 1))
    model = Autoencoder(encoder, decoder)
    rate = keras.optimizers.schedules.CosineDecay(0.05, 8000)
    model.compile(keras.optimizers.Adam(rate), steps_per_execution=100)
    data = tf.data.Dataset.from_tensors(images).repeat()
    model.fit(data, steps_per_epoch=8000, verbose=0)

    centred = points - points.mean(axis=0)
    components = np.linalg.svd(centred, full_matrices=False)[2][:3]
    learned = np.linalg.qr(np.array(decoder.weights[0]).T)[0]
    # Cosines of the principal angles between the two subspaces.
    cosines = np.linalg.svd(components @ learned, compute_uv=False)
    np.testing.assert_allclose(cosines, 1.0, atol=1e-4)
    residual = centred - centred @ components.T @ components
    best = np.square(residual).sum(axis=1).mean()
    assert model.evaluate(images, verbose=0) == pytest.approx(best, rel=0.02)


@pytest.mark.parametrize(
    ("encoder", "decoder", "message"),
    [
        (mlp((8, 8, 1), [], (2, 2)), mlp((4,), [], (8, 8, 1)), "`encoder` must end"),
        (mlp((8, 8, 1), [], (4,)), mlp((5,), [], (8, 8, 1)), r"take.*\(4,\).*\(5,\)"),
        (mlp((8, 8, 1), [], (4,)), mlp((4,), [], (8, 7, 1)), r"end.*8, 8, 1.*8, 7, 1"),
    ],
)
def test_networks_that_do_not_fit_are_refused(encoder, decoder, message):
    with pytest.raises(ValueError, match=message):
        Autoencoder(encoder, decoder)
