"""Checks of a decoder and of the likelihood that its outputs describe."""

from keras_gen.arguments import shown
from keras_gen.distributions import Likelihood
from keras_gen.models.base.output_range import check_reaches


def check_likelihood(output_distribution) -> None:
    """Raises a ValueError unless it is a likelihood that a decoder can have."""
    is_likelihood = isinstance(output_distribution, Likelihood)
    if not is_likelihood or not callable(output_distribution):
        raise ValueError(
            "`output_distribution` must be a likelihood that a decoder can have, such "
            f"as `BernoulliLikelihood()`. Received: {shown(output_distribution)}"
        )


def check_parameters(decoder, output_distribution, x_domain) -> None:
    """Raises a ValueError unless a decoder gives the parameters of examples.

    Args:
        decoder: Built network with one output.
        output_distribution: `keras_gen.distributions.Likelihood`.
        x_domain: `keras_gen.domains.Domain` of examples.
    """
    shape, kind = x_domain.shape, type(output_distribution).__name__
    expected = (*shape[:-1], shape[-1] * output_distribution.parameters_per_value)
    if tuple(decoder.output_shape[1:]) != expected:
        raise ValueError(
            f"`decoder` must end in shape {expected} for examples of shape {shape} "
            f"under {kind}. Received output shape: {tuple(decoder.output_shape[1:])}"
        )
    bounds = output_distribution.parameter_range or x_domain.bounds
    check_reaches("decoder", decoder, bounds, f"the parameters of {kind}")
