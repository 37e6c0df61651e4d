"""Draws images from a `.tflite` file of keras_gen. Needs numpy and ai-edge-litert only.

    python sampler.py vae_mnist.tflite --num 16 --seed 0 --out grid.png

Row `i` of a seed is the same image whatever is drawn beside it, and the one that the
model gave before it was exported.
"""

import argparse
import json
import secrets
import struct
import sys
import zipfile
import zlib
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter

_MAX_SEED = 2**31 - 1
# Rows at once for a file that takes any number.
_ROWS_AT_ONCE = 64
_DEFAULTS = {"temperature": 1.0}


class Sampler:
    """What a file can do, on arrays of any number of rows.

    Args:
        path: String or path of a `.tflite` file that keras_gen wrote.
        num_threads: Optional integer.

    Attributes:
        metadata: Dict of what the file says of itself: `model`, its data `x` and what
            they are paired with, `y` (each with `class` and `shape` or `num_classes`),
            `signatures`, `batch_size`, `precision`, `weights_sha256` and others.

    Raises:
        ValueError: If there is no such file, or it is not one of keras_gen.
    """

    def __init__(self, path, num_threads=None):
        try:
            with zipfile.ZipFile(path) as attached:
                self.metadata = json.loads(attached.read("keras_gen.json"))
            self._interpreter = Interpreter(str(path), num_threads=num_threads)
        except (OSError, zipfile.BadZipFile, KeyError, ValueError) as error:
            raise ValueError(
                f"`path` must be a .tflite file of keras_gen. Received: {str(path)!r} "
                f"({error})"
            ) from error
        self._runners = {}

    def sample(self, num, seed=None, y=None, temperature=None):
        """Samples `0 ... num - 1` of a seed.

        Args:
            num: Integer of at least 1.
            seed: Integer in [0, 2**31). Defaults to a fresh one.
            y: For models with labels: an integer, or one for each sample. Defaults to
                the classes in turn.
            temperature: For models that draw an example site by site: a positive
                number, to whose inverse power the probabilities of each site are
                taken. Defaults to 1.

        Returns:
            Array whose first axis is `num`; of images uint8.

        Raises:
            ValueError: If an argument is not as stated.
        """
        _check_integer(num, "num", 1, np.inf)
        seed = secrets.randbelow(_MAX_SEED + 1) if seed is None else seed
        _check_integer(seed, "seed", 0, _MAX_SEED)
        seeds = np.stack([np.full(num, seed), np.arange(num)], axis=1)
        y = self._y(num, y)
        given = self._temperature(num, temperature)
        if "noise" not in self.metadata["signatures"]:
            return self.run("sample", seed=seeds, **y, **given)["x"]
        noise = self.run("noise", seed=seeds)
        samples = self.run("serving_default", **noise, **y)["x"]
        if self.metadata["x"]["class"] != "Images":
            return samples
        low, high = self.metadata["x"]["low"], self.metadata["x"]["high"]
        levels = np.rint((samples - low) * (255.0 / (high - low)))
        return np.clip(levels, 0, 255).astype(np.uint8)

    def run(self, signature, **inputs):
        """The outputs of a signature, in as many batches as the file needs.

        Args:
            signature: String, one of `metadata["signatures"]`.
            **inputs: Arrays by name, all of as many rows. `temperature` may be left
                out, which is then 1.

        Returns:
            Dict of arrays by name, of as many rows.

        Raises:
            ValueError: If there is no such signature, or inputs are not as it states.
        """
        known = self.metadata["signatures"]
        if signature not in known:
            raise ValueError(
                f"`signature` must be one of {', '.join(known)} for this file. "
                f"Received: {signature!r}"
            )
        inputs = _checked(inputs, known[signature]["inputs"])
        num = len(next(iter(inputs.values())))
        first, batches = 0, []
        while first < num:
            runner, size = self._runner(signature, num - first)
            # Every batch is full: surplus rows are cut.
            index = np.arange(first, first + size).clip(max=num - 1)
            batch = {name: values[index] for name, values in inputs.items()}
            batches.append(runner(**batch))
            first += size
        return {
            name: np.concatenate([batch[name] for batch in batches])[:num]
            for name in batches[0]
        }

    def _runner(self, signature, num):
        """What runs a signature on the next rows, and on how many."""
        size = self.metadata["batch_size"]
        block = self.metadata["signatures"][signature].get("block")
        if block is not None and num > 1:
            signature, size = f"{signature}_{block}", block
        if signature not in self._runners:
            runner = self._interpreter.get_signature_runner(signature)
            self._runners[signature] = runner
        return self._runners[signature], size or min(num, _ROWS_AT_ONCE)

    def _temperature(self, num, temperature):
        if temperature is None:
            return {}
        drawn = self.metadata["signatures"].get("sample", {"inputs": {}})
        if "temperature" not in drawn["inputs"]:
            raise ValueError(
                "`temperature` must be left out: the model draws no sites. Received: "
                f"{temperature!r}"
            )
        is_number = isinstance(temperature, (int, float, np.number))
        if not is_number or not temperature > 0:
            raise ValueError(
                f"`temperature` must be a positive number. Received: {temperature!r}"
            )
        return {"temperature": np.full(num, temperature)}

    def _y(self, num, y):
        domain = self.metadata["y"]
        if domain is None:
            if y is not None:
                raise ValueError(
                    f"`y` must be left out: the model has no labels. Received: {y!r}"
                )
            return {}
        num_classes = domain["num_classes"]
        y = np.arange(num) % num_classes if y is None else np.asarray(y)
        y = np.full(num, y) if y.ndim == 0 else y
        is_one_each = y.shape == (num,) and y.dtype.kind in "iu"
        if not is_one_each or y.min() < 0 or y.max() >= num_classes:
            raise ValueError(
                f"`y` must be {num} integers in [0, {num_classes}), or one. "
                f"Received: {y.tolist()}"
            )
        return {"y": y.astype(np.int32)}


