"""The range of the outputs of a network, as far as its last activation shows it."""

import math

import keras

from keras_gen.distributions.likelihoods import REALS
from keras_gen.models.base import keras_seams

# By the names of functions, layers and operations, without underscores. Activations
# that reach all numbers, such as leaky ReLU, and unknown ones have no entry.
_RANGES = {
    **dict.fromkeys(
        ("sigmoid", "hardsigmoid", "sparsesigmoid", "softmax", "sparsemax"), (0.0, 1.0)
    ),
    **dict.fromkeys(("tanh", "hardtanh", "softsign"), (-1.0, 1.0)),
    **dict.fromkeys(
        ("relu", "softplus", "squareplus", "sparseplus", "exponential", "exp"),
        (0.0, math.inf),
    ),
    "relu6": (0.0, 6.0),
    "elu": (-1.0, math.inf),
    "celu": (-1.0, math.inf),
    "selu": (-1.76, math.inf),
    "silu": (-0.28, math.inf),
    "hardsilu": (-0.38, math.inf),
    "gelu": (-0.17, math.inf),
    "mish": (-0.31, math.inf),
    "logsigmoid": (-math.inf, 0.0),
}

# Layers and operations whose outputs lie in the range of their inputs.
_KEEPERS = {
    *("reshape", "flatten", "permute", "transpose", "expanddims", "squeeze"),
    *("identity", "cast", "getitem", "dropreferencebatch"),
    *(f"cropping{n}d" for n in (1, 2, 3)),
    *(f"{kind}pooling{n}d" for kind in ("average", "max") for n in (1, 2, 3)),
    *(f"global{kind}pooling{n}d" for kind in ("average", "max") for n in (1, 2, 3)),
}


def check_reaches(name, network, bounds, what) -> None:
    """Raises a ValueError if the last activation of a network cannot reach a range.

    Most often this is a sigmoid where logits are meant. An activation is not seen if a
    layer other than a change of shape or a pooling follows it.

    Args:
        name: String, the name of the argument.
        network: Built `keras.Model` with one output.
        bounds: Pair of floats, what the outputs must be able to come near to; None if
            anything will do.
        what: String, what the outputs are, such as `"scores"`.
    """
    activation = last_activation(network.outputs[0])
    found = _RANGES.get(activation)
    if bounds is None or found is None:
        return
    (least, most), (low, high) = found, bounds
    if low < least or most < high:
        raise ValueError(
            f"`{name}` must end in {what}, {_text(bounds)}. Received {network.name!r}, "
            f"whose last activation is {activation}: its outputs are {_text(found)}."
            + (" Leave the activation out." if bounds == REALS else "")
        )


def last_activation(tensor) -> str | None:
    """The name of the activation that made a tensor, in small letters, or None.

    Args:
        tensor: Keras tensor of a built network.
    """
    layer, inputs = keras_seams.origin(tensor)
    if _name(layer) in _KEEPERS:
        return last_activation(inputs[0])
    if isinstance(layer, keras.layers.Wrapper):
        layer = layer.layer
    activation = getattr(layer, "activation", layer)
    if _name(activation) == "linear" and isinstance(layer, keras.layers.Activation):
        return last_activation(inputs[0])
    # A ReLU of a negative slope reaches all numbers.
    return None if getattr(activation, "negative_slope", 0) else _name(activation)


def _name(function):
    name = getattr(function, "__name__", type(function).__name__)
    return name.lower().replace("_", "")


def _text(bounds):
    if bounds == REALS:
        return "which may be any numbers"
    return f"from {bounds[0]:g} to {bounds[1]:g}"
