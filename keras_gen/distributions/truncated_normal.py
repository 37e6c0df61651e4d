"""Normal numbers without their tails, of operations that exports have too.

TensorFlow Lite has neither the error function nor its inverse.
"""

import math

import tensorflow as tf

# Abramowitz and Stegun, Handbook of Mathematical Functions, 1964, 7.1.26.
_RATE = 0.3275911
_ERF = (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592)
# Giles, Approximating the erfinv function, 2010, of single precision.
_CENTRE = (
    *(2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06, 0.00021858087),
    *(-0.00125372503, -0.00417768164, 0.246640727, 1.50140941),
)
_TAIL = (
    *(-0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773),
    *(-0.0076224613, 0.00943887047, 1.00167406, 2.83297682),
)


def truncated_normal(normal, share) -> tf.Tensor:
    """Normal numbers as a draw from the middle share of their distribution.

    The normal distribution is cut at plus and minus a threshold, between which it has
    the probability `share`. Quantiles go to quantiles: a number that is larger than
    30% of all normal numbers becomes the one that is larger than 30% of the rest. So
    the results are distributed as if numbers beyond the threshold had been drawn again,
    but they are a function of the numbers, whose signs and order they keep. A share of
    1 changes nothing. The thresholds 2, 1 and 0.5 have the shares 0.9545, 0.6827 and
    0.3829.

    Args:
        normal: Float32 tensor of standard normal numbers, `(batch, ...)`.
        share: Float32 tensor of shape `(batch,)`, in (0, 1].

    Returns:
        Tensor like `normal`, within 1e-5 of the exact values for shares of at most
        0.99. Beyond, errors grow in the tails, up to 1e-3 for 0.99999.

    Reference:
        Brock et al., Large Scale GAN Training for High Fidelity Natural Image
        Synthesis, 2018 (arXiv:1809.11096), section 3.1, the truncation trick.

    Example:
    >>> import numpy as np
    >>> from keras_gen.distributions import truncated_normal
    >>> normal = np.array([[-3.0, 0.0, 1.0]] * 2, "float32")
    >>> np.round(truncated_normal(normal, np.array([1.0, 0.5], "float32")), 2)
    array([[-3.  ,  0.  ,  1.  ],
           [-0.67,  0.  ,  0.44]], dtype=float32)
    """
    normal = tf.convert_to_tensor(normal)
    share = tf.reshape(share, (-1, *(1,) * (len(normal.shape) - 1)))
    probability = share * _erf(tf.abs(normal) / math.sqrt(2.0))
    # A whole share is chosen below, where the inverse could be infinite.
    probability = tf.minimum(probability, 1.0 - 2.0**-24)
    size = math.sqrt(2.0) * _inverse_erf(probability)
    return tf.where(share < 1.0, tf.sign(normal) * size, normal)


def _erf(x):
    """The error function of numbers of at least 0, within 2e-7."""
    t = 1.0 / (1.0 + _RATE * x)
    return 1.0 - t * _polynomial(_ERF, t) * tf.exp(-x * x)


def _inverse_erf(y):
    """The inverse of the error function in [0, 1)."""
    w = -tf.math.log((1.0 - y) * (1.0 + y))
    centre = _polynomial(_CENTRE, w - 2.5)
    tail = _polynomial(_TAIL, tf.sqrt(tf.maximum(w, 5.0)) - 3.0)
    return y * tf.where(w < 5.0, centre, tail)


def _polynomial(coefficients, x):
    found = coefficients[0]
    for coefficient in coefficients[1:]:
        found = coefficient + found * x
    return found
