import numpy as np
import pytest
import tensorflow as tf
from contracts import AutoencodingContract
from families.optional_labels import OptionalLabels

from keras_gen.models.base import Batch
from keras_gen.networks import mlp
from keras_gen.random import Rows


class TestContract(AutoencodingContract):
    model_class = OptionalLabels

    def make(self, seed=0):
        encoder, decoder = mlp((4, 4, 1), [8], (5,)), mlp((5,), [8], (4, 4, 1))
        return OptionalLabels(encoder, decoder, 3, seed=seed, name="tiny")


def test_an_example_without_a_label_teaches_no_class():
    model, rows = TestContract().make(), Rows(4, 0)
    x = tf.constant(model.x_domain.draw(rows))
    known = np.array([0, -1, 2, -1], np.int32)
    found = model.loss_terms(Batch(x, rows, tf.constant(known)), training=True)
    part = tf.gather(x, [0, 2])
    alone = Batch(part, rows.take([0, 2]), tf.constant(known[[0, 2]]))
    expected = model.loss_terms(alone, training=True)
    half = 0.5 * expected["cross_entropy"]
    np.testing.assert_allclose(found["cross_entropy"], half, rtol=1e-5)
    none = model.loss_terms(Batch(x, rows, tf.fill((4,), -1)), training=True)
    assert float(none["cross_entropy"]) == 0.0


def test_other_labels_than_unknown_are_refused():
    model = TestContract().fresh()
    with pytest.raises(ValueError, match=r"`y` must lie in \[-1, 3\)"):
        model.fit(TestContract().x(4), np.array([0, -2, 1, 0]), verbose=0)
