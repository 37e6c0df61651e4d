"""Dirichlet distributions, of operations that exports have too."""

from keras import ops

from keras_gen.distributions.gamma_functions import digamma, log_gamma


def expected_log(parameters):
    """The expected logs of proportions under Dirichlet distributions, row by row."""
    total = ops.sum(parameters, axis=1, keepdims=True)
    return digamma(parameters) - digamma(total)


def dirichlet_divergence(parameters, expected, prior):
    """The divergence of Dirichlet distributions from a symmetric one, row by row.

    Args:
        parameters: Tensor of shape `(rows, size)`.
        expected: `expected_log(parameters)`.
        prior: Float, the parameter of the symmetric distribution.
    """
    size = parameters.shape[1]
    of_prior = log_gamma(ops.convert_to_tensor([size * prior, prior]))
    found = log_gamma(ops.sum(parameters, axis=1))
    found -= ops.sum(log_gamma(parameters), axis=1)
    found -= of_prior[0] - size * of_prior[1]
    return found + ops.sum((parameters - prior) * expected, axis=1)


def draw_counts(probabilities, uniform):
    """Draws words and counts them, as a function of noise.

    Args:
        probabilities: Tensor of shape `(batch, size)`, whose rows sum to 1.
        uniform: Tensor of shape `(batch, num_words)` in [0, 1).

    Returns:
        Int32 tensor of shape `(batch, size)`.
    """
    num_words = uniform.shape[1]
    ends = ops.cumsum(probabilities, axis=1)[:, :-1]

    def passes(index, count):
        number = ops.take(uniform, index, axis=1)[:, None]
        return index + 1, count + ops.cast(number >= ends, "int32")

    # How many words come after each one of the vocabulary.
    none = ops.cast(ops.zeros_like(ends), "int32")
    later = ops.while_loop(lambda index, _: index < num_words, passes, (0, none))[1]
    earlier = ops.pad(later, [[0, 0], [1, 0]], constant_values=num_words)
    return earlier - ops.pad(later, [[0, 0], [0, 1]])


def fixed_point(update, start, num_iterations):
    """Applies `update` to `start` a number of times, in one loop of a graph."""
    return ops.while_loop(
        lambda index, _: index < num_iterations,
        lambda index, value: (index + 1, update(value)),
        (0, start),
    )[1]


def as_proportions(values):
    """Rows divided by their sums."""
    return values / ops.sum(values, axis=1, keepdims=True)
