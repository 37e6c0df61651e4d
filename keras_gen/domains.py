"""What the data of a model are: images, symbols, sound, vectors, labels.

A domain describes one example, without the batch. It checks data, draws examples for
tests, and turns examples into bytes and files and back. Models, exports, measures and
the command line read domains, and know nothing else about the kind of data.
"""

import codecs
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import keras
import numpy as np

from keras_gen import media
from keras_gen.arguments import check_count, check_sizes, shown
from keras_gen.files import read_bytes, written_whole
from keras_gen.images import grid, save_png, to_uint8


class Domain:
    """Abstract: what one example is.

    Attributes:
        shape: Tuple of integers, the shape of one example.
        dtype: String, "float32" or "int32".
        num_levels: Integer, how many values an element can have; None if continuous.
        bounds: Pair of numbers, the least and the greatest value, or None.
        noun: String, the word for several examples.
        suffix: String, the default ending of the name of a file of examples.
        optional: Boolean, whether a value may be unknown: NaN stands for it, or -1 for
            a label.
        is_text: Boolean, whether examples are text, which can be typed and shown.
        prompt: String, what can begin an example, such as "a .mid file"; None if
            nothing can. A domain with a prompt has `from_prompt()`, and `write()` for
            examples of any length.
    """

    shape = ()
    dtype = "float32"
    num_levels = None
    bounds = None
    noun = "values"
    suffix = ".csv"
    optional = False
    is_text = False
    prompt = None

    @property
    def sites(self) -> tuple:
        """The grid of values: a tuple `(height, width, channels)`."""
        return (1, math.prod(self.shape), 1)

    def check(self, values, name="x") -> None:
        """Raises a ValueError unless `values` is a batch of examples of this domain.

        Args:
            values: Array or tensor of shape `(batch, *shape)`.
            name: String, the name of the caller's argument.
        """
        values = self.check_numbers(values, name)
        if self.optional and values.dtype.kind == "f":
            values = values[~np.isnan(values)]
        if values.size:
            self._check_values(values, name)

    def check_numbers(self, values, name="x") -> np.ndarray:
        """Raises a ValueError unless `values` is a batch of finite numbers.

        NaN is allowed too in an `optional` domain.

        Args:
            values: Array or tensor of shape `(batch, *shape)`, in any range.
            name: String, the name of the caller's argument.

        Returns:
            `values` as an array.
        """
        self.check_shape(values, name)
        values = np.asarray(values)
        if values.dtype.kind not in "fiub":
            raise ValueError(
                f"`{name}` must hold numbers. Received dtype: {values.dtype}"
            )
        if values.dtype.kind != "f":
            return values
        refused = {"NaN": np.isnan, "infinity": np.isinf}
        if self.optional:
            del refused["NaN"]
        for kind, is_wrong in refused.items():
            wrong = np.count_nonzero(is_wrong(values))
            if wrong:
                raise ValueError(
                    f"`{name}` holds {kind}: {wrong} of {values.size} values."
                )
        return values

    def check_shape(self, values, name="x") -> None:
        """Raises a ValueError unless `values` has the shape of a batch.

        Args:
            values: Array or tensor, also a tensor of a graph.
            name: String, the name of the caller's argument.
        """
        if not hasattr(values, "shape"):
            raise ValueError(
                f"`{name}` must be an array of {self.noun}. Received: {shown(values)}"
            )
        shape = tuple(values.shape)
        if shape[:1] == (0,) or not shape:
            raise ValueError(f"`{name}` holds no {self.noun}. Received shape: {shape}")
        if shape[1:] != self.shape:
            sizes = "".join(f", {size}" for size in self.shape)
            raise ValueError(
                f"`{name}` must have shape (batch{sizes or ','}). Received shape: "
                f"{shape}"
            )

    def cast(self, values):
        """`values` as a tensor of the domain's dtype."""
        return keras.ops.cast(values, self.dtype)

    def draw(self, rows) -> np.ndarray:
        """An array of random examples, one for each of `keras_gen.random.Rows`."""
        raise NotImplementedError

    def to_bytes(self, values) -> np.ndarray:
        """Examples as an array to store; integers for images and sound."""
        return np.asarray(values)

    def bytes_of(self, values):
        """The same as `to_bytes()`, for tensors of a graph."""
        return values

    def save(self, path, values) -> None:
        """Writes a batch of examples to one file, whole or not at all.

        Args:
            path: String or path that ends in `suffix`, or in `.npy` for an array.
            values: Array of shape `(batch, *shape)`.

        Raises:
            ValueError: If the path ends otherwise.
        """
        values = np.asarray(values)
        if Path(path).suffix == ".npy":
            media.save_array(path, values)
        else:
            media.check_suffix(path, self.suffix, ".npy")
            self._save(path, values)

    def _save(self, path, values):
        media.save_table(path, values.reshape(len(values), -1))

    def load(self, path) -> np.ndarray:
        """Reads a batch of examples from a file or folder.

        Args:
            path: String or path: a `.npy` file of any domain, or a `.csv` file with one
                example a line.

        Returns:
            Array of shape `(batch, *shape)`.

        Raises:
            ValueError: If the file does not exist or holds something else.
        """
        values = media.load_array(path)
        return self._as_examples(values, path)

    def get_config(self) -> dict:
        raise NotImplementedError

    @classmethod
    def from_config(cls, config) -> Self:
        return cls(**config)

    def __eq__(self, other):
        return type(self) is type(other) and self.get_config() == other.get_config()

    def __hash__(self):
        return hash((type(self), repr(self.get_config())))

    def __repr__(self):
        config = ", ".join(f"{key}={value}" for key, value in self.get_config().items())
        return f"{type(self).__name__}({config})"

    def _check_values(self, values, name):
        """Raises a ValueError unless finite numbers are values of this domain."""

    def _as_examples(self, values, path):
        size = math.prod(self.shape)
        is_one = _wide_axes(values.shape) == _wide_axes(self.shape)
        is_table = values.ndim == 2 and values.shape[1] == size
        fits = values.shape[1:] == self.shape and values.ndim == 1 + len(self.shape)
        if not values.size or not (is_one or is_table or fits):
            raise ValueError(
                f"{str(path)!r} must hold {self.noun} of shape {self.shape}. Received "
                f"shape: {values.shape}"
            )
        examples = values.reshape(-1, *self.shape).astype(self.dtype)
        changed = examples != values.reshape(-1, *self.shape)
        if examples.dtype.kind != "f" and changed.any():
            raise ValueError(f"{str(path)!r} must hold whole numbers for {self.noun}.")
        return examples


