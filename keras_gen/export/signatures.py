"""What a model can do, as functions of tensors with the batch first."""

import hashlib
from collections.abc import Callable
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from keras_gen.models.base import GenerativeModel
from keras_gen.random import Rows


class Signature(NamedTuple):
    """One thing that a model can do.

    Attributes:
        function: Called with the inputs by name, returns a dict of tensors by name.
        inputs: Dict from names to `tf.TensorSpec`, the batch first and unknown.
    """

    function: Callable
    inputs: dict


def signatures_of(model, compiled=False):
    """What a model can do, by its own methods.

    `serving_default` is noise to samples where the model samples, else `call()`.
    `sample` takes an int32 pair (seed, row) for each image and gives the uint8 image
    that is row `row` of `model.sample(..., seed)`; so does `complete`, which also takes
    images and a mask of what is known of them. Where samples have a temperature, both
    take it, one for each image. `encode`, `decode`, `reconstruct` and `log_prob` are
    the methods of that name. Labels enter by that name. Nothing is checked: wrong
    labels, masks or levels give some result.

    Args:
        model: One of `keras_gen.models`, or a functional `keras.Model` of one input and
            one output.
        compiled: Boolean, whether sampling is compiled with XLA in models that do so
            themselves.

    Returns:
        Dict from names to `Signature`.

    Raises:
        ValueError: If `model` is not as stated, or not built.
    """
    check_model(model)
    if not isinstance(model, GenerativeModel):
        return {"serving_default": _call(model)}
    found = {}
    if hasattr(model, "encode"):
        found |= _reconstruction(model)
    if hasattr(model, "sample"):
        found |= _sampling(model, compiled and model.compiled_sampling)
    if hasattr(model, "batch_log_prob"):
        inputs = {"images": _images_of(model), **_labels_of(model)}
        found["log_prob"] = Signature(
            lambda **inputs: {"log_prob": model.batch_log_prob(**inputs)}, inputs
        )
    return found


def noise_signature(model):
    """The noise of pairs (seed, row), as `serving_default` takes it."""

    def noise(seed):
        drawn = model.noise_rows(Rows.of(seed[:, 0], seed[:, 1]))
        return drawn if isinstance(drawn, dict) else {"noise": drawn}

    return Signature(noise, {"seed": tf.TensorSpec((None, 2), tf.int32)})


def check_model(model):
    """Raises a ValueError unless `model` is a built model that can be exported."""
    if not isinstance(model, keras.Model):
        raise ValueError(f"`model` must be a Keras model. Received: {model!r}")
    if not model.built:
        raise ValueError(
            "`model` must be built, so that it has weights. Received an unbuilt "
            f"{type(model).__name__}: {model.name!r}"
        )
    ends = [getattr(model, name, None) or () for name in ("inputs", "outputs")]
    if not isinstance(model, GenerativeModel) and [*map(len, ends)] != [1, 1]:
        raise ValueError(
            "`model` must be one of `keras_gen.models`, or a functional model of one "
            f"input and one output. Received: {type(model).__name__}"
        )


def traced(signature, batch_size=None):
    """A signature as a concrete function.

    Args:
        signature: `Signature`.
        batch_size: Integer; None for any.
    """
    specs = {
        name: tf.TensorSpec((batch_size, *spec.shape[1:]), spec.dtype, name)
        for name, spec in signature.inputs.items()
    }
    function = tf.function(signature.function, autograph=False)
    return function.get_concrete_function(**specs)


def operations_of(function):
    """The kinds of operations in a concrete function and in those that it calls."""
    graph = function.graph.as_graph_def()
    nodes = [*graph.node, *(n for f in graph.library.function for n in f.node_def)]
    return {node.op for node in nodes}


def variables_of(functions):
    """The variables that concrete functions read, each once."""
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


def as_uint8(images, image_range):
    """Images as uint8 by the rule of `keras_gen.images.to_uint8()`, as tensors."""
    low, high = image_range
    levels = tf.round((images - low) * (255.0 / (high - low)))
    return tf.cast(tf.clip_by_value(levels, 0.0, 255.0), tf.uint8)


def _sampling(model, compiled):
    noise = model.noise(1, seed=0)
    named = isinstance(noise, dict)
    noise_inputs = _specs(noise if named else {"noise": noise})
    conditions = model.conditions(1)
    labels, temperature = (
        _specs({name: conditions[name] for name in {name} & conditions.keys()})
        for name in ("labels", "temperature")
    )

    def from_noise(**inputs):
        noise = {name: inputs.pop(name) for name in noise_inputs}
        return {
            "samples": model.from_noise(noise if named else noise["noise"], **inputs)
        }

    def draw(seed, **given):
        noise = model.noise_rows(Rows.of(seed[:, 0], seed[:, 1]))
        return {"images": as_uint8(model.from_noise(noise, **given), model.image_range)}

    if compiled:
        from_noise, draw = (
            tf.function(function, autograph=False, jit_compile=True)
            for function in (from_noise, draw)
        )
    seed = {"seed": tf.TensorSpec((None, 2), tf.int32)}
    found = {
        "serving_default": Signature(from_noise, {**noise_inputs, **labels}),
        "sample": Signature(draw, {**seed, **labels, **temperature}),
    }
    if {"images", "mask"} <= conditions.keys():
        known = _specs({name: conditions[name] for name in ("images", "mask")})
        inputs = {**seed, **known, **labels, **temperature}
        found["complete"] = Signature(draw, inputs)
    return found


def _reconstruction(model):
    images = {"images": _images_of(model)}
    latents = {"latents": tf.TensorSpec((None, model.latent_dim), tf.float32)}
    reconstruct = Signature(lambda images: {"images": model(images)}, images)
    return {
        "serving_default": reconstruct,
        "encode": Signature(lambda images: {"latents": model.encode(images)}, images),
        "decode": Signature(lambda latents: {"images": model.decode(latents)}, latents),
        "reconstruct": reconstruct,
    }


def _call(model):
    spec = model.inputs[0]
    inputs = {"inputs": tf.TensorSpec(spec.shape, spec.dtype)}
    return Signature(lambda inputs: {"outputs": model(inputs, training=False)}, inputs)


def _images_of(model):
    return tf.TensorSpec((None, *model.image_shape), tf.float32)


def _labels_of(model):
    if model.num_classes is None:
        return {}
    return {"labels": tf.TensorSpec((None,), tf.int32)}


def _specs(values):
    """What arrays with the batch first are like, the batch left open."""
    return {
        name: tf.TensorSpec((None, *np.shape(value)[1:]), value.dtype)
        for name, value in values.items()
    }
