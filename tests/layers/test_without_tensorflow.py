"""Tests that layers, losses and networks need Keras alone."""

import importlib.util
import os
import subprocess
import sys

import pytest

IMPORT = """
import sys
import keras
for name in ("tensorflow", "tensorflow_probability"):
    sys.modules[name] = None
from keras_gen import layers, losses, networks
"""

EVALUATE = """
import sys
for name in ("tensorflow", "tensorflow_probability"):
    sys.modules[name] = None
import keras
import numpy as np
from keras_gen import layers, losses, networks

images = np.ones((2, 8, 8, 1), "float32")
assert layers.GaussianCorruption(0.5)(images, images).shape == images.shape
assert layers.MaskingCorruption(0.5)(images, images).shape == images.shape
assert float(losses.squared_error(images, 0 * images)) == 64
encoder = networks.conv_encoder((8, 8, 1), [4], 3)
decoder = networks.conv_decoder(3, [4], (8, 8, 1))
networks.check_mirrored(encoder, decoder)
assert decoder(encoder(images)).shape == images.shape
assert networks.mlp((8, 8, 1), [4], (3,))(images).shape == (2, 3)
generator = networks.dcgan_generator(3, [4], (8, 8, 1))
discriminator = networks.dcgan_discriminator((8, 8, 1), [4])
score = discriminator(generator(np.ones((2, 3), "float32")))
assert float(losses.non_saturating_generator_loss(None, score)) > 0
assert float(losses.minimax_discriminator_loss(score, score, 0.1)) > 0
assert float(losses.gradient_penalty(images)) == 49
assert layers.MinibatchStandardDeviation()(images).shape == (2, 8, 8, 2)
generator = networks.progressive_generator(3, [4, 2], (8, 8, 1))
discriminator = networks.progressive_discriminator((8, 8, 1), [4, 2])
for growth in (0.0, 0.5, 1.0):
    generator.get_layer("images").growth.assign(growth)
    discriminator.get_layer("features").growth.assign(growth)
    assert discriminator(generator(np.ones((2, 3), "float32"))).shape == (2, 1)
for normalization in (
    layers.ReferenceBatchNormalization,
    layers.VirtualBatchNormalization,
):
    network = keras.Sequential([keras.Input((3,)), normalization(2)])
    network = networks.with_reference(network, np.eye(2, 3))
    assert network(np.ones((4, 3), "float32")).shape == (4, 3)
print(keras.backend.backend())
"""


def run(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
        capture_output=True,
        text=True,
    )


def test_the_rooms_do_not_import_tensorflow():
    done = run(IMPORT)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_the_rooms_run_on_another_backend(backend):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    done = run(EVALUATE, KERAS_BACKEND=backend)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [backend]
