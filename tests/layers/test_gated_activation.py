import numpy as np
import pytest

from keras_gen.layers import GatedActivation
from keras_gen.random import Rows


@pytest.mark.parametrize("num_groups", [1, 3])
def test_halves_of_each_group_are_multiplied(num_groups):
    inputs = Rows(2, 0).normal((4, 12), "inputs").numpy()
    layer = GatedActivation(num_groups)
    outputs = np.array(layer(inputs))
    parts = []
    for group in np.split(inputs.astype("f8"), num_groups, axis=-1):
        signal, gate = np.split(group, 2, axis=-1)
        parts.append(np.tanh(signal) / (1 + np.exp(-gate)))
    np.testing.assert_allclose(outputs, np.concatenate(parts, axis=-1), atol=1e-6)
    assert layer.compute_output_shape((None, 4, 12)) == (None, 4, 6)
    assert GatedActivation.from_config(layer.get_config()).num_groups == num_groups


def test_features_that_cannot_be_halved_are_refused():
    with pytest.raises(ValueError, match="multiple of 6 features. Received: 8"):
        GatedActivation(3)(np.zeros((1, 8)))
    with pytest.raises(ValueError, match="`num_groups`"):
        GatedActivation(0)
