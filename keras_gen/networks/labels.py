"""Labels as the second input of a network."""

import keras

from keras_gen.layers import LabelCode


def with_labels(inputs, num_classes, features=None) -> tuple:
    """Adds labels to the inputs of a network.

    Args:
        inputs: `keras.Input` of the examples or latents.
        num_classes: Integer; None for a network without labels.
        features: Optional tensor made of the inputs, for the first layer instead of
            these.

    Returns:
        A pair: the inputs of the network, which are `[inputs, labels]` if there are
        classes, and the tensor for its first layer, to which the one-hot label is then
        concatenated.
    """
    features = inputs if features is None else features
    if num_classes is None:
        return inputs, features
    labels = keras.Input((), dtype="int32", name="labels")
    code = LabelCode(num_classes, name="label_code")
    return [inputs, labels], code(features, labels)
