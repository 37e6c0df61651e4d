"""One number an example."""

import math

import keras
import numpy as np

from keras_gen.domains.domain import Domain, check_range


@keras.saving.register_keras_serializable(package="keras_gen")
class Scalars(Domain):
    """Real numbers, one for each example, such as a temperature.

    Args:
        low: Optional float, the least value.
        high: Optional float, the greatest value.
    """

    noun = "numbers"

    def __init__(self, low=None, high=None):
        if low is not None and high is not None:
            if not low < high:
                raise ValueError(
                    f"`high` must be above `low`. Received: {low} and {high}"
                )
            self.bounds = (low, high)
        self.low, self.high = low, high

    def draw(self, rows):
        if self.low is None or self.high is None:
            normal = np.array(rows.normal((), "scalars"))
            if self.low is not None:
                return self.low + np.abs(normal)
            return normal if self.high is None else self.high - np.abs(normal)
        uniform = np.asarray(rows.uniform((), "scalars"))
        return (self.low + (self.high - self.low) * uniform).astype(np.float32)

    def get_config(self):
        return {"low": self.low, "high": self.high}

    def _check_values(self, values, name):
        low = -math.inf if self.low is None else self.low
        high = math.inf if self.high is None else self.high
        check_range(values, name, low, high)
