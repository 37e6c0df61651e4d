import keras
import numpy as np
import pytest

from keras_gen.networks import mlp, with_heads


def heads(*shapes):
    return [mlp((4,), [], shape) for shape in shapes]


def test_the_last_inputs_choose_a_head():
    shared, several = mlp((2,), [], (4,)), heads((3, 1), (3, 1))
    network = with_heads(shared, several)
    latents = np.random.default_rng(0).normal(size=(5, 2)).astype("f4")
    for index, code in enumerate(np.eye(2, dtype="f4")):
        found = network(np.concatenate([latents, np.tile(code, (5, 1))], axis=1))
        np.testing.assert_allclose(found, several[index](shared(latents)), atol=1e-6)


def test_it_is_loaded_as_it_was_saved(tmp_path):
    network = with_heads(mlp((2,), [], (4,)), heads((3,), (3,)))
    network.save(tmp_path / "network.keras")
    again = keras.saving.load_model(tmp_path / "network.keras")
    latents = np.ones((2, 4), "f4")
    np.testing.assert_array_equal(again(latents), network(latents))


@pytest.mark.parametrize(
    ("several", "message"),
    [
        (heads((3,)), "`heads` must hold two networks"),
        (mlp((4,), [], (3,)), "`heads` must hold two networks"),
        (heads((3,), (2,)), r"`heads\[1\]` must.*give \(3,\).*to \(2,\)"),
        ([mlp((5,), [], (3,))] * 2, r"`heads\[0\]` must take shape \(4,\)"),
        ([*heads((3,)), "head"], r"`heads\[1\]` must be a built network"),
    ],
)
def test_heads_that_do_not_match_are_refused(several, message):
    with pytest.raises(ValueError, match=message):
        with_heads(mlp((2,), [], (4,)), several)
