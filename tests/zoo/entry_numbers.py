"""A few numbers of every entry, of so few images that the tests can find them again.

    python tests/zoo/entry_numbers.py NAME ...

writes those of some entries, by default of all, into `entry_numbers.json`. They say
that weights, code and data still belong together; what a model is worth say its card
and `metrics.json`.
"""

import json
import sys
import warnings
from pathlib import Path

import numpy as np
import tensorflow as tf

from keras_gen import zoo
from keras_gen.zoo.evaluation.evaluate import measure, metrics_for
from keras_gen.zoo.evaluation.protocol import Protocol
from keras_gen.zoo.shelf.recipes import first_examples, load_recipe

PATH = Path(__file__).with_name("entry_numbers.json")
#: Some of the quick protocol's 1,000 images and samples.
FEW = Protocol(50, 200, 200, num_seeds=1, num_importance_samples=20)


def numbers_of(model, recipe):
    """Numbers of a model of a recipe, a dict of floats by metric."""
    metrics = [name for name in metrics_for(model, recipe) if name != "sampling"]
    with warnings.catch_warnings():
        # Of few samples a distance is far too large, but the same each time.
        warnings.simplefilter("ignore")
        results = measure(model, recipe, metrics, FEW)
    found = {name: float(result["value"]) for name, result in results.items()}
    if metrics == ["accuracy"]:
        # A share of 50 images hides what changes; the cross-entropy does not.
        images, labels = first_examples(recipe.data("test"), FEW.num_images)
        log_probs = tf.nn.log_softmax(model.predict(images, verbose=0)).numpy()
        found["cross_entropy"] = float(
            -log_probs[np.arange(len(labels)), labels].mean()
        )
    return found


def stored():
    """The numbers of all entries, a dict of dicts."""
    return json.loads(PATH.read_text(encoding="utf-8"))


if __name__ == "__main__":
    numbers = stored() if PATH.exists() else {}
    for entry in sys.argv[1:] or zoo.names():
        numbers[entry] = numbers_of(zoo.load(entry), load_recipe(entry))
    text = json.dumps(dict(sorted(numbers.items())), indent=1)
    PATH.write_text(text + "\n", encoding="utf-8")