class _Levels(Domain):
    """A domain whose elements are sites with `num_levels` levels."""

    def to_levels(self, values):
        """Values as levels, int32 from 0 to `num_levels - 1`."""
        return keras.ops.cast(values, "int32")

    def from_levels(self, levels):
        """Levels as values."""
        return keras.ops.cast(levels, self.dtype)


@keras.saving.register_keras_serializable(package="keras_gen")
class Images(_Levels):
    """Images, channels last.

    Args:
        shape: Tuple `(height, width, channels)`.
        low: Float, the value of black.
        high: Float above `low`, the value of white.
        levels: Optional integer of at least 2. If given, pixels have this number of
            equally spaced values from `low` to `high`.
        optional: Boolean, whether NaN may stand for an unknown value.

    Raises:
        ValueError: If an argument is wrong.

    Example:
    >>> from keras_gen.domains import Images
    >>> Images((8, 8, 1)).to_bytes([[[[0.0], [0.5], [1.0]]]]).ravel()
    array([  0, 128, 255], dtype=uint8)
    """

    noun = "images"
    suffix = ".png"

    def __init__(self, shape, low=0.0, high=1.0, levels=None, optional=False):
        if not isinstance(shape, (tuple, list)) or len(shape) != 3:
            raise ValueError(
                f"`shape` must be (height, width, channels). Received: {shown(shape)}"
            )
        check_sizes("shape", shape)
        if not low < high:
            raise ValueError(f"`high` must be above `low`. Received: {low} and {high}")
        if levels is not None:
            check_count(levels, "levels", 2)
        self.shape, self.optional = tuple(shape), bool(optional)
        self.low, self.high, self.num_levels = float(low), float(high), levels

    @property
    def sites(self) -> tuple:
        return self.shape

    @property
    def bounds(self) -> tuple:
        return self.low, self.high

    def draw(self, rows):
        uniform = np.asarray(rows.uniform(self.shape, "images"))
        if self.num_levels is not None:
            level = np.floor(uniform * self.num_levels)
            uniform = level / np.float32(self.num_levels - 1)
        return (self.low + (self.high - self.low) * uniform).astype(np.float32)

    def to_levels(self, values):
        share = (values - self.low) / (self.high - self.low)
        return keras.ops.cast(keras.ops.round(share * (self.num_levels - 1)), "int32")

    def from_levels(self, levels):
        share = keras.ops.cast(levels, "float32") / (self.num_levels - 1)
        return self.low + (self.high - self.low) * share

    def to_bytes(self, values):
        return to_uint8(values, (self.low, self.high))

    def bytes_of(self, values):
        levels = keras.ops.round((values - self.low) * (255.0 / (self.high - self.low)))
        return keras.ops.cast(keras.ops.clip(levels, 0.0, 255.0), "uint8")

    def _save(self, path, values):
        save_png(path, grid(self.to_bytes(values)), len(values))

    def load(self, path):
        """Reads images from a `.npy` file, an image file or a folder of image files.

        An image file may be a grid of images, as `save()` writes it. Values of type
        uint8 are scaled from [0, 255] to [low, high].
        """
        values = media.load_images(path, self.shape)
        is_bytes = values.dtype == np.uint8
        values = self.from_bytes(values) if is_bytes else self._on_levels(values)
        return self._as_examples(values, path)

    def from_bytes(self, images) -> np.ndarray:
        """Uint8 images as examples, float32 on the levels of the domain."""
        values = self.low + (self.high - self.low) * (np.asarray(images) / 255.0)
        return self._on_levels(values).astype(np.float32)

    def _on_levels(self, values):
        """Values on the nearest levels, if there are any."""
        if self.num_levels is None:
            return values
        share = (values - self.low) / (self.high - self.low)
        level = np.rint(share * (self.num_levels - 1)) / (self.num_levels - 1)
        return self.low + (self.high - self.low) * level

    def get_config(self):
        return {
            "shape": self.shape,
            "low": self.low,
            "high": self.high,
            "levels": self.num_levels,
            "optional": self.optional,
        }

    def _check_values(self, values, name):
        least, most = values.min(), values.max()
        if least < self.low or most > self.high:
            raise ValueError(
                f"`{name}` must lie in [{self.low}, {self.high}], the range of these "
                f"images. Received values from {least} to {most}"
            )
        if self.num_levels is None:
            return
        steps = self.num_levels - 1
        levels = (values.astype(np.float32) - self.low) / (self.high - self.low) * steps
        wrong = np.abs(levels - np.round(levels)) > 1e-3
        if wrong.any():
            expected = (
                f"{self.low:g} or {self.high:g}"
                if steps == 1
                else f"{self.num_levels} levels from {self.low:g} to {self.high:g}"
            )
            raise ValueError(
                f"`{name}` must hold {expected}. Received: {values[wrong][0]:.6g}"
            )


