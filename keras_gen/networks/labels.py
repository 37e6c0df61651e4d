"""Labels as the second input of a network."""

import keras

from keras_gen.layers import LabelCode


def with_labels(inputs, num_classes) -> tuple:
    """Adds labels to the inputs of a network.

    Args:
        inputs: `keras.Input` of the examples or latents.
        num_classes: Integer; None for a network without labels.

    Returns:
        A pair: the inputs of the network, which are `[inputs, labels]` if there are
        classes, and the tensor for its first layer, to which the one-hot label is then
        concatenated.
    """
    if num_classes is None:
        return inputs, inputs
    labels = keras.Input((), dtype="int32", name="labels")
    code = LabelCode(num_classes, name="label_code")
    return [inputs, labels], code(inputs, labels)
