"""Feature extractors from the classifiers of the zoo."""

import keras

from keras_gen.metrics import FeatureExtractor
from keras_gen.zoo.shelf.entry import Entry


def extractor(name) -> FeatureExtractor:
    """A classifier of the zoo as a feature extractor.

    Args:
        name: String, an entry whose model is a classifier with a layer `"features"`.

    Returns:
        `keras_gen.metrics.FeatureExtractor`. Its name is the name of the entry with the
        first eight digits of the sha256 of the weights.

    Raises:
        ValueError: If there is no such entry, it has no weights or is no classifier.
    """
    return extractor_of(Entry(name))


def extractor_of(entry) -> FeatureExtractor:
    """`extractor()` of an `Entry`."""
    model = entry.load()
    layers = [layer.name for layer in model.layers]
    if "features" not in layers:
        raise ValueError(
            f"The zoo entry {entry.name!r} is no feature extractor: its "
            f"{type(model).__name__} has no layer 'features', only {layers}"
        )
    features = model.get_layer("features").output
    network = keras.Model(
        model.inputs[0], [features, keras.ops.softmax(model.outputs[0])]
    )
    return FeatureExtractor(
        f"{entry.name}@{entry.weights_sha256[:8]}",
        network,
        model.input_shape[1:],
        entry.recipe.image_range,
    )