@keras.saving.register_keras_serializable(package="keras_gen")
class Symbols(_Levels):
    """Sequences of symbols, or grids of them, such as codes of images.

    `Text` and `Melodies` are sequences whose symbols have a meaning.

    Args:
        length: Integer of at least 1, or the sides of a grid: a tuple
            `(height, width)`.
        num_symbols: Integer of at least 2; symbols are the integers below it.

    Raises:
        ValueError: If an argument is wrong.
    """

    dtype = "int32"
    noun = "sequences"
    #: Numbers of steps of the phrases whose repeats are counted.
    phrase_lengths = (8, 16)

    def __init__(self, length, num_symbols):
        if isinstance(length, (tuple, list)):
            check_sizes("length", length)
            if len(length) != 2:
                raise ValueError(
                    "`length` must be an integer or (height, width). Received: "
                    f"{shown(length)}"
                )
            self.shape, self.noun = tuple(length), "grids of symbols"
        else:
            check_count(length, "length", 1)
            self.shape = (length,)
        check_count(num_symbols, "num_symbols", 2)
        self.num_levels = num_symbols
        self.bounds = (0, num_symbols - 1)

    @property
    def sites(self) -> tuple:
        return (*self.shape, 1) if len(self.shape) == 2 else (1, *self.shape, 1)

    def draw(self, rows):
        uniform = np.asarray(rows.uniform(self.shape, "symbols"))
        return np.floor(uniform * self.num_levels).astype(np.int32)

    def to_steps(self, symbols) -> np.ndarray:
        """A sequence as integers of which a phrase consists: its symbols.

        Args:
            symbols: Integer array of shape `(num_symbols,)`.
        """
        return np.asarray(symbols)

    def get_config(self):
        length = self.shape if len(self.shape) == 2 else self.shape[0]
        return {"length": length, "num_symbols": self.num_levels}

    def _check_values(self, values, name):
        _check_integers(values, name, 0, self.num_levels)


