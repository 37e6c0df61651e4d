import numpy as np
import pytest

from keras_gen.layers import LabelCode, SpectralNormalization
from keras_gen.networks import dcgan_discriminator, dcgan_generator, mlp

NETWORKS = {
    "mlp": (lambda n: mlp((6,), [4], (3,), num_classes=n), (6,)),
    "generator": (lambda n: dcgan_generator(6, [4], (8, 8, 1), num_classes=n), (6,)),
    "discriminator": (
        lambda n: dcgan_discriminator((8, 8, 2), [4], num_classes=n),
        (8, 8, 2),
    ),
}
EVERY = pytest.mark.parametrize("name", NETWORKS)


@EVERY
def test_a_network_that_is_told_labels_depends_on_them(name):
    make, shape = NETWORKS[name]
    network = make(3)
    inputs = np.ones((3, *shape), "float32")
    outputs = np.array(network([inputs, np.array([0, 1, 0])]))
    np.testing.assert_allclose(outputs[0], outputs[2], atol=1e-6)
    assert not np.allclose(outputs[0], outputs[1], atol=1e-6)


@EVERY
def test_without_classes_it_takes_one_input(name):
    make, shape = NETWORKS[name]
    network = make(None)
    assert [tuple(x.shape[1:]) for x in network.inputs] == [shape]
    # The code adds what the first kernel sees, and no layer with weights.
    assert len(network.weights) == len(make(3).weights)


def test_the_code_stands_beside_every_place():
    values = np.zeros((2, 2, 2, 1), "float32")
    coded = np.array(LabelCode(3)(values, np.array([2, 0])))
    assert coded.shape == (2, 2, 2, 4)
    assert (coded[0] == [0, 0, 0, 1]).all()
    assert (coded[1] == [0, 1, 0, 0]).all()
    with pytest.raises(ValueError, match="`num_classes`.*1"):
        LabelCode(1)


def test_a_dense_layer_sees_the_label_once():
    # Beside every pixel it would cost as many inputs again for each class.
    network = mlp((8, 8, 1), [4], (1,), num_classes=3)
    assert tuple(network.get_layer("hidden_0").kernel.shape) == (64 + 3, 4)


def test_every_kernel_can_be_wrapped():
    for network in (
        mlp((8, 8, 1), [4], (1,), wrapper=SpectralNormalization),
        dcgan_discriminator((8, 8, 1), [4], wrapper=SpectralNormalization),
    ):
        wrapped = [x for x in network.layers if isinstance(x, SpectralNormalization)]
        assert len(wrapped) == 2
        assert not any(hasattr(layer, "kernel") for layer in network.layers)


def test_a_wrapped_layer_keeps_its_activation():
    network = mlp((2,), [], (3,), output_activation="relu", wrapper=lambda layer: layer)
    assert np.array(network(np.full((1, 2), -1.0))).min() >= 0
