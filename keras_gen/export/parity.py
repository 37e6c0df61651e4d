"""What a model gives by its own methods, to compare an export with."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from keras_gen.metrics import frechet_distance
from keras_gen.random import Rows

_SEED = 20
_COMPARED_SAMPLES = 5000


class Probe(NamedTuple):
    """Inputs of a signature, and what the model's own methods make of them.

    Attributes:
        inputs: Dict of arrays by name.
        outputs: Dict of arrays by name.
    """

    inputs: dict
    outputs: dict


class Parity(NamedTuple):
    """How far an export is from its model, on some images.

    Attributes:
        difference: Float, the largest difference of an output: in grey levels for
            images as bytes, else relative to the largest value, or to 1 if that is
            less.
        mean_difference: Float, the mean of the same.
        num_images: Integer, images compared.
        num_differing: Integer, how many differ in any byte, or by more than 1e-5.
    """

    difference: float
    mean_difference: float
    num_images: int
    num_differing: int


class Distance(NamedTuple):
    """How far samples of an export are from the model's, in features of an extractor.

    Attributes:
        extractor: String, the extractor's name.
        value: Float, the Fréchet distance of the export's samples from samples of the
            model of another seed.
        floor: Float, the same of the model's samples in place of the export's.
        num_samples: Integer, samples in each set.
    """

    extractor: str
    value: float
    floor: float
    num_samples: int


class ExportReport(NamedTuple):
    """What was written, and how it compares with the model.

    Attributes:
        path: `pathlib.Path` of the file or folder.
        num_bytes: Integer, its size.
        signatures: Dict from names to a pair, the names of inputs and of outputs.
        parity: Dict from names to `Parity`.
        distance: `Distance`; None if no extractor was given.
    """

    path: Path
    num_bytes: int
    signatures: dict
    parity: dict
    distance: Distance | None = None


def probes(model, signatures, num_images):
    """A probe for each of some signatures.

    Args:
        model: Model of `signatures_of()`.
        signatures: Names of signatures.
        num_images: Integer.

    Returns:
        Dict from names to `Probe`.
    """
    return {name: _PROBES[name](model, num_images) for name in signatures}


def compare(probe, outputs):
    """How far outputs are from what they should be.

    Args:
        probe: `Probe`.
        outputs: Dict of arrays, as `probe.outputs`.

    Returns:
        `Parity`.
    """
    differences = []
    for name, expected in probe.outputs.items():
        found = outputs[name].astype(np.float64)
        if found.shape != expected.shape:
            found = np.full(expected.shape, np.inf)
        difference = np.abs(found - expected).reshape(len(expected), -1)
        if expected.dtype != np.uint8:
            difference /= max(1.0, np.abs(expected).max())
        differences.append(np.where(np.isnan(difference), np.inf, difference))
    differences = np.concatenate(differences, axis=1)
    differing = (differences > 1e-5).any(axis=1)
    return Parity(
        float(differences.max()),
        float(differences.mean()),
        len(differing),
        int(differing.sum()),
    )


def distance_of(model, sample, extractor, num_samples=_COMPARED_SAMPLES):
    """How far samples of an export are from the model's.

    Args:
        model: The model.
        sample: Function from a number and a seed to so many uint8 images, the export's.
        extractor: `keras_gen.metrics.FeatureExtractor`.
        num_samples: Integer of at least 2.

    Returns:
        `Distance`.
    """

    def of_model(seed):
        return model.to_uint8(model.sample(num_samples, seed))

    others, exported, own = (
        extractor(images).features
        for images in (of_model(_SEED + 1), sample(num_samples, _SEED), of_model(_SEED))
    )
    return Distance(
        extractor.name,
        frechet_distance(others, exported),
        frechet_distance(others, own),
        num_samples,
    )


def saved_model_report(model, path, num_images=4):
    """How a SavedModel compares with the model that it was made of.

    Args:
        model: The model.
        path: String or path, folder of the version.
        num_images: Integer of at least 1, images to compare.

    Returns:
        `ExportReport`.
    """
    path = Path(path)
    signatures = tf.saved_model.load(str(path)).signatures
    names, parity = {}, {}
    for name, probe in probes(model, signatures, num_images).items():
        inputs = {key: tf.constant(values) for key, values in probe.inputs.items()}
        outputs = signatures[name](**inputs)
        outputs = {key: values.numpy() for key, values in outputs.items()}
        names[name] = (list(inputs), list(outputs))
        parity[name] = compare(probe, outputs)
    files = [file for file in path.rglob("*") if file.is_file()]
    return ExportReport(path, sum(f.stat().st_size for f in files), names, parity)


def _default(model, num):
    if hasattr(model, "sample"):
        labels = _labels(model, num)
        samples = np.array(model.from_noise(model.noise(num, _SEED), **labels))
        inputs = {**_noise(model, num).outputs, **labels}
        return Probe(inputs, {"samples": samples})
    if hasattr(model, "encode"):
        return _reconstruct(model, num)
    spec = model.inputs[0]
    inputs = Rows(num, _SEED).uniform(tuple(spec.shape[1:]), "inputs").numpy()
    return Probe({"inputs": inputs}, {"outputs": np.array(model(inputs))})


def _noise(model, num):
    noise = model.noise(num, _SEED)
    noise = noise if isinstance(noise, dict) else {"noise": noise}
    noise = {name: np.array(values) for name, values in noise.items()}
    return Probe({"seed": _seeds(num)}, noise)


def _sample(model, num):
    labels = _labels(model, num)
    images = model.to_uint8(model.sample(num, _SEED, **labels))
    inputs = {"seed": _seeds(num), **labels, **_temperature(model, num)}
    return Probe(inputs, {"images": images})


def _complete(model, num):
    labels = _labels(model, num)
    shape = (num, *model.image_shape)
    upper_half = np.arange(shape[1])[:, None, None] < shape[1] // 2
    known = {"images": _images(model, num), "mask": np.broadcast_to(upper_half, shape)}
    images = model.to_uint8(model.sample(num, _SEED, **known, **labels))
    inputs = {"seed": _seeds(num), **known, **labels, **_temperature(model, num)}
    return Probe(inputs, {"images": images})


def _encode(model, num):
    images = _images(model, num)
    return Probe({"images": images}, {"latents": np.array(model.encode(images))})


def _decode(model, num):
    latents = Rows(num, _SEED).normal((model.latent_dim,), "latents").numpy()
    return Probe({"latents": latents}, {"images": np.array(model.decode(latents))})


def _reconstruct(model, num):
    images = _images(model, num)
    return Probe({"images": images}, {"images": np.array(model.reconstruct(images))})


def _log_prob(model, num):
    images, labels = _images(model, num), _labels(model, num)
    log_prob = model.log_prob(images, **labels)
    return Probe({"images": images, **labels}, {"log_prob": log_prob})


_PROBES = {
    "serving_default": _default,
    "noise": _noise,
    "sample": _sample,
    "complete": _complete,
    "encode": _encode,
    "decode": _decode,
    "reconstruct": _reconstruct,
    "log_prob": _log_prob,
}


def _seeds(num):
    return np.stack([np.full(num, _SEED), np.arange(num)], axis=1).astype(np.int32)


def _labels(model, num):
    if model.num_classes is None:
        return {}
    return {"labels": model.labels_of_samples(num)}


def _temperature(model, num):
    conditions = model.conditions(num)
    return {name: conditions[name] for name in {"temperature"} & conditions.keys()}


def _images(model, num):
    """Images of the model's range: its own where it samples, so that levels are its."""
    low, high = model.image_range
    if hasattr(model, "sample"):
        return np.clip(model.sample(num, _SEED + 1), low, high)
    uniform = Rows(num, _SEED).uniform(tuple(model.image_shape), "images").numpy()
    return low + (high - low) * uniform