@keras.saving.register_keras_serializable(package="keras_gen")
class Text(Symbols):
    """Text, whose symbols are characters of an alphabet, or bytes.

    Args:
        length: Integer of at least 1, the symbols of an example.
        alphabet: Optional string of at least 2 different characters; a character is its
            place in it. By default symbols are the bytes of UTF-8.

    Raises:
        ValueError: If an argument is wrong.

    Example:
    >>> from keras_gen.domains import Text
    >>> domain = Text(4, alphabet="abc")
    >>> domain.to_symbols("cab")
    array([2, 0, 1], dtype=int32)
    >>> domain.to_text([2, 0, 1])
    'cab'
    """

    noun = "texts"
    suffix = ".txt"
    is_text = True
    prompt = "a text"
    phrase_lengths = (10, 20, 30)

    def __init__(self, length, alphabet=None):
        check_count(length, "length", 1)
        is_text = isinstance(alphabet, str) and len(set(alphabet)) == len(alphabet)
        if alphabet is not None and not (is_text and len(alphabet) > 1):
            raise ValueError(
                "`alphabet` must be a string of at least 2 different characters. "
                f"Received: {shown(alphabet)}"
            )
        super().__init__(length, 256 if alphabet is None else len(alphabet))
        self.alphabet = alphabet

    def to_symbols(self, text, name="text") -> np.ndarray:
        """The symbols of a text, int32 of shape `(num,)`.

        Args:
            text: String.
            name: String, the name of the caller's argument.

        Raises:
            ValueError: If the text has characters that are not in the alphabet.
        """
        if self.alphabet is None:
            return np.frombuffer(text.encode("utf-8"), np.uint8).astype(np.int32)
        places = {character: place for place, character in enumerate(self.alphabet)}
        unknown = sorted(set(text) - set(places))
        if unknown:
            raise ValueError(
                f"`{name}` must have characters of the alphabet {self.alphabet!r} "
                f"alone. Received: {shown(unknown)}"
            )
        return np.array([places[character] for character in text], np.int32)

    def to_text(self, symbols) -> str:
        """The text of symbols. Bytes that are not UTF-8 become replacement marks."""
        if self.alphabet is None:
            return np.asarray(symbols, np.uint8).tobytes().decode("utf-8", "replace")
        return "".join(self.alphabet[symbol] for symbol in np.asarray(symbols))

    def to_texts(self, parts) -> Iterator[str]:
        """The text of symbols that come in parts, as they come.

        Args:
            parts: Iterable of integer arrays of shape `(num,)`. A character of several
                bytes may begin in one and end in the next.
        """
        if self.alphabet is not None:
            return map(self.to_text, parts)
        parts = (np.asarray(part, np.uint8).tobytes() for part in parts)
        return codecs.iterdecode(parts, "utf-8", "replace")

    def from_prompt(self, prompt) -> np.ndarray:
        """The symbols of a text, int32 of shape `(num,)`."""
        return self.to_symbols(prompt, "prompt")

    def load(self, path):
        """Reads texts that `save()` has written, or one text, from a `.txt` file."""
        if Path(path).suffix == ".npy":
            return super().load(path)
        parts = media.load_texts(path, self.shape[0], as_bytes=self.alphabet is None)
        if self.alphabet is None:
            symbols = [np.frombuffer(part, np.uint8) for part in parts]
        else:
            symbols = [self.to_symbols(part, str(path)) for part in parts]
        return np.stack(symbols).astype(np.int32)

    def write(self, path, texts) -> None:
        """Writes symbols of texts of any length into a `.txt` file."""
        if self.alphabet is None:
            parts = [np.asarray(text, np.uint8).tobytes() for text in texts]
        else:
            parts = [self.to_text(text).encode("utf-8") for text in texts]
        media.save_texts(path, parts)

    def _save(self, path, values):
        self.write(path, values)

    def get_config(self):
        return {"length": self.shape[0], "alphabet": self.alphabet}


