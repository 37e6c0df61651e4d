import numpy as np
import pytest

from keras_gen.layers import MaskedDense
from keras_gen.random import Rows


@pytest.mark.parametrize("use_bias", [True, False])
def test_only_connected_units_count(use_bias):
    layer = MaskedDense(3, use_bias)
    inputs = Rows(2, 0).normal((4,), "inputs").numpy()
    connections = np.tri(4, 3)
    outputs = np.array(layer(inputs, connections))
    kernel = np.array(layer.masked_kernel(np.ones((4, 3))))
    expected = np.zeros((2, 3))
    for source in range(4):
        for target in range(3):
            if connections[source, target]:
                expected[:, target] += inputs[:, source] * kernel[source, target]
    np.testing.assert_allclose(outputs, expected, atol=1e-6)
    assert len(layer.weights) == 1 + use_bias


def test_what_cannot_be_connected_has_no_weight():
    connectable = np.array([[1, 0], [0, 1], [1, 1]])
    layer = MaskedDense(2, connectable=connectable)
    inputs = Rows(5, 0).normal((3,), "inputs").numpy()
    layer(inputs, connectable)
    assert layer.kernel.shape == (4,)
    layer.kernel.assign([1.0, 2.0, 3.0, 4.0])
    expected = inputs @ [[1, 0], [0, 2], [3, 4]]
    np.testing.assert_allclose(layer(inputs, np.ones((3, 2))), expected, atol=1e-6)
    again = MaskedDense.from_config(layer.get_config())
    np.testing.assert_array_equal(again.connectable, connectable)


def test_initial_weights_have_the_scale_of_the_whole_kernel():
    layer = MaskedDense(200, connectable=np.tri(300, 200))
    layer.build((None, 300))
    kernel = np.array(layer.kernel)
    assert np.abs(kernel).max() == pytest.approx(np.sqrt(6 / 500), rel=1e-2)
    assert kernel.mean() == pytest.approx(0, abs=2e-3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"units": 0}, "`units`"),
        ({"units": 2, "connectable": np.ones((2, 3))}, r"\(3, 2\).*\(2, 3\)"),
    ],
)
def test_bad_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        MaskedDense(**options).build((None, 3))
