"""Tests of NICE: the contract, its volume, bad input."""

import numpy as np
import pytest
from contracts import FlowContract, unsettle

from keras_gen.domains import Images, Vectors
from keras_gen.models import NICE
from keras_gen.random import Rows


def tiny(seed=0):
    domain = Images((4, 4, 1), low=-1.0)
    return NICE(domain, 3, (12,), logit_margin=0.05, seed=seed, name="tiny")


class TestContract(FlowContract):
    model_class = NICE

    def make(self, seed=0):
        return tiny(seed)


def test_the_log_determinant_is_the_sum_of_the_last_log_scales():
    model = NICE(Vectors(5), 3, (8,))
    unsettle(model)
    x = np.array(Vectors(5).draw(Rows(6, 0)))
    expected = np.array(model.flow.layers[-1].log_scale).sum()
    np.testing.assert_allclose(model.forward(x)[1], np.full(6, expected), rtol=1e-5)


@pytest.mark.parametrize("num_couplings", [0, 1.5])
def test_bad_numbers_of_couplings_are_refused(num_couplings):
    with pytest.raises(ValueError, match="`num_couplings` must be an integer"):
        NICE(Vectors(5), num_couplings, (8,))
