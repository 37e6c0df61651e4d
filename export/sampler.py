"""Draws samples from a `.tflite` file of keras_gen, by numpy and ai-edge-litert alone.

    python sampler.py vae_mnist.tflite --num 16 --seed 0 --out grid.png

Images are written as PNG, texts as `.txt`, melodies as `.mid`, sound as `.wav`, and
other samples as CSV; any as an array, `.npy`.

Row `i` of a seed is the same sample whatever is drawn beside it. It is the one that the
model gave before it was exported, up to rounding: a byte may differ by one.
"""

import argparse
import csv
import hashlib
import io
import json
import secrets
import struct
import sys
import wave
import zipfile
import zlib
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter

_MAX_SEED = 2**31 - 1
# Rows at once for a file that takes any number.
_ROWS_AT_ONCE = 64
# Numbers for each example that are 1 if left out: the greatest one, and what they are.
_SCALES = {
    "temperature": (np.inf, "positive number"),
    "truncation": (1.0, "number in (0, 1]"),
}
# A file ends in the sha256, in hexadecimal digits, of all bytes before.
_DIGITS = 64
_MAX_METADATA_BYTES = 2**20
_MAX_BATCH_SIZE = 2**16
_MAX_SIZE = 2**24
_MAX_AXES = 16
# Ticks of a sixteenth note in a MIDI file, and what stands between two texts.
_TICKS, _BETWEEN_TEXTS = 120, b"\n\f\n"
_DTYPES = ("bool", "uint8", "int16", "int32", "int64", "float16", "float32")