@keras.saving.register_keras_serializable(package="keras_gen")
class Melodies(Symbols):
    """Melodies of one voice on a grid of sixteenth notes.

    Symbol 0 holds what sounds, symbol 1 is a rest, and symbol 2 begins the note of
    pitch `low`, symbol 3 the next one, up to `high`. A hold where nothing sounds is a
    rest too.

    Args:
        length: Integer of at least 1, the sixteenth notes of an example.
        low: Integer in [0, 127], the lowest pitch, as a number of MIDI; 60 is the
            middle C.
        high: Integer in [low, 127], the highest pitch.

    Raises:
        ValueError: If an argument is wrong.

    Example:
    >>> from keras_gen.domains import Melodies
    >>> domain = Melodies(8, low=60, high=72)
    >>> domain.from_notes([(0, 2, 60), (3, 1, 64)])
    array([2, 0, 1, 6], dtype=int32)
    >>> domain.to_notes([2, 0, 1, 6]).tolist()
    [[0, 2, 60], [3, 1, 64]]
    """

    noun = "melodies"
    suffix = ".mid"
    prompt = "a .mid file"
    phrase_lengths = (4, 8, 12)
    hold, rest, first_note = 0, 1, 2

    def __init__(self, length, low=48, high=96):
        check_count(length, "length", 1)
        check_count(low, "low", 0)
        check_count(high, "high", low)
        if high > 127:
            raise ValueError(f"`high` must be at most 127. Received: {high}")
        super().__init__(length, self.first_note + high - low + 1)
        self.low, self.high = low, high

    def from_notes(self, notes, name="notes") -> np.ndarray:
        """The symbols of notes, int32 of shape `(num_steps,)`, up to the last end.

        A note ends where the next one begins. Of notes that begin together the highest
        is kept.

        Args:
            notes: Array of integers of shape `(num, 3)`: the onset, the duration and
                the pitch of each note, times in sixteenth notes.
            name: String, the name of the caller's argument.

        Raises:
            ValueError: If a pitch is beyond `low` or `high`, or a time is wrong.
        """
        notes = np.asarray(notes, np.int64).reshape(-1, 3)
        wrong = notes[(notes[:, 0] < 0) | (notes[:, 1] < 1)]
        if wrong.size:
            raise ValueError(
                f"`{name}` must have onsets of at least 0 and durations of at least 1. "
                f"Received: {wrong[0].tolist()}"
            )
        wrong = notes[(notes[:, 2] < self.low) | (notes[:, 2] > self.high), 2]
        if wrong.size:
            raise ValueError(
                f"`{name}` must have pitches in [{self.low}, {self.high}]. Received: "
                f"{wrong[0]}"
            )
        notes = notes[np.lexsort((notes[:, 2], notes[:, 0]))]
        symbols = np.full(int(notes[:, :2].sum(axis=1).max(initial=0)), self.rest)
        for onset, duration, pitch in notes:
            symbols[onset:] = self.rest
            symbols[onset : onset + duration] = self.hold
            symbols[onset] = self.first_note + pitch - self.low
        return symbols.astype(np.int32)

    def to_notes(self, symbols) -> np.ndarray:
        """The notes of symbols, int64 of shape `(num, 3)`; see `from_notes()`."""
        notes = []
        sounds = False
        for step, symbol in enumerate(np.asarray(symbols).tolist()):
            if symbol >= self.first_note:
                notes.append([step, 1, symbol - self.first_note + self.low])
            elif symbol == self.hold and sounds:
                notes[-1][1] += 1
            sounds = symbol >= self.first_note or (symbol == self.hold and sounds)
        return np.array(notes, np.int64).reshape(-1, 3)

    def to_steps(self, symbols) -> np.ndarray:
        """What leads from each note to the next: the interval and the time, as one.

        So a phrase is the same in all keys.

        Args:
            symbols: Integer array of shape `(num_symbols,)`.

        Returns:
            Int64 array, shorter by one than the notes.
        """
        onset, _, pitch = self.to_notes(symbols).T
        return 256 * np.diff(onset) + np.diff(pitch) + 128

    def read(self, path) -> np.ndarray:
        """The symbols of a `.mid` file, int32 of shape `(num_steps,)`, up to its end.

        Notes of all tracks are put on the nearest sixteenth notes.
        """
        notes, num_steps = media.load_midi(path)
        symbols = self.from_notes(notes, str(path))
        rests = max(0, num_steps - len(symbols))
        return np.pad(symbols, (0, rests), constant_values=self.rest)

    def from_prompt(self, prompt) -> np.ndarray:
        """The same as `read()`."""
        return self.read(prompt)

    def load(self, path):
        """Reads melodies one after the other from a `.mid` file, or a `.npy` file.

        Rests fill up the last one.
        """
        if Path(path).suffix == ".npy":
            return super().load(path)
        symbols = self.read(path)
        rests = -len(symbols) % self.shape[0]
        symbols = np.pad(symbols, (0, rests), constant_values=self.rest)
        return self._as_examples(symbols.reshape(-1, *self.shape), path)

    def write(self, path, melodies) -> None:
        """Writes symbols of melodies of any length, one after the other, as MIDI."""
        # Apart, because a hold at the beginning of a melody is a rest.
        notes, end = [], 0
        for melody in melodies:
            notes.append(self.to_notes(melody) + [end, 0, 0])
            end += len(melody)
        media.save_midi(path, np.concatenate(notes), end)

    def _save(self, path, values):
        self.write(path, values)

    def get_config(self):
        return {"length": self.shape[0], "low": self.low, "high": self.high}


