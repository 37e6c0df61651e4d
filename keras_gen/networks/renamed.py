"""A network under another name."""

import keras


def renamed(network, name) -> keras.Model:
    """A network of the same layers, not of copies, under another name.

    The layers of a network must differ in name, and networks that are given may not.

    Args:
        network: Network with one output.
        name: String.
    """
    return keras.Model(network.inputs, network.outputs[0], name=name)
