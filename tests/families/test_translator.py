import numpy as np
import tensorflow as tf
from contracts import ModelContract
from families.translator import Translator

from keras_gen.networks import mlp
from keras_gen.random import Rows

SMALL, LARGE = (4, 4, 1), (6, 5, 3)


class TestContract(ModelContract):
    model_class = Translator
    coupled_terms = ("loss", "means")

    def make(self, seed=0):
        forth, back = mlp(SMALL, [8], LARGE), mlp(LARGE, [8], SMALL)
        return Translator(forth, back, seed=seed, name="tiny")


def test_it_learns_from_two_sets_that_are_dealt_independently():
    model = TestContract().make()
    x = model.x_domain.draw(Rows(20, 0))
    y = model.y_domain.draw(Rows(52, 1))
    sources = (tf.data.Dataset.from_tensor_slices(a).repeat() for a in (x, y))
    pairs = tf.data.Dataset.zip(*sources).batch(8)
    model.compile(run_eagerly=True)
    reported = model.fit(pairs, steps_per_epoch=3, epochs=4, verbose=0).history
    assert reported["cycle"][-1] < reported["cycle"][0]
    assert model.to_y(x).shape == (20, *LARGE)
    assert model.to_x(y).shape == (52, *SMALL)
    assert np.isfinite(model.predict(x, verbose=0)).all()
