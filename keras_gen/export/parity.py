"""Compares an export with the methods of its model."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from keras_gen.export.signatures import default_of, exported_dtype, exported_marks
from keras_gen.metrics import frechet_distance
from keras_gen.models.base import ONE_BY_DEFAULT, marks_of
from keras_gen.random import Rows

# How far outputs that are no drawn sites may lie from the model's, relative to the
# largest: at most, and in the mean.
_BOUNDS = {"float32": (1e-4, 1e-4), "float16": (2e-2, 2e-2), "int8": (2.0, 5e-2)}
# The mean difference of the bytes that a chain draws with rounded weights, a quarter of
# the range: such chains soon have nothing in common.
_MOST_OF_CHAIN = 64.0
_SEED = 20
_COMPARED_SAMPLES = 5000


class Probe(NamedTuple):
    """Inputs of a signature, and the outputs of the model's own method.

    Attributes:
        inputs: Dict of arrays by name.
        outputs: Dict of arrays by name.
    """

    inputs: dict
    outputs: dict


class Parity(NamedTuple):
    """The difference between an export and its model, on some images.

    Attributes:
        difference: Float, the largest difference between outputs: in grey levels for
            bytes, else relative to the largest value, or to 1 if that is less.
        mean_difference: Float, the mean difference, in the same unit.
        num_images: Integer, images compared.
        num_differing: Integer, how many differ in any byte, or by more than 1e-5.
        is_of_bytes: Boolean, whether the differences are in grey levels.
    """

    difference: float
    mean_difference: float
    num_images: int
    num_differing: int
    is_of_bytes: bool = False

    def __str__(self):
        most = f"{self.difference:.2g}"
        if self.is_of_bytes:
            most = f"{self.difference:.0f} grey level{'s' * (self.difference != 1)}"
        return (
            f"{self.num_differing} of {self.num_images} images differ from the "
            f"model's, by {most} at most, {self.mean_difference:.2g} in the mean"
        )


class Distance(NamedTuple):
    """The distance between samples of an export and samples of its model.

    Attributes:
        extractor: String, the name of the extractor.
        value: Float, the Fréchet distance between samples of the export and samples of
            the model from another seed.
        floor: Float, the same distance for samples of the model in place of those of
            the export.
        num_samples: Integer, the number of samples in each set.
    """

    extractor: str
    value: float
    floor: float
    num_samples: int


class ExportReport(NamedTuple):
    """What was written, and its comparison with the model.

    Attributes:
        path: `pathlib.Path` of the file or folder.
        num_bytes: Integer, its size.
        signatures: Dict from names to pairs: the names of the inputs and of the
            outputs.
        parity: Dict from names to `Parity`.
        distance: `Distance`; None if no extractor was given.
    """

    path: Path
    num_bytes: int
    signatures: dict
    parity: dict
    distance: Distance | None = None


def probes(model, signatures, num_examples):
    """A probe for each of some signatures.

    Args:
        model: Model of `signatures_of()`.
        signatures: Names of signatures.
        num_examples: Integer.

    Returns:
        Dict from names to `Probe`.
    """
    return {name: _probe(model, name, num_examples) for name in signatures}


def compare(probe, outputs):
    """Compares outputs with those of a probe.

    Args:
        probe: `Probe`.
        outputs: Dict of arrays, like `probe.outputs`.

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
        all(values.dtype == np.uint8 for values in probe.outputs.values()),
    )


def check_parity(model, precision, parity):
    """Raises a ValueError if an export differs too much from its model.

    Args:
        model: The model.
        precision: String, "float32", "float16" or "int8".
        parity: Dict from names of signatures to `Parity`.
    """
    for name, found in parity.items():
        excess = list(_excess(model, precision, name, found))
        if excess:
            raise ValueError(
                f"The converted file is not the model: {name!r} differs "
                f"{', and '.join(excess)}, in {found.num_differing} of "
                f"{found.num_images} images."
            )


