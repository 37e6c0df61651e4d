"""Labels as second input of a network."""

import keras

from keras_gen.layers import LabelCode


def with_labels(inputs, num_classes):
    """The inputs of a network that may be told labels, and what its first layer takes.

    Args:
        inputs: `keras.Input` of the examples or latents.
        num_classes: Integer; None for a network without labels.

    Returns:
        A pair: the inputs of the network, which are `[inputs, labels]` with classes,
        and a tensor, to which the one-hot code of the labels is then concatenated.
    """
    if num_classes is None:
        return inputs, inputs
    labels = keras.Input((), dtype="int32", name="labels")
    code = LabelCode(num_classes, name="label_code")
    return [inputs, labels], code(inputs, labels)