@keras.saving.register_keras_serializable(package="keras_gen")
class Waveforms(_Levels):
    """Sound of one channel, from -1 to 1.

    Levels are those of the mu-law, which are finer near zero (ITU-T G.711). A value
    between two levels stands for the nearest one, which `on_levels()` gives.

    Args:
        length: Integer of at least 1, the number of samples.
        sample_rate: Integer of at least 1, the samples per second.
        levels: Optional integer of at least 2, the levels of `to_levels()`.

    Raises:
        ValueError: If an argument is wrong.
    """

    noun = "waveforms"
    suffix = ".wav"
    prompt = "a .wav file"
    bounds = (-1.0, 1.0)

    def __init__(self, length, sample_rate, levels=None):
        check_count(length, "length", 1)
        check_count(sample_rate, "sample_rate", 1)
        if levels is not None:
            check_count(levels, "levels", 2)
        self.shape, self.sample_rate, self.num_levels = (length,), sample_rate, levels

    def draw(self, rows):
        return self.on_levels(np.array(2.0 * rows.uniform(self.shape, "waveforms") - 1))

    def on_levels(self, values) -> np.ndarray:
        """Values on the nearest levels, if there are any."""
        if self.num_levels is None:
            return values
        return np.array(self.from_levels(self.to_levels(values)))

    def to_levels(self, values):
        mu = self.num_levels - 1.0
        size = keras.ops.log1p(mu * keras.ops.abs(values)) / math.log1p(mu)
        share = (keras.ops.sign(values) * size + 1.0) / 2.0
        return keras.ops.cast(keras.ops.round(share * mu), "int32")

    def from_levels(self, levels):
        mu = self.num_levels - 1.0
        signed = 2.0 * keras.ops.cast(levels, "float32") / mu - 1.0
        size = keras.ops.expm1(keras.ops.abs(signed) * math.log1p(mu)) / mu
        return keras.ops.sign(signed) * size

    def to_bytes(self, values):
        return np.rint(np.clip(values, -1.0, 1.0) * 32767.0).astype(np.int16)

    def bytes_of(self, values):
        levels = keras.ops.round(keras.ops.clip(values, -1.0, 1.0) * 32767.0)
        return keras.ops.cast(levels, "int16")

    def write(self, path, waveforms) -> None:
        """Writes waveforms of any length, one after the other, as a `.wav` file."""
        media.save_wav(path, self.to_bytes(waveforms), self.sample_rate)

    def read(self, path) -> np.ndarray:
        """The sound of a `.wav` file of 16 bits, float32 of shape `(num_samples,)`."""
        return media.load_wav(path, self.sample_rate)

    def from_prompt(self, prompt) -> np.ndarray:
        """The same as `read()`."""
        return self.read(prompt)

    def _save(self, path, values):
        self.write(path, values)

    def load(self, path):
        """Reads sound from a `.wav` file of 16 bits, or from a `.npy` file."""
        is_array = Path(path).suffix == ".npy"
        values = media.load_array(path) if is_array else self.read(path)
        if values.ndim == 1 and values.size % self.shape[0] == 0:
            values = values.reshape(-1, *self.shape)
        return self._as_examples(values, path)

    def get_config(self):
        return {
            "length": self.shape[0],
            "sample_rate": self.sample_rate,
            "levels": self.num_levels,
        }

    def _check_values(self, values, name):
        _check_range(values, name, -1.0, 1.0)


