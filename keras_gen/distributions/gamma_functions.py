"""Functions of the gamma distribution, of operations that exports have too.

TensorFlow Lite has neither `lgamma` nor `digamma`.
"""

import math

from keras import ops

_SHIFT = 6


def digamma(x):
    """The derivative of the log of the gamma function, of positive numbers.

    Within 1e-6 of the exact values, relative to the larger of 1 and these.
    """
    # psi(x) = psi(x + 6) - sum of 1 / (x + i); then Stirling's series.
    shifted = x + _SHIFT
    square = 1.0 / (shifted * shifted)
    series = square * (1 / 12 - square * (1 / 120 - square / 252))
    passed = sum(1.0 / (x + float(index)) for index in range(_SHIFT))
    return ops.log(shifted) - 0.5 / shifted - series - passed


def log_gamma(x):
    """The log of the gamma function, of positive numbers.

    Within 1e-6 of the exact values, relative to the larger of 1 and `x log x`.
    """
    shifted = x + _SHIFT
    inverse = 1.0 / shifted
    square = inverse * inverse
    series = inverse * (1 / 12 - square * (1 / 360 - square / 1260))
    passed = sum(ops.log(x + float(index)) for index in range(_SHIFT))
    stirling = (shifted - 0.5) * ops.log(shifted) - shifted
    return stirling + 0.5 * math.log(2.0 * math.pi) + series - passed


def log_gamma_sample(shape, normal, uniform, boost):
    """The logs of draws from a gamma distribution of scale 1, as a function of noise.

    Args:
        shape: Positive float, the shape of the distribution.
        normal: Standard normal tensor `(batch, size, tries)`, the candidates.
        uniform: Tensor of the same shape in [0, 1), which accepts them. Of 8 candidates
            all are refused with a probability below 1e-10.
        boost: Tensor `(batch, size)` in [0, 1).

    Returns:
        Tensor of shape `(batch, size)`. Draws below the least float32 have a log too.

    Reference:
        Marsaglia and Tsang, "A simple method for generating gamma variables", 2000.
    """
    # A draw of shape a is one of shape a + 1, times U^(1 / a).
    d = shape + 1.0 - 1.0 / 3.0
    root = 1.0 + normal / math.sqrt(9.0 * d)
    log_v = 3.0 * ops.log(ops.maximum(root, 1e-6))
    bound = 0.5 * normal * normal + d - d * ops.exp(log_v) + d * log_v
    accepted = (root > 1e-6) & (ops.log(uniform + 2.0**-24) < bound)
    found = log_v[:, :, -1]
    for index in range(normal.shape[-1] - 2, -1, -1):
        found = ops.where(accepted[:, :, index], log_v[:, :, index], found)
    return math.log(d) + found + ops.log(boost + 2.0**-24) / shape
