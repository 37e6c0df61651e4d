"""Feature extractors from the classifiers of the zoo."""

import keras

from keras_gen.metrics import FeatureExtractor
from keras_gen.zoo.catalog import metrics_of
from keras_gen.zoo.loading import load
from keras_gen.zoo.recipes import load_recipe


def extractor(name):
    """The feature extractor that a classifier of the zoo is.

    Args:
        name: String, an entry whose model is a classifier with a layer `"features"`.

    Returns:
        `keras_gen.metrics.FeatureExtractor`, named by the entry and the first eight
        digits of the sha256 of its weights.

    Raises:
        ValueError: If there is no such entry, it has no weights or is no classifier.
    """
    model = load(name)
    layers = [layer.name for layer in model.layers]
    if "features" not in layers:
        raise ValueError(
            f"The zoo entry {name!r} is no feature extractor: its "
            f"{type(model).__name__} has no layer 'features', only {layers}"
        )
    features = model.get_layer("features").output
    network = keras.Model(
        model.inputs[0], [features, keras.ops.softmax(model.outputs[0])]
    )
    return FeatureExtractor(
        f"{name}@{metrics_of(name)['weights_sha256'][:8]}",
        network,
        model.input_shape[1:],
        load_recipe(name).image_range,
    )
