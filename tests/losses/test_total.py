import numpy as np
import tensorflow as tf
from graphs import optimized_graphs, sums_by_chance, traced_step

from keras_gen.losses import total


class Reporting:
    """A training step whose loss has three terms, of which two are reported."""

    def __init__(self, add):
        self.add = add

    def train_step(self, batch):
        terms = [tf.reduce_sum(tf.sin(batch * k)) for k in (1.0, 2.0, 3.0)]
        return self.add(terms), terms[:2]


def graphs_of(add):
    return optimized_graphs(traced_step(Reporting(add)), tf.ones(3))


def test_terms_are_summed():
    found = total([tf.constant(1.0), tf.constant(2.0), tf.constant(4.0)])
    np.testing.assert_array_equal(found, 7.0)
    np.testing.assert_array_equal(total(iter([tf.constant(2.0)])), 2.0)


def test_the_order_does_not_change_with_the_timing():
    graphs, (found, _) = graphs_of(total)
    assert not any(map(sums_by_chance, graphs))
    graphs, (expected, _) = graphs_of(lambda terms: sum(terms[1:], terms[0]))
    assert any(map(sums_by_chance, graphs))
    np.testing.assert_allclose(found, expected, rtol=1e-6)