class Sampler:
    """What a file can do, on arrays of any number of rows.

    Args:
        path: String or path of a `.tflite` file that keras_gen wrote.
        num_threads: Optional integer.

    Attributes:
        metadata: Dict of what the file says of itself: `model`, its data `x` and what
            they are paired with, `y` (each with `class` and `shape` or `num_classes`),
            `signatures`, `batch_size`, `precision`, `weights_sha256` and others.
            These are checked when a file is opened, and so are all its bytes.

    Raises:
        ValueError: If there is no such file, it is not one of keras_gen, or it has been
            changed.
    """

    def __init__(self, path, num_threads=None):
        try:
            _check_bytes(path)
            self.metadata = _metadata(path)
            self._interpreter = Interpreter(str(path), num_threads=num_threads)
            _check_signatures(self.metadata, self._interpreter.get_signature_list())
        except _ERRORS as error:
            raise ValueError(
                f"`path` must be a .tflite file of keras_gen. Received: {str(path)!r} "
                f"({error})"
            ) from error
        self._runners = {}

    def sample(self, num, seed=None, y=None, temperature=None, truncation=None):
        """Samples `0 ... num - 1` of a seed.

        Args:
            num: Integer of at least 1.
            seed: Integer in [0, 2**31). Defaults to a fresh one.
            y: For models with labels: an integer, or one for each sample. Defaults to
                the classes in turn.
            temperature: For models that draw an example site by site: a positive
                number, to whose inverse power the probabilities of each site are
                taken. Defaults to 1.
            truncation: For a BigGAN: a number in (0, 1], the share of the latents to
                draw from. Defaults to 1.

        Returns:
            Array whose first axis is `num`; uint8 of images, int16 of sound, and int32
            of text and melodies.

        Raises:
            ValueError: If an argument is not as stated.
        """
        _check_integer(num, "num", 1, np.inf)
        seeds = _pairs(seed, num)
        y = self._y(num, y)
        given = self._scale("temperature", num, temperature)
        given |= self._scale("truncation", num, truncation)
        if "noise" not in self.metadata["signatures"]:
            return self.run("sample", seed=seeds, **y, **given)["x"]
        noise = self.run("noise", seed=seeds)
        samples = self.run("serving_default", **noise, **y)["x"]
        if self.metadata["x"]["class"] == "Waveforms":
            return np.rint(np.clip(samples, -1.0, 1.0) * 32767.0).astype(np.int16)
        if self.metadata["x"]["class"] != "Images":
            return samples
        low, high = self.metadata["x"]["low"], self.metadata["x"]["high"]
        levels = np.rint((samples - low) * (255.0 / (high - low)))
        return np.clip(levels, 0, 255).astype(np.uint8)

    def impute(self, x, mask, seed=None, y=None, temperature=None):
        """Fills in the unknown values of examples given the known ones.

        Example `i` is the one that `model.impute(x, mask, seed=seed)` gives.

        Args:
            x: Array of examples in the range of `metadata["x"]`; only known values are
                read.
            mask: Array of booleans, or of the integers 0 and 1, which values are known;
                of shape `(height, width)`, `sites` or `(num, *sites)`. A model that
                draws sites in raster order needs the first ones.
            seed: As in `sample()`.
            y: As in `sample()`.
            temperature: As in `sample()`.

        Returns:
            Array like that of `sample()`; floats of a model that draws nothing.

        Raises:
            ValueError: If an argument is not as stated, or the model fills in nothing.
        """
        stated = self._stated("impute")["inputs"]
        x = np.asarray(x)
        if not x.ndim or not len(x):
            raise ValueError(f"`x` must hold examples. Received shape: {x.shape}")
        known = _known(mask, len(x), stated["mask"]["shape"][1:])
        if self.metadata["mask"]["in_order"]:
            _check_order(known)
        drawn = {"seed": _pairs(seed, len(x))} if "seed" in stated else {}
        return self.run(
            "impute",
            **drawn,
            x=x,
            mask=known,
            **self._y(len(x), y),
            **self._scale("temperature", len(x), temperature),
        )["x"]

    def run(self, signature, **inputs):
        """The outputs of a signature, in as many batches as the file needs.

        Args:
            signature: String, one of `metadata["signatures"]`.
            **inputs: Arrays by name, all of as many rows. `temperature` and
                `truncation` may be left out, which are then 1.

        Returns:
            Dict of arrays by name, of as many rows.

        Raises:
            ValueError: If there is no such signature, or inputs are not as it states.
        """
        stated = self._stated(signature)
        inputs = _checked(inputs, stated["inputs"])
        num = len(next(iter(inputs.values())))
        first, batches = 0, []
        while first < num:
            runner, size = self._runner(signature, num - first)
            # Every batch is full: surplus rows are cut.
            index = np.arange(first, first + size).clip(max=num - 1)
            batch = {name: values[index] for name, values in inputs.items()}
            batches.append(_outputs(runner, batch, stated["outputs"]))
            first += size
        return {
            name: np.concatenate([batch[name] for batch in batches])[:num]
            for name in batches[0]
        }

    def _stated(self, signature):
        known = self.metadata["signatures"]
        if signature not in known:
            raise ValueError(
                f"`signature` must be one of {', '.join(known)} for this file. "
                f"Received: {signature!r}"
            )
        return known[signature]

    def _runner(self, signature, num):
        """What runs a signature on the next rows, and on how many."""
        size = self.metadata["batch_size"]
        stated = self.metadata["signatures"][signature]
        block = stated.get("block")
        if block is not None:
            # Also for one row: the kernels for other sizes round in another way.
            signature, size = f"{signature}_{block}", block
        if signature not in self._runners:
            runner = self._interpreter.get_signature_runner(signature)
            _check_inputs(runner.get_input_details(), stated["inputs"])
            self._runners[signature] = runner
        return self._runners[signature], size or min(num, _ROWS_AT_ONCE)

    def _scale(self, name, num, value):
        if value is None:
            return {}
        known = self.metadata["signatures"].values()
        if not any(name in signature["inputs"] for signature in known):
            raise ValueError(
                f"`{name}` must be left out: the file has none. Received: {value!r}"
            )
        most, what = _SCALES[name]
        is_number = isinstance(value, (int, float, np.number))
        if not is_number or not 0 < value <= most:
            raise ValueError(f"`{name}` must be a {what}. Received: {value!r}")
        return {name: np.full(num, value)}

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


_ERRORS = (
    OSError,
    ValueError,
    KeyError,
    TypeError,
    RuntimeError,  # Also of a member that is encrypted, or nested too deeply.
    EOFError,
    OverflowError,
    MemoryError,
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
)


def _check_bytes(path):
    """Raises a ValueError unless a file ends in the sha256 of what is before."""
    path = Path(path)
    if not path.is_file():
        raise ValueError("there is no such file")
    left = path.stat().st_size - _DIGITS
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while left > 0:
            piece = file.read(min(left, 2**20))
            digest.update(piece)
            left -= len(piece)
            if not piece:
                break
        stated = file.read(_DIGITS)
    if stated != digest.hexdigest().encode():
        raise ValueError(
            "it does not end in the sha256 of its bytes: it was changed, cut off, or "
            "written by an older version. Export it again"
        )