@keras.saving.register_keras_serializable(package="keras_gen")
class Vectors(Domain):
    """Vectors of real numbers, such as latents.

    Args:
        size: Integer of at least 1, or a tuple of them for arrays of several axes.
        optional: Boolean, whether NaN may stand for an unknown value.

    Raises:
        ValueError: If `size` is wrong.
    """

    noun = "vectors"

    def __init__(self, size, optional=False):
        sizes = tuple(size) if isinstance(size, (tuple, list)) else (size,)
        check_sizes("size", sizes)
        self.shape, self.optional = sizes, bool(optional)

    def draw(self, rows):
        return np.array(rows.normal(self.shape, "vectors"))

    def get_config(self):
        return {"size": self.shape, "optional": self.optional}


@keras.saving.register_keras_serializable(package="keras_gen")
class Counts(Domain):
    """How often each of some things occurs, such as the words of a document.

    At least one of them occurs.

    Args:
        size: Integer of at least 1, the number of things.

    Raises:
        ValueError: If `size` is wrong.
    """

    dtype = "int32"
    noun = "documents"

    def __init__(self, size):
        check_count(size, "size", 1)
        self.shape = (size,)

    def draw(self, rows):
        uniform = np.array(rows.uniform(self.shape, "counts"))
        uniform[:, 0] = np.maximum(uniform[:, 0], 0.5)
        return np.floor(5.0 * uniform**2).astype(np.int32)

    def get_config(self):
        return {"size": self.shape[0]}

    def _check_values(self, values, name):
        _check_integers(values, name, 0, np.iinfo(np.int32).max)
        empty = np.flatnonzero(values.sum(axis=1) == 0)
        if empty.size:
            raise ValueError(
                f"`{name}` must hold no empty document. Received: {empty.size} of "
                f"{len(values)}, the first in row {empty[0]}"
            )


@keras.saving.register_keras_serializable(package="keras_gen")
class Scalars(Domain):
    """Real numbers, one for each example, such as a temperature.

    Args:
        low: Optional float, the least value.
        high: Optional float, the greatest value.
    """

    noun = "numbers"

    def __init__(self, low=None, high=None):
        if low is not None and high is not None:
            if not low < high:
                raise ValueError(
                    f"`high` must be above `low`. Received: {low} and {high}"
                )
            self.bounds = (low, high)
        self.low, self.high = low, high

    def draw(self, rows):
        if self.low is None or self.high is None:
            normal = np.array(rows.normal((), "scalars"))
            if self.low is not None:
                return self.low + np.abs(normal)
            return normal if self.high is None else self.high - np.abs(normal)
        uniform = np.asarray(rows.uniform((), "scalars"))
        return (self.low + (self.high - self.low) * uniform).astype(np.float32)

    def get_config(self):
        return {"low": self.low, "high": self.high}

    def _check_values(self, values, name):
        low = -math.inf if self.low is None else self.low
        high = math.inf if self.high is None else self.high
        _check_range(values, name, low, high)


