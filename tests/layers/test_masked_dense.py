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
    kernel = np.array(layer.kernel)
    expected = np.zeros((2, 3))
    for source in range(4):
        for target in range(3):
            if connections[source, target]:
                expected[:, target] += inputs[:, source] * kernel[source, target]
    np.testing.assert_allclose(outputs, expected, atol=1e-6)
    assert len(layer.weights) == 1 + use_bias


def test_bad_units_are_refused():
    with pytest.raises(ValueError, match="`units`"):
        MaskedDense(0)