def _metadata(path):
    """What a file says of itself, once it is as it must be."""
    with zipfile.ZipFile(path) as attached, attached.open("keras_gen.json") as member:
        text = member.read(_MAX_METADATA_BYTES + 1)
    if len(text) > _MAX_METADATA_BYTES:
        raise ValueError(f"keras_gen.json has more than {_MAX_METADATA_BYTES} bytes")
    metadata = json.loads(text)
    _require(isinstance(metadata, dict), "it", "an object", metadata)
    size = metadata.get("batch_size")
    is_size = size is None or _is_integer(size, 1, _MAX_BATCH_SIZE)
    _require(is_size, "batch_size", f"null or 1 to {_MAX_BATCH_SIZE}", size)
    signatures = metadata.get("signatures")
    is_right = isinstance(signatures, dict) and signatures
    _require(is_right, "signatures", "an object that is not empty", signatures)
    for name, signature in signatures.items():
        _require(isinstance(signature, dict), name, "an object", signature)
        block = signature.get("block", 1)
        _require(_is_integer(block, 1, _MAX_BATCH_SIZE), "block", "an integer", block)
        for key in ("inputs", "outputs"):
            tensors = signature.get(key)
            is_right = isinstance(tensors, dict) and tensors
            _require(is_right, f"{name}.{key}", "an object that is not empty", tensors)
            for tensor in tensors.values():
                _check_tensor(tensor, f"{name}.{key}", size)
    _check_domains(metadata)
    return metadata


def _check_tensor(tensor, name, batch_size):
    _require(isinstance(tensor, dict), name, "objects", tensor)
    shape, dtype = tensor.get("shape"), tensor.get("dtype")
    is_shape = (
        isinstance(shape, list)
        and 1 <= len(shape) <= _MAX_AXES
        and shape[0] == batch_size
        and all(size is None or _is_integer(size, 0, _MAX_SIZE) for size in shape[1:])
    )
    _require(is_shape, f"{name}.shape", f"{batch_size} and then sizes", shape)
    _require(dtype in _DTYPES, f"{name}.dtype", f"one of {', '.join(_DTYPES)}", dtype)


def _check_domains(metadata):
    for key in ("x", "y"):
        _require(key in metadata, "it", f"an object with {key}", list(metadata)[:9])
        domain = metadata[key]
        if domain is None:
            continue
        _require(isinstance(domain, dict), key, "null or an object", domain)
        kind = domain.get("class")
        _require(isinstance(kind, str), f"{key}.class", "a string", kind)
        if kind == "Images":
            low, high = domain.get("low"), domain.get("high")
            is_range = all(
                type(v) in (int, float) and abs(v) < 1e9 for v in (low, high)
            )
            is_range = is_range and low < high
            _require(is_range, key, "a range of `low` and `high`", (low, high))
        _check_written(domain, key, kind)
        if key == "y" and kind == "Labels":
            num = domain.get("num_classes")
            _require(_is_integer(num, 1, _MAX_SIZE), "num_classes", "an integer", num)


def _check_written(domain, key, kind):
    """Checks what files of sequences are written by."""
    if kind == "Text":
        alphabet = domain.get("alphabet")
        is_right = alphabet is None or (isinstance(alphabet, str) and alphabet)
        _require(is_right, f"{key}.alphabet", "null or a string", alphabet)
    if kind == "Melodies":
        low, high = domain.get("low"), domain.get("high")
        is_range = _is_integer(low, 0, 127) and _is_integer(high, low, 127)
        _require(is_range, key, "a range of `low` and `high`", (low, high))
    if kind == "Waveforms":
        rate = domain.get("sample_rate")
        _require(_is_integer(rate, 1, _MAX_SIZE), "sample_rate", "an integer", rate)


def _check_signatures(metadata, found):
    """Raises a ValueError unless a file has the signatures that it states."""
    for name, signature in metadata["signatures"].items():
        names = [name, *([f"{name}_{b}"] if (b := signature.get("block")) else [])]
        for each in names:
            stated = [sorted(signature["inputs"]), sorted(signature["outputs"])]
            there = found.get(each, {"inputs": [], "outputs": []})
            there = [sorted(there["inputs"]), sorted(there["outputs"])]
            _require(there == stated, f"signature {each}", f"{stated}", there)


def _check_inputs(found, stated):
    """Raises a ValueError unless inputs of a file have the shapes that it states."""
    for name, spec in stated.items():
        shape, dtype = list(found[name]["shape"]), np.dtype(found[name]["dtype"]).name
        is_right = _fits(shape, spec["shape"]) and dtype == spec["dtype"]
        wanted = f"{spec['dtype']} of shape {spec['shape']}, as the file states"
        _require(is_right, f"`{name}`", wanted, f"{dtype} of shape {shape}")