@keras.saving.register_keras_serializable(package="keras_gen")
class Labels(Domain):
    """Classes, one for each example.

    Args:
        num_classes: Integer of at least 2; labels are the integers below it.
        optional: Boolean, whether -1 may stand for an unknown class.

    Raises:
        ValueError: If an argument is wrong.
    """

    dtype = "int32"
    noun = "labels"

    def __init__(self, num_classes, optional=False):
        check_count(num_classes, "num_classes", 2)
        self.num_classes, self.optional = num_classes, optional
        self.bounds = (-1 if optional else 0, num_classes - 1)

    def check_shape(self, values, name="y"):
        is_list = isinstance(values, (list, tuple))
        super().check_shape(np.asarray(values) if is_list else values, name)

    def draw(self, rows):
        low, high = self.bounds
        uniform = np.asarray(rows.uniform((), "labels"))
        return (low + np.floor(uniform * (high + 1 - low))).astype(np.int32)

    def in_turn(self, num, first_row=0) -> np.ndarray:
        """The classes in turn, int32; row 0 has the first class."""
        return ((first_row + np.arange(num)) % self.num_classes).astype(np.int32)

    def get_config(self):
        return {"num_classes": self.num_classes, "optional": self.optional}

    def _check_values(self, values, name):
        low, high = self.bounds
        _check_integers(values, name, low, high + 1)


@keras.saving.register_keras_serializable(package="keras_gen")
class Bytes(Domain):
    """The bytes of a file, such as a lossless code of examples."""

    dtype = "uint8"
    bounds = (0, 255)
    noun = "bytes"
    suffix = ".kgc"

    def draw(self, rows):
        uniform = np.asarray(rows.uniform((), "bytes"))
        return np.floor(256 * uniform).astype(np.uint8)

    def load(self, path):
        """Reads all bytes of a file; raises an OSError if there is none."""
        if Path(path).suffix == ".npy":
            return super().load(path)
        return np.frombuffer(read_bytes(path), np.uint8)

    def get_config(self):
        return {}

    def _save(self, path, values):
        with written_whole(Path(path)) as partial:
            partial.write_bytes(values.astype(np.uint8).tobytes())

    def _check_values(self, values, name):
        _check_integers(values, name, 0, 256)


def _wide_axes(shape):
    """The axes of a shape that have more than one element."""
    return [size for size in shape if size > 1]


def _check_integers(values, name, low, end):
    if values.dtype.kind not in "iu":
        raise ValueError(f"`{name}` must be integers. Received dtype: {values.dtype}")
    if values.min() < low or values.max() >= end:
        raise ValueError(
            f"`{name}` must lie in [{low}, {end}). Received values from {values.min()} "
            f"to {values.max()}"
        )


def _check_range(values, name, low, high):
    if values.min() < low or values.max() > high:
        raise ValueError(
            f"`{name}` must lie in [{low}, {high}]. Received values from "
            f"{values.min()} to {values.max()}"
        )


def of_shape(shape, low=0.0, high=1.0) -> Domain:
    """The domain of a network's inputs or outputs: images if three axes, else vectors.

    Args:
        shape: Tuple of integers, without the batch.
        low: Float, the value of black.
        high: Float, the value of white.
    """
    shape = tuple(shape)
    return Images(shape, low, high) if len(shape) == 3 else Vectors(shape)


def for_network(name, domain, network, optional=False) -> Domain:
    """The domain that a network takes: the one that is given, or that of its shape.

    Args:
        name: String, the argument that the domain is.
        domain: `Domain`, or None.
        network: Built network, whose first input is meant.
        optional: Boolean, whether values may be unknown.

    Raises:
        ValueError: If it is no domain, or one of another shape than the network takes,
            or of values that may be unknown where they must not.
    """
    shape = tuple(network.inputs[0].shape[1:])
    if domain is None:
        return of_shape(shape)
    if not isinstance(domain, Domain) or domain.shape != shape:
        raise ValueError(
            f"`{name}` must be a domain of the shape {shape} that the network takes. "
            f"Received: {shown(domain)}"
        )
    if domain.optional and not optional:
        raise ValueError(
            f"`{name}` must be a domain without unknown values, from which the model "
            f"does not learn. Received: {shown(domain)}"
        )
    return domain
