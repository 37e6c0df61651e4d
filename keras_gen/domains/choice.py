"""Which domain a network takes."""

from keras_gen.arguments import shown
from keras_gen.domains.domain import Domain
from keras_gen.domains.images import Images
from keras_gen.domains.vectors import Vectors


def of_shape(shape, low=0.0, high=1.0) -> Domain:
    """The domain of a network's inputs or outputs: images if three axes, else vectors.

    Args:
        shape: Tuple of integers, without the batch.
        low: Float, the value of black.
        high: Float, the value of white.
    """
    shape = tuple(shape)
    return Images(shape, low, high) if len(shape) == 3 else Vectors(shape)


def for_network(name, domain, network, optional=False) -> Domain:
    """The domain that a network takes: the one that is given, or that of its shape.

    Args:
        name: String, the argument that the domain is.
        domain: `Domain`, or None.
        network: Built network, whose first input is meant.
        optional: Boolean, whether values may be unknown.

    Raises:
        ValueError: If it is no domain, or one of another shape than the network takes,
            or of values that may be unknown where they must not.
    """
    shape = tuple(network.inputs[0].shape[1:])
    if domain is None:
        return of_shape(shape)
    if not isinstance(domain, Domain) or domain.shape != shape:
        raise ValueError(
            f"`{name}` must be a domain of the shape {shape} that the network takes. "
            f"Received: {shown(domain)}"
        )
    if domain.optional and not optional:
        raise ValueError(
            f"`{name}` must be a domain without unknown values, from which the model "
            f"does not learn. Received: {shown(domain)}"
        )
    return domain
