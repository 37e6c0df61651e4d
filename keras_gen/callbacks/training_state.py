"""The state of a training: variables, configs and callbacks."""

import json
import re
from collections import Counter

import keras
import numpy as np
import tensorflow as tf

from keras_gen.models.base import keras_seams, marks_of

# The state that Keras' callbacks keep from epoch to epoch.
_REMEMBERED = {
    keras.callbacks.EarlyStopping: (
        "best",
        "best_epoch",
        "best_weights",
        "stopped_epoch",
        "wait",
    ),
    keras.callbacks.ModelCheckpoint: ("best", "_batches_seen_since_last_saving"),
    keras.callbacks.ReduceLROnPlateau: ("best", "cooldown_counter", "wait"),
}
# Keras numbers the names of layers and models as a process makes them.
_NUMBER = re.compile(r"_\d+(?=_|/|\"|$)")


def variables_of(model, metrics) -> dict:
    """The variables of a compiled model by name, random streams included.

    Args:
        model: Keras model, compiled and built.
        metrics: Boolean, whether to include the running means over an epoch.

    Returns:
        Dict from names to variables.
    """
    if not model.optimizer.built:
        with model.distribute_strategy.scope():
            model.optimizer.build(model.trainable_variables)
    groups = {"model": model.variables, "optimizer": model.optimizer.variables}
    # On several workers reading the means would wait for all of them.
    if metrics and not _is_multiworker(model):
        _build_metrics(model)
        groups["metrics"] = [v for metric in model.metrics for v in metric.variables]
    named, seen = {}, Counter()
    for group, variables in groups.items():
        for variable in variables:
            name = f"{group}/{_NUMBER.sub('', variable.path)}"
            seen[name] += 1
            named[name if seen[name] == 1 else f"{name}:{seen[name]}"] = variable
    return named


def _is_multiworker(model):
    return isinstance(
        model.distribute_strategy, tf.distribute.MultiWorkerMirroredStrategy
    )


def _build_metrics(model):
    """Builds the metrics that were given to `compile()`, as the first step does."""
    if not marks_of(model):
        return
    for metric in keras_seams.unbuilt_metrics(model):
        examples = keras.KerasTensor((None, *model.x_domain.shape))
        with model.distribute_strategy.scope():
            metric.build(examples, examples)


def copy_of(variables) -> dict:
    """The values of named variables, as arrays that training does not change."""
    return {name: np.array(variable) for name, variable in variables.items()}


def check_fits(arrays, variables, path) -> None:
    """Raises a ValueError unless arrays and variables have the same names and shapes.

    Args:
        arrays: Dict from names to arrays.
        variables: Dict from names to variables.
        path: Path of the checkpoint of the arrays.
    """
    problems = [f"it has no {name}" for name in variables if name not in arrays]
    problems += [f"it has {name} besides" for name in arrays if name not in variables]
    for name in arrays.keys() & variables.keys():
        there = f"{arrays[name].dtype.name} of shape {arrays[name].shape}"
        here = f"{variables[name].dtype} of shape {tuple(variables[name].shape)}"
        if there != here:
            problems.append(f"its {name} is {there}, not {here}")
    if problems:
        listed = "; ".join(sorted(problems)[:3])
        more = f" and {len(problems) - 3} more" if len(problems) > 3 else ""
        raise ValueError(
            f"The checkpoint {str(path)!r} is not of this model: {listed}{more}."
        )


def assign(arrays, variables) -> None:
    """Assigns to each variable the array of the same name."""
    for name, variable in variables.items():
        variable.assign(arrays[name])


def identity_of(model) -> dict:
    """The configs of a model and of its optimizer."""
    serialize = keras.saving.serialize_keras_object
    identity = {"model": model.get_config(), "optimizer": serialize(model.optimizer)}
    return json.loads(_NUMBER.sub("", json.dumps(identity, default=str)))


def differences(there, here, name="") -> list:
    """The differences between two nests of JSON values, as a list of strings.

    Args:
        there: Nest of dicts, lists and plain values.
        here: Another one.
        name: String, the name of the value.
    """
    if isinstance(there, list) and isinstance(here, list) and len(there) == len(here):
        there, here = dict(enumerate(there)), dict(enumerate(here))
    if not isinstance(there, dict) or not isinstance(here, dict):
        return [] if there == here else [f"{name} {there!r}, not {here!r}"]
    return [
        difference
        for key in {**there, **here}
        for difference in differences(
            there.get(key), here.get(key), f"{name}.{key}".removeprefix(".")
        )
    ]


def remembers(callback) -> bool:
    """Whether the state of a callback can be saved."""
    return hasattr(callback, "get_state") or isinstance(callback, tuple(_REMEMBERED))


def check_remembers(callback) -> None:
    """Raises a ValueError unless the state of a callback can be saved."""
    if not remembers(callback):
        raise ValueError(
            "`callbacks` must have methods `get_state()` and `set_state(state)`, or be "
            f"{', '.join(kind.__name__ for kind in _REMEMBERED)}. Received: {callback}"
        )


def states_of(callbacks) -> tuple:
    """The states of callbacks.

    Returns:
        A list of dicts that JSON can represent, one for each callback, and a dict of
        the arrays that they name.
    """
    states, arrays = [], {}
    for index, callback in enumerate(callbacks):
        state = {}
        for name, value in _state_of(callback).items():
            if isinstance(value, list) and value and hasattr(value[0], "dtype"):
                names = [f"callbacks/{index}/{name}/{i}" for i in range(len(value))]
                arrays.update(zip(names, map(np.array, value), strict=True))
                value = {"arrays": names}
            state[name] = value
        states.append(state)
    return states, arrays


def set_states(callbacks, states, arrays) -> None:
    """Restores the states of callbacks that `states_of()` returned."""
    for callback, state in zip(callbacks, states, strict=True):
        state = {
            name: [arrays[key] for key in value["arrays"]]
            if isinstance(value, dict) and set(value) == {"arrays"}
            else value
            for name, value in state.items()
        }
        if hasattr(callback, "set_state"):
            callback.set_state(state)
        else:
            vars(callback).update(state)


def _state_of(callback):
    if hasattr(callback, "get_state"):
        return callback.get_state()
    names = next(n for kind, n in _REMEMBERED.items() if isinstance(callback, kind))
    return {name: getattr(callback, name) for name in names if hasattr(callback, name)}