def grid(images):
    """One picture of images of shape `(num, height, width, channels)`, row by row."""
    num, height, width, channels = images.shape
    columns = int(np.ceil(np.sqrt(num)))
    rows = -(-num // columns)
    cells = np.full((rows * columns, height, width, channels), 255, np.uint8)
    cells[:num] = images
    cells = cells.reshape(rows, columns, height, width, channels)
    cells = cells.transpose(0, 2, 1, 3, 4)
    return cells.reshape(rows * height, columns * width, channels)


def png(picture):
    """A uint8 picture of shape `(height, width, 1 or 3)` as the bytes of a PNG file."""
    height, width, channels = picture.shape

    def chunk(kind, data):
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    color = {1: 0, 3: 2}[channels]
    header = struct.pack(">IIBBBBB", width, height, 8, color, 0, 0, 0)
    # Each line begins with its filter: none.
    lines = np.pad(picture.reshape(height, -1), [(0, 0), (1, 0)])
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(lines.tobytes(), 9))
        + chunk(b"IEND", b"")
    )


def main(arguments=None):
    """The command; an error in what the user gave is one line and exit code 2."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("path", help="a .tflite file of keras_gen")
    parser.add_argument("--num", type=int, default=16, help="how many images")
    parser.add_argument("--seed", type=int, help="seed of the images; else a fresh one")
    parser.add_argument("--labels", help="classes, such as 3 or 0,1,2, in turn")
    parser.add_argument("--temperature", type=float, help="below 1, likelier images")
    parser.add_argument("--out", default="samples.png", help="the PNG file to write")
    given = parser.parse_args(arguments)
    try:
        labels = given.labels and np.resize(
            [int(label) for label in given.labels.split(",")], max(given.num, 1)
        )
        sampler = Sampler(given.path)
        samples = sampler.sample(given.num, given.seed, labels, given.temperature)
        written = _write(samples, given.out)
    except (ValueError, OSError) as error:
        print(f"sampler: {error}", file=sys.stderr)
        sys.exit(2)
    print(written)


def _write(samples, out):
    """Writes images as a PNG file, and other samples as an array; says so."""
    if samples.ndim == 4 and samples.shape[-1] in (1, 3):
        picture = grid(samples)
        Path(out).write_bytes(png(picture))
        return f"Wrote {out}: {picture.shape[1]} x {picture.shape[0]} pixels"
    path = Path(out).with_suffix(".npy")
    np.save(path, samples)
    return f"Wrote {path}: {samples.dtype} of shape {samples.shape}"


def _check_integer(value, name, least, most):
    is_integer = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not is_integer or not least <= value <= most:
        bounds = f"of at least {least}" if most == np.inf else f"from {least} to {most}"
        raise ValueError(f"`{name}` must be an integer {bounds}. Received: {value!r}")


def _checked(inputs, stated):
    """Inputs as arrays of the stated types, once their names and shapes are right."""
    num = len(np.atleast_1d(next(iter(inputs.values()), ())))
    absent = {
        name: np.full(num, _DEFAULTS[name]) for name in _DEFAULTS if name in stated
    }
    inputs = {**absent, **inputs}
    if inputs.keys() != stated.keys():
        raise ValueError(
            f"The inputs must be {', '.join(stated)}. Received: {', '.join(inputs)}"
        )
    arrays = {}
    for name, spec in stated.items():
        array = np.asarray(inputs[name])
        if array.ndim == 0 or list(array.shape[1:]) != spec["shape"][1:]:
            raise ValueError(
                f"`{name}` must have shape {spec['shape']}, any number of rows. "
                f"Received shape: {list(array.shape)}"
            )
        arrays[name] = array.astype(spec["dtype"])
        least = np.finfo(np.float32).tiny
        wrong = ~(arrays[name] >= least) if name == "temperature" else np.False_
        if wrong.any():
            raise ValueError(
                f"`temperature` must be positive numbers, of at least {least}. "
                f"Received: {array[wrong][0]}"
            )
    rows = {name: len(array) for name, array in arrays.items()}
    if len(set(rows.values())) > 1 or 0 in rows.values():
        raise ValueError(
            f"The inputs must have one number of rows, at least 1. Received: {rows}"
        )
    return arrays


if __name__ == "__main__":
    main()
