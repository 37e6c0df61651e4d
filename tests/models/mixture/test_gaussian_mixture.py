import numpy as np
import pytest
from contracts import SamplerContract

from keras_gen.distributions import (
    DiagonalCovariance,
    FactorCovariance,
    FullCovariance,
    TiedCovariance,
)
from keras_gen.models import GaussianMixture
from keras_gen.random import Rows


class TestContract(SamplerContract):
    model_class = GaussianMixture

    def make(self, seed=0):
        return GaussianMixture(3, 2, seed=seed, name="tiny")

    def unsettle(self, model):
        model.adapt(self.x(60))
