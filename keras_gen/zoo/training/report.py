"""The report of a training: how a model was trained, and estimates of it."""

from importlib.metadata import version

from keras_gen.zoo.evaluation.evaluate import LONG, TIMES, measure, metrics_for
from keras_gen.zoo.evaluation.measures import machine
from keras_gen.zoo.training.budget import affordable

_STATED = ("epochs", "seed", "learning_rate", "start_from", "data", "seconds")
_VERSIONS = ("tensorflow", "keras", "tensorflow-probability", "numpy")


def report_of(recipe, model, run, dealt, verbose):
    """The contents of `metrics.json`: how a model was trained, and estimates of it.

    Args:
        recipe: A recipe, from `load_recipe()`.
        model: The trained model.
        run: Dict of what the training was done with.
        dealt: `TrainingData`.
        verbose: As in `keras.Model.fit()`.

    Returns:
        A dict.
    """
    stated = {name: run[name] for name in _STATED if run[name] is not None}
    return {
        "name": recipe.name,
        "model": type(model).__name__,
        "parameters": sum(
            int(weight.shape.num_elements()) for weight in model.trainable_weights
        ),
        "training": {
            **stated,
            "machine": machine(),
            "versions": {package: version(package) for package in _VERSIONS},
        },
        "quick": _estimates(recipe, model, run, dealt, verbose),
    }


def _estimates(recipe, model, run, dealt, verbose):
    """Quick results on the data that the training measures; a dict by metric."""
    if dealt.measured is None:
        return {}
    protocol = affordable(dealt.steps, dealt.batch_size, run["epochs"])
    protocol = protocol._replace(split=dealt.measured)
    left_out = (*TIMES, *LONG)
    metrics = [name for name in metrics_for(model, recipe) if name not in left_out]

    def progress(metric):
        if verbose:
            print(f"Measuring {metric} on {dealt.measured} data", flush=True)

    return measure(model, recipe, metrics, protocol, progress=progress)