def _outputs(runner, batch, stated):
    """The outputs of a batch, which must be what the file states."""
    try:
        found = runner(**batch)
    except (RuntimeError, TypeError, ValueError) as error:
        raise ValueError(f"The file does not run as it states: {error}") from error
    for name, spec in stated.items():
        if not _fits(found[name].shape, spec["shape"]):
            raise ValueError(
                f"The file states shape {spec['shape']} for {name!r}. Received: "
                f"{list(found[name].shape)}"
            )
    return found


def _fits(shape, stated):
    """Whether a shape is one that is stated, whatever the number of rows."""
    pairs = zip(shape[1:], stated[1:], strict=False)
    return len(shape) == len(stated) and all(s in (None, n) for n, s in pairs)


def _is_integer(value, least, most):
    return type(value) is int and least <= value <= most


def _require(is_right, name, wanted, value):
    if not is_right:
        raise ValueError(f"{name} must be {wanted}. Received: {repr(value)[:80]}")


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


def text(samples, domain):
    """Texts as the bytes of a `.txt` file, with a form feed between them."""
    alphabet = domain["alphabet"]
    _check_symbols(samples, 256 if alphabet is None else len(alphabet))
    if alphabet is None:
        texts = [sample.astype(np.uint8).tobytes() for sample in samples]
    else:
        texts = ["".join(alphabet[s] for s in sample).encode() for sample in samples]
    return _BETWEEN_TEXTS.join(texts)


def midi(samples, domain):
    """Melodies one after the other as the bytes of a `.mid` file with one track.

    A symbol is a sixteenth note: 0 holds what sounds, 1 is a rest, and 2 begins the
    note of the lowest pitch. There are 120 quarter notes a minute.
    """
    _check_symbols(samples, domain["high"] - domain["low"] + 3)
    events = []
    for number, sample in enumerate(samples):
        sounding = None
        # A melody ends as if a rest followed.
        for place, symbol in enumerate([*sample.tolist(), 1]):
            now = number * len(sample) + place
            if symbol and sounding is not None:
                events.append((now, 0, sounding))
                sounding = None
            if symbol > 1:
                sounding = symbol - 2 + domain["low"]
                events.append((now, 1, sounding))
    track, now, status = b"", 0, None
    # At the same time a note ends before the next one begins.
    for step, begins, pitch in sorted(events):
        track += _ticks(step - now)
        # A status that is that of the event before is left out.
        if begins != status:
            track += bytes([0x90 if begins else 0x80])
        track += bytes([pitch, 80 * begins])
        now, status = step, begins
    track += _ticks(samples.size - now) + b"\xff\x2f\x00"
    header = struct.pack(">IHHH", 6, 0, 1, 4 * _TICKS)
    return b"MThd" + header + b"MTrk" + struct.pack(">I", len(track)) + track


def wav(samples, domain):
    """Int16 sound one after the other as the bytes of a WAV file with one channel."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(domain["sample_rate"])
        file.writeframes(np.ascontiguousarray(samples, "<i2").tobytes())
    return buffer.getvalue()


def table(samples):
    """Samples as the bytes of a CSV file, one a line."""
    buffer = io.StringIO()
    rows = samples.reshape(len(samples), -1).tolist()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue().encode()


_ENDINGS = {
    "Images": ".png",
    "Text": ".txt",
    "Melodies": ".mid",
    "Waveforms": ".wav",
}


def main(arguments=None):
    """The command; an error in what the user gave is one line and exit code 2."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("path", help="a .tflite file of keras_gen")
    parser.add_argument("--num", type=int, default=16, help="how many samples")
    parser.add_argument("--seed", type=int, help="of the samples; else a fresh one")
    parser.add_argument("--labels", help="classes, such as 3 or 0,1,2, in turn")
    parser.add_argument("--temperature", type=float, help="below 1, likelier samples")
    parser.add_argument(
        "--truncation", type=float, help="below 1, better and less varied images"
    )
    parser.add_argument("--out", help="the file to write, such as samples.png or .npy")
    given = parser.parse_args(arguments)
    try:
        labels = given.labels and np.resize(
            [int(label) for label in given.labels.split(",")], max(given.num, 1)
        )
        sampler = Sampler(given.path)
        domain = sampler.metadata["x"] or {"class": None}
        out = _out(given.out, domain)
        scales = given.temperature, given.truncation
        samples = sampler.sample(given.num, given.seed, labels, *scales)
        written = _write(samples, domain, out)
    except (ValueError, OSError) as error:
        print(f"sampler: {error}", file=sys.stderr)
        sys.exit(2)
    print(written)


