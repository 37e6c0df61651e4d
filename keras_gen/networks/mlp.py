"""Fully connected networks."""

import math

import keras
from keras import layers

from keras_gen.arguments import check_sizes, shown
from keras_gen.networks.labels import with_labels


def mlp(
    input_shape,
    hidden_units,
    output_shape,
    activation="relu",
    output_activation=None,
    output_bias=True,
    num_classes=None,
    wrapper=None,
    name="mlp",
) -> keras.Model:
    """A stack of dense layers between tensors of any shape.

    Args:
        input_shape: Tuple of integers, without the batch. Or a list of such tuples:
            then the network takes a list of inputs, which are concatenated.
        hidden_units: List of integers, the width of each hidden layer; empty for one
            linear layer.
        output_shape: Tuple of integers, without the batch.
        activation: Activation of the hidden layers.
        output_activation: Activation of the outputs; `None` for linear outputs.
        output_bias: Boolean, whether the outputs have a bias. The bias of a Wasserstein
            discriminator has no gradient.
        num_classes: Optional integer of at least 2. If given, the network takes a list
            `[inputs, labels]`, and the one-hot label is concatenated to the inputs.
        wrapper: Optional function that takes each layer with a kernel and returns the
            layer to use, such as `keras_gen.layers.SpectralNormalization`.
        name: String, the name of the network.

    Returns:
        A built `keras.Model`.

    Raises:
        ValueError: If a size is not a positive integer, or several inputs come with
            `num_classes`.

    Example:
    >>> from keras_gen.networks import mlp
    >>> mlp((28, 28, 1), [200, 200], (50,), activation="tanh").count_params()
    207250
    """
    check_sizes("hidden_units", hidden_units)
    check_sizes("output_shape", output_shape)
    inputs, x = _inputs(input_shape, num_classes)
    for index, units in enumerate(hidden_units):
        x = _dense(x, wrapper, units, activation, name=f"hidden_{index}")
    units = math.prod(output_shape)
    x = _dense(x, wrapper, units, output_activation, output_bias, name="outputs")
    if len(output_shape) > 1:
        x = layers.Reshape(tuple(output_shape), name="reshape")(x)
    return keras.Model(inputs, x, name=name)


def _inputs(shape, num_classes):
    """The inputs of the network, and the tensor for its first layer."""
    if not isinstance(shape, list) or not any(isinstance(s, tuple) for s in shape):
        check_sizes("input_shape", shape)
        inputs = keras.Input(tuple(shape), name="inputs")
        # Flat first: to an image a label would be added as whole planes.
        flat = layers.Flatten(name="flatten")(inputs) if len(shape) > 1 else inputs
        return with_labels(inputs, num_classes, flat)
    if num_classes is not None:
        raise ValueError(
            "`num_classes` must be left out for a network of several inputs. Received: "
            f"{shown(num_classes)}"
        )
    for sizes in shape:
        check_sizes("input_shape", sizes)
    inputs = [keras.Input(tuple(s), name=f"inputs_{i}") for i, s in enumerate(shape)]
    flat = [layers.Flatten(name=f"flatten_{i}")(x) for i, x in enumerate(inputs)]
    return inputs, layers.Concatenate(name="concatenate")(flat)


def _dense(x, wrapper, units, activation, use_bias=True, name=None):
    if wrapper is None:
        return layers.Dense(units, activation, use_bias, name=name)(x)
    # What wraps a kernel needs it bare.
    x = wrapper(layers.Dense(units, use_bias=use_bias, name=name))(x)
    return x if activation is None else layers.Activation(activation)(x)
