"""Numbers that change with the training step, in ways that Keras lacks."""

import keras
from keras import ops

from keras_gen.arguments import check_count, check_positive, check_reals


@keras.saving.register_keras_serializable(package="keras_gen")
class SigmoidRise(keras.optimizers.schedules.LearningRateSchedule):
    """A number that rises from 0 to near `highest`, fast at first.

    At the share `p` of the steps it is `highest * (2 / (1 + exp(-steepness * p)) - 1)`,
    so with the default values it ends at 0.9999.

    Args:
        num_steps: Integer of at least 1, the steps of the training. Later ones have the
            value at the end.
        highest: Float, what the number rises to.
        steepness: Positive float.

    Raises:
        ValueError: If an argument is wrong.

    Reference:
        [Domain-Adversarial Training of Neural
        Networks](https://arxiv.org/abs/1505.07818), 2016, section 5.2.2.

    Example:
    >>> from keras_gen.schedules import SigmoidRise
    >>> [round(float(SigmoidRise(100)(step)), 3) for step in (0, 10, 100)]
    [0.0, 0.462, 1.0]
    """

    def __init__(self, num_steps, highest=1.0, steepness=10.0):
        super().__init__()
        check_count(num_steps, "num_steps", 1)
        check_reals(highest=highest)
        check_positive(steepness=steepness)
        self.num_steps, self.highest = num_steps, highest
        self.steepness = steepness

    def __call__(self, step):
        share = _share(step, self.num_steps)
        # tanh(a / 2) = 2 / (1 + exp(-a)) - 1
        return self.highest * ops.tanh(0.5 * self.steepness * share)

    def get_config(self) -> dict:
        names = ("num_steps", "highest", "steepness")
        return {name: getattr(self, name) for name in names}


@keras.saving.register_keras_serializable(package="keras_gen")
class PowerDecay(keras.optimizers.schedules.LearningRateSchedule):
    """A number that falls as a power of the step.

    At the share `p` of the steps it is `first / (1 + factor * p) ** power`.

    Args:
        first: Float, the number at the first step.
        num_steps: Integer of at least 1, the steps of the training. Later ones have the
            value at the end.
        factor: Positive float.
        power: Positive float.

    Raises:
        ValueError: If an argument is wrong.

    Reference:
        [Domain-Adversarial Training of Neural
        Networks](https://arxiv.org/abs/1505.07818), 2016, section 5.2.2.

    Example:
    >>> from keras_gen.schedules import PowerDecay
    >>> [round(float(PowerDecay(0.01, 100)(step)), 5) for step in (0, 50, 100)]
    [0.01, 0.00261, 0.00166]
    """

    def __init__(self, first, num_steps, factor=10.0, power=0.75):
        super().__init__()
        check_reals(first=first)
        check_count(num_steps, "num_steps", 1)
        check_positive(factor=factor, power=power)
        self.first, self.num_steps = first, num_steps
        self.factor, self.power = factor, power

    def __call__(self, step):
        share = _share(step, self.num_steps)
        return self.first * (1.0 + self.factor * share) ** -self.power

    def get_config(self) -> dict:
        names = ("first", "num_steps", "factor", "power")
        return {name: getattr(self, name) for name in names}


def _share(step, num_steps):
    return ops.minimum(ops.cast(step, "float32") / num_steps, 1.0)