def _out(out, domain):
    """The path of the file to write, once it ends as it must."""
    ending = _ENDINGS.get(domain["class"], ".csv")
    path = Path(f"samples{ending}" if out is None else out)
    if path.suffix.lower() not in (ending, ".npy"):
        raise ValueError(f"`out` must end in {ending} or .npy. Received: {out!r}")
    return path


def _write(samples, domain, out):
    """Writes samples into a file of their kind, or as an array; says so."""
    written = f"Wrote {out}: {samples.dtype} of shape {samples.shape}"
    kind = domain["class"]
    if out.suffix.lower() == ".npy":
        np.save(out, samples)
    elif kind == "Images":
        if samples.shape[-1] not in (1, 3):
            raise ValueError("`out` must end in .npy: a PNG file has 1 or 3 channels")
        picture = grid(samples)
        out.write_bytes(png(picture))
        written = f"Wrote {out}: {picture.shape[1]} x {picture.shape[0]} pixels"
    elif kind in _ENDINGS:
        write = {"Text": text, "Melodies": midi, "Waveforms": wav}[kind]
        out.write_bytes(write(samples, domain))
    else:
        out.write_bytes(table(samples))
    return written


def _ticks(steps):
    """A time in sixteenth notes as in MIDI: seven bits a byte, the high ones first."""
    ticks = steps * _TICKS
    digits = [ticks & 127]
    while ticks := ticks >> 7:
        digits.append(128 | ticks & 127)
    return bytes(digits[::-1])


def _check_symbols(samples, num):
    if samples.min() < 0 or samples.max() >= num:
        raise ValueError(f"The file gives symbols that are not in [0, {num})")


def _pairs(seed, num):
    """Pairs of a seed, a fresh one if it is None, and the row of each example."""
    seed = secrets.randbelow(_MAX_SEED + 1) if seed is None else seed
    _check_integer(seed, "seed", 0, _MAX_SEED)
    return np.stack([np.full(num, seed), np.arange(num)], axis=1)


def _known(mask, num, sites):
    """A mask of shape `(num, *sites)`, once it is as it must be."""
    mask = np.asarray(mask)
    shapes = [tuple(sites[:2]), tuple(sites), (num, *sites)]
    if mask.shape not in shapes:
        raise ValueError(
            f"`mask` must have shape {', '.join(map(str, shapes[:-1]))} or "
            f"{shapes[-1]}. Received shape: {mask.shape}"
        )
    wrong = ~np.isin(mask, (0, 1))
    if mask.dtype.kind not in "biu" or wrong.any():
        raise ValueError(
            "`mask` must hold booleans, or the integers 0 and 1. Received "
            f"{mask.dtype}: {repr(mask[wrong][:1].tolist())[:40]}"
        )
    mask = mask[..., None] if mask.ndim == 2 else mask
    return np.broadcast_to(mask, (num, *sites)).astype(np.uint8)


def _check_order(mask):
    flat = mask.reshape(len(mask), -1)
    late = (flat[:, 1:] > flat[:, :-1]).any(axis=1)
    if late.any():
        raise ValueError(
            "`mask` must know the sites of an example from the first on, in raster "
            f"order. Received another for example {late.argmax()}"
        )


def _check_integer(value, name, least, most):
    is_integer = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not is_integer or not least <= value <= most:
        bounds = f"of at least {least}" if most == np.inf else f"from {least} to {most}"
        raise ValueError(f"`{name}` must be an integer {bounds}. Received: {value!r}")


def _checked(inputs, stated):
    """Inputs as arrays of the stated types, once their names and shapes are right."""
    num = len(np.atleast_1d(next(iter(inputs.values()), ())))
    absent = {name: np.ones(num) for name in _SCALES if name in stated}
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
        if name in _SCALES:
            _check_scales(name, arrays[name])
    rows = {name: len(array) for name, array in arrays.items()}
    if len(set(rows.values())) > 1 or 0 in rows.values():
        raise ValueError(
            f"The inputs must have one number of rows, at least 1. Received: {rows}"
        )
    return arrays


def _check_scales(name, values):
    least, (most, what) = np.finfo(np.float32).tiny, _SCALES[name]
    wrong = ~((values >= least) & (values <= most))
    if wrong.any():
        raise ValueError(
            f"`{name}` must be a {what} of at least {least} in each row. Received: "
            f"{values[wrong][0]}"
        )


if __name__ == "__main__":
    main()
