"""Signatures: what a model can do, as functions of tensors, the batch first."""

import hashlib
import inspect
from collections.abc import Callable
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from keras_gen.models.base import ONE_BY_DEFAULT, marks_of
from keras_gen.random import Rows

# A pair (seed, row) for each example.
_SEEDS = tf.TensorSpec((None, 2), tf.int32)


class Signature(NamedTuple):
    """One function of a model.

    Attributes:
        function: Function that takes the inputs by name and returns a dict of tensors.
        inputs: Dict from names to `tf.TensorSpec`, the batch first and unknown.
    """

    function: Callable
    inputs: dict


def signatures_of(model, compiled=False) -> dict:
    """The signatures of a model, from the marks of its methods.

    Each marked method that is a pure function of tensors is a signature, with the
    inputs and outputs that its mark names. A method that draws noise takes `seed`
    instead, an int32 pair (seed, row) for each example, and returns examples as bytes:
    `sample` returns example `row` of `model.sample(..., seed)`. `serving_default` maps
    noise to samples; for a model that does not sample it is `call()`. Signatures do not
    check their inputs: wrong labels, masks or levels give a meaningless result.

    Args:
        model: One of `keras_gen.models`, or a functional `keras.Model` of one input and
            one output.
        compiled: Boolean, whether sampling is compiled with XLA in models that do so
            themselves.

    Returns:
        Dict from names to `Signature`.

    Raises:
        ValueError: If `model` is not such a model, or not built.
    """
    check_model(model)
    marks = exported_marks(model)
    if not marks:
        return {"serving_default": _call(model)}
    found = {}
    for name, mark in marks.items():
        found[name] = _drawn(model, mark) if mark.draws else _of(model, mark)
    name = default_of(model, marks)
    mark = marks[name]._replace(
        takes=tuple(n for n in marks[name].takes if n not in ONE_BY_DEFAULT)
    )
    found["serving_default"] = _of(model, mark)
    if compiled and model.compiled_sampling:
        for name in ("serving_default", *marks):
            if marks.get(name, mark).draws:
                found[name] = _compiled(found[name])
    return found


def exported_marks(model):
    """The marks of the methods that are pure functions of tensors, by name."""
    marks = marks_of(model)
    return {name: mark for name, mark in marks.items() if mark.traced is not None}


def default_of(model, marks):
    """The name of the marked method that `serving_default` is."""
    return model.default_method if model.default_method in marks else next(iter(marks))


def domain_of(model, name):
    """The domain of an input or output of a model, or None."""
    return model.domain_of(name) if marks_of(model) else None


def noise_signature(model):
    """A signature from pairs (seed, row) to the noise that `serving_default` takes."""
    domain = model.domain_of("noise")

    def noise(seed):
        return {"noise": domain.of_rows(Rows.of(seed[:, 0], seed[:, 1]))}

    return Signature(noise, {"seed": _SEEDS})


def check_model(model):
    """Raises a ValueError unless `model` is a built model that can be exported."""
    if not isinstance(model, keras.Model):
        raise ValueError(f"`model` must be a Keras model. Received: {model!r}")
    if not model.built:
        raise ValueError(
            "`model` must be built, so that it has weights. Received an unbuilt "
            f"{type(model).__name__}: {model.name!r}"
        )
    if marks_of(model):
        return
    if _ends(model) != (1, 1):
        raise ValueError(
            "`model` must be one of `keras_gen.models`, or a functional model of one "
            f"input and one output. Received: {type(model).__name__}"
        )


def check_float32(model):
    """Raises a ValueError unless `model` computes in float32."""
    if model.compute_dtype != "float32":
        raise ValueError(
            "`model` must compute in float32. Received one of the dtype policy "
            f"{model.dtype_policy.name!r}: build it again in float32, and give it the "
            "weights by `set_weights(model.get_weights())`."
        )


def chosen_of(signatures, names):
    """Those of some signatures that have the names, or a ValueError; None is all."""
    names = list(signatures if names is None else names)
    if not names or not set(names) <= set(signatures):
        raise ValueError(
            f"`signatures` must be some of {', '.join(signatures)} for this model. "
            f"Received: {names}"
        )
    return {name: signatures[name] for name in names}