def _excess(model, precision, name, found):
    """By what a signature differs more than it may, and what it may."""
    marks = marks_of(model)
    makes_x = name == "serving_default" or (name in marks and "x" in marks[name].gives)
    if name in marks and _is_chain(model, marks[name]):
        # In a long chain a number within rounding of a step changes all that follows.
        # Its networks are compared by the other signatures.
        most = max(1, found.num_images // 4)
        is_close = found.difference <= 1 or found.num_differing <= most
        if not found.mean_difference <= _MOST_OF_CHAIN:
            yield f"by {found.mean_difference:.3g} in the mean"
        elif precision == "float32" and not is_close:
            yield f"by more than a level, in more than the {most} images that it may"
        return
    if makes_x and marks and model.compiled_sampling:
        # A number within rounding of a step changes a site, and what follows.
        most = found.num_images // 10
        if not np.isfinite(found.difference):
            yield f"by {found.difference}"
        elif precision == "float32" and found.num_differing > most:
            yield f"in more than the {most} images that it may"
        return
    # Bytes may differ by a level where a float lies near a rounding step.
    is_of_bytes = found.is_of_bytes and name != "serving_default"
    scale, step = (255, 1) if is_of_bytes else (1, 0)
    differences = (found.difference, found.mean_difference)
    for kind, difference, bound in zip(
        ("at most", "in the mean"), differences, _BOUNDS[precision], strict=True
    ):
        bound = scale * bound + step
        if not difference <= bound:
            yield f"by {difference:.3g} {kind}, where {bound:.3g} is allowed"


def _is_chain(model, mark):
    """Whether a method draws step by step, from a key, and not site by site."""
    has_key = "noise" in mark.takes and "int" in model.domain_of("noise").dtype
    return ("seed" in mark.takes or has_key) and not model.compiled_sampling


def distance_of(model, sample, extractor, num_samples=_COMPARED_SAMPLES):
    """The distance between samples of an export and samples of its model.

    Args:
        model: The model.
        sample: Function from a number and a seed to this number of uint8 images of the
            export.
        extractor: `keras_gen.metrics.FeatureExtractor`.
        num_samples: Integer of at least 2.

    Returns:
        `Distance`.
    """

    def of_model(seed):
        return model.x_domain.to_bytes(model.sample(num_samples, seed))

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


def saved_model_report(model, path, num_images=4) -> ExportReport:
    """Compares a SavedModel with the model that it was exported from.

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


def _probe(model, name, num):
    """Random inputs of a signature, and the outputs of the model."""
    marks = exported_marks(model)
    if not marks:
        spec = model.inputs[0]
        inputs = Rows(num, _SEED).uniform(tuple(spec.shape[1:]), "inputs").numpy()
        return Probe({"inputs": inputs}, {"outputs": np.array(model(inputs))})
    seeds = np.stack([np.full(num, _SEED), np.arange(num)], axis=1).astype(np.int32)
    if name == "noise":
        return Probe({"seed": seeds}, {"noise": _draw(model, "noise", num)})
    is_default = name == "serving_default"
    mark = marks[default_of(model, marks) if is_default else name]
    inputs = {n: _draw(model, n, num) for n in mark.takes if n != "seed"}
    for scale in inputs.keys() & set(ONE_BY_DEFAULT):
        inputs[scale] = np.ones(num, np.float32)
        if is_default:
            del inputs[scale]
    exported = {n: v.astype(exported_dtype(v.dtype.name)) for n, v in inputs.items()}
    if is_default or not mark.draws:
        outputs = getattr(model, mark.traced)(**inputs)
        return Probe(exported, _arrays(mark, outputs))
    if mark.traced == name:
        outputs = getattr(model, name)(**inputs)
    else:
        # By the public method, which draws the noise of a seed by itself.
        left_out = ("noise", *ONE_BY_DEFAULT)
        given = {n: v for n, v in inputs.items() if n not in left_out}
        count = [] if "x" in given else [num]
        outputs = getattr(model, name)(*count, seed=_SEED, **given)
    outputs = {
        n: model.domain_of(n).to_bytes(values)
        for n, values in _arrays(mark, outputs).items()
    }
    exported.pop("noise", None)
    return Probe({"seed": seeds, **exported}, outputs)


def _draw(model, name, num):
    return model.domain_of(name).draw(Rows(num, _SEED))


def _arrays(mark, outputs):
    return {name: np.array(values) for name, values in mark.named(outputs).items()}
