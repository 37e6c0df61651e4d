"""The multi-scale architecture of RealNVP and Glow, for images."""

from keras_gen.arguments import check_count
from keras_gen.layers import Split, Squeeze


def multi_scale(x_domain, num_scales, layers_of) -> list:
    """Layers that halve images, change them, and finish half of the channels, in turn.

    At the last scale all channels are finished together.

    Args:
        x_domain: `keras_gen.domains.Images`, or another domain, which is refused.
        num_scales: Integer of at least 1, how often images are halved.
        layers_of: Function from the shape `(height, width, channels)` after a squeeze
            and whether it is the last to a list of layers that keep the shape.

    Returns:
        List of `keras_gen.layers.FlowLayer`.

    Raises:
        ValueError: If `x_domain` is not of images that can be halved so often.
    """
    check_count(num_scales, "num_scales", 1)
    factor = 2**num_scales
    shape = x_domain.shape
    if len(shape) != 3 or shape[0] % factor or shape[1] % factor:
        raise ValueError(
            f"`x_domain` must have a height and a width divisible by {factor} for "
            f"num_scales={num_scales}. Received: {x_domain!r}"
        )
    return _scale(shape, num_scales, layers_of)


def _scale(shape, num_scales, layers_of):
    height, width, channels = shape[0] // 2, shape[1] // 2, 4 * shape[2]
    layers = [Squeeze(), *layers_of((height, width, channels), num_scales == 1)]
    if num_scales > 1:
        rest = _scale((height, width, channels // 2), num_scales - 1, layers_of)
        layers.append(Split(rest))
    return layers