def _ends(model):
    """How many inputs and outputs a network has; None if it does not say."""
    try:
        return len(model.inputs), len(model.outputs)
    except (AttributeError, TypeError):
        return None


def traced(signature, batch_size=None):
    """A signature as a concrete function.

    Args:
        signature: `Signature`.
        batch_size: Integer; None for any.
    """
    function = tf.function(signature.function, autograph=False)
    return function.get_concrete_function(**specs_of(signature, batch_size))


def function_of(signature):
    """A signature as a `tf.function`. Its temperature, if any, is 1 by default."""
    parameter = inspect.Parameter
    defaults = dict.fromkeys(ONE_BY_DEFAULT, tf.constant([1.0]))
    parameters = inspect.Signature(
        parameter(
            name,
            parameter.POSITIONAL_OR_KEYWORD,
            default=defaults.get(name, parameter.empty),
        )
        for name in signature.inputs
    )

    def function(*args, **kwargs):
        return signature.function(**parameters.bind(*args, **kwargs).arguments)

    # TensorFlow asks the function for its arguments.
    function.__signature__ = parameters
    return tf.function(function, list(specs_of(signature).values()), autograph=False)


def specs_of(signature, batch_size=None):
    """What a signature takes, as a dict of named `tf.TensorSpec`.

    Args:
        signature: `Signature`.
        batch_size: Integer; None for any.
    """
    return {
        name: tf.TensorSpec((batch_size, *spec.shape[1:]), spec.dtype, name)
        for name, spec in signature.inputs.items()
    }


def operations_of(function):
    """The kinds of operations in a concrete function and in those that it calls."""
    graph = function.graph.as_graph_def()
    nodes = [*graph.node, *(n for f in graph.library.function for n in f.node_def)]
    return {node.op for node in nodes}


def variables_of(functions):
    """The variables that concrete functions read, without repetition."""
    found = {id(v): v for function in functions for v in function.graph.variables}
    return list(found.values())


def sha256_of_weights(model):
    """The sha256 of the values of a model's weights, in their order."""
    digest = hashlib.sha256()
    for weight in model.weights:
        # What a model counts is not what it has learned.
        if keras.backend.is_float_dtype(weight.dtype):
            digest.update(np.ascontiguousarray(weight).tobytes())
    return digest.hexdigest()


def _of(model, mark):
    """A marked method as a signature."""
    function = getattr(model, mark.traced)

    def call(**inputs):
        return mark.named(function(**_taken(model, inputs)))

    return Signature(call, {name: _spec(model, name) for name in mark.takes})


def _drawn(model, mark):
    """A marked method that draws its noise itself, as a signature."""
    function = getattr(model, mark.traced)

    def call(seed, **inputs):
        drawn = {"seed": seed}
        if "noise" in mark.takes:
            drawn = noise_signature(model).function(seed)
        found = mark.named(function(**drawn, **_taken(model, inputs)))
        return {n: model.domain_of(n).bytes_of(value) for n, value in found.items()}

    others = [name for name in mark.takes if name not in ("noise", "seed")]
    inputs = {name: _spec(model, name) for name in others}
    return Signature(call, {"seed": _SEEDS, **inputs})


def _compiled(signature):
    function = tf.function(signature.function, autograph=False, jit_compile=True)
    return signature._replace(function=function)


def exported_dtype(dtype):
    """The type of an input in an export: LiteRT.js loads no file with booleans."""
    return "uint8" if dtype == "bool" else dtype


def _taken(model, inputs):
    """Inputs of an export as the model takes them."""
    return {
        name: tf.cast(value, model.domain_of(name).dtype)
        for name, value in inputs.items()
    }


def _spec(model, name):
    domain = model.domain_of(name)
    return tf.TensorSpec((None, *domain.shape), exported_dtype(domain.dtype))


def _call(model):
    spec = model.inputs[0]
    inputs = {"inputs": tf.TensorSpec(spec.shape, spec.dtype)}
    return Signature(lambda inputs: {"outputs": model(inputs, training=False)}, inputs)
