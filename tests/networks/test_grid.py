"""Tests of networks to vectors on a grid and back."""

import numpy as np
import pytest

from keras_gen.networks import grid_decoder, grid_encoder


@pytest.mark.parametrize("num_blocks", [0, 2])
def test_the_grid_is_halved_and_doubled_as_often_as_there_are_filters(num_blocks):
    encoder = grid_encoder((8, 12, 3), [4, 5], 6, num_blocks)
    decoder = grid_decoder(6, [5, 4], (8, 12, 2), num_blocks)
    vectors = encoder(np.zeros((2, 8, 12, 3)))
    assert vectors.shape == (2, 2, 3, 6)
    assert decoder(vectors).shape == (2, 8, 12, 2)
    block = (9 * 5 + 1) * 5 + (5 + 1) * 5
    convolutions = (16 * 3 + 1) * 4 + (16 * 4 + 1) * 5 + (5 + 1) * 6
    assert encoder.count_params() == convolutions + num_blocks * block
    convolutions = (9 * 6 + 1) * 5 + (16 * 5 + 1) * 4 + (16 * 4 + 1) * 2
    assert decoder.count_params() == convolutions + num_blocks * block


def test_a_residual_block_of_zeros_passes_its_input_on():
    plain, deep = (grid_encoder((4, 4, 1), [3], 2, num) for num in (0, 1))
    for layer in deep.layers:
        if layer.name.startswith("block_0_conv"):
            layer.set_weights([0 * weight for weight in layer.get_weights()])
    for name in ("conv_0", "outputs"):
        deep.get_layer(name).set_weights(plain.get_layer(name).get_weights())
    x = np.linspace(-1, 1, 32, dtype="float32").reshape(2, 4, 4, 1)
    np.testing.assert_allclose(deep(x), plain(x), atol=1e-6)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: grid_encoder((6, 8, 1), [3, 3], 2), r"`image_shape` must be divis.*6"),
        (lambda: grid_encoder((8, 8, 1), [3], 0), "`size` must hold positive.*0"),
        (lambda: grid_decoder(2, [], (8, 8, 1)), "`filters` must hold at least one"),
        (
            lambda: grid_decoder(2, [3], (8, 8, 1), -1),
            "`num_blocks` must be an int.*-1",
        ),
    ],
)
def test_bad_sizes_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
