"""The couplings of NICE, RealNVP and Glow."""

from keras_gen.layers import AffineCoupling
from keras_gen.networks import conditioner


def half_sizes(size, swap=False) -> tuple[int, int]:
    """The sizes of the half that conditions a coupling, and of the half that changes.

    Args:
        size: Integer, the channels or values.
        swap: Boolean, as in the coupling.
    """
    first, second = size // 2, size - size // 2
    return (second, first) if swap else (first, second)


def affine_coupling(shape, width, num_blocks, swap=False, dtype=None) -> AffineCoupling:
    """An affine coupling with a residual network.

    Args:
        shape: Tuple `(height, width, channels)` or `(size,)`.
        width: Integer, see `keras_gen.networks.conditioner`.
        num_blocks: Integer, see `keras_gen.networks.conditioner`.
        swap: Boolean, as in the coupling.
        dtype: Optional dtype policy of the network.
    """
    given, changed = half_sizes(shape[-1], swap)
    network = conditioner(
        (*shape[:-1], given), 2 * changed, width, num_blocks, dtype=dtype
    )
    return AffineCoupling(network, swap)
