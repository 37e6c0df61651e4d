import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gen.domains import Labels, Vectors
from keras_gen.models.base import Decoding, GenerativeModel, marked, marks_of
from keras_gen.networks import mlp


class Doubling(Decoding, GenerativeModel):
    """Has latents, and labels if it is asked to."""

    def __init__(self, num_classes=None, **kwargs):
        super().__init__(**kwargs)
        self.num_classes = num_classes
        self.x_domain, self.latent_dim = Vectors(2), 2
        self.y_domain = None if num_classes is None else Labels(num_classes)

    def decode(self, latents, y=None):
        return 2.0 * latents if y is None else latents * tf.cast(y, "float32")[:, None]

    @marked(("x",), ("nowhere",))
    def never(self, x):
        return x

    @marked(("x",), ("x",), traced=None)
    def untraced(self, x):
        return x


def test_marks_say_what_a_model_has():
    marks = marks_of(Doubling())
    assert set(marks) == {"decode", "untraced"}
    assert marks["decode"] == (("latents",), ("x",), "decode")
    assert marks["untraced"].traced is None
    assert marks_of(Doubling(3))["decode"].takes == ("latents", "y")


def test_a_network_has_no_marks():
    assert marks_of(mlp((2,), [], (1,))) == {}
    assert marks_of(keras.Sequential([keras.layers.Dense(1)])) == {}


def test_an_override_is_checked_too_and_names_its_argument():
    model = Doubling(3)
    latents = np.ones((2, 2), "float32")
    np.testing.assert_array_equal(model.decode(latents, [1, 2]), [[1, 1], [2, 2]])
    for wrong, name in [
        ((latents[:, :1], [1, 2]), "latents"),
        ((latents * np.nan, [1, 2]), "latents"),
        ((latents, [1, 5]), "y"),
    ]:
        with pytest.raises(ValueError, match=f"^`{name}` "):
            model.decode(*wrong)


def test_what_a_model_is_told_is_neither_missing_nor_short_nor_too_much():
    latents = np.ones((2, 2), "float32")
    with pytest.raises(ValueError, match="`y` must be given"):
        Doubling(3).decode(latents)
    with pytest.raises(ValueError, match="`y` must have as many rows as `latents`"):
        Doubling(3).decode(latents, [1, 2, 0])
    with pytest.raises(ValueError, match="`y` must be left out"):
        Doubling().decode(latents, [1, 2])


def test_half_precision_is_taken_as_it_comes():
    latents = tf.ones((2, 2), tf.bfloat16)
    assert Doubling().decode(latents).dtype == tf.float32


def test_in_a_graph_the_shape_is_checked():
    model = Doubling()
    doubled = tf.function(model.decode)(tf.ones((3, 2)))
    np.testing.assert_array_equal(doubled, 2 * np.ones((3, 2)))
    with pytest.raises(ValueError, match="`latents` must have shape"):
        tf.function(model.decode)(tf.ones((3, 4)))


def test_arguments_arrive_as_tensors_of_the_domain():
    assert Doubling().decode(np.ones((3, 2), "float64")).dtype == tf.float32


def test_the_documentation_stays_that_of_the_method():
    assert "from latents" in Decoding.decode.__doc__
    assert Decoding.decode.__name__ == "decode"
