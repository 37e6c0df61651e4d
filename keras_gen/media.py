"""Reads and writes examples: images, sound, text, melodies, tables and arrays."""

import csv
import io
import math
import wave
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from keras_gen.files import open_file, read_bytes, written_whole
from keras_gen.lazy import optional_import

#: Endings of the pictures that are read.
PICTURES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
# Endings of pictures that Pillow may not read. They are named, not left out in silence.
_OTHER_PICTURES = (".avif", ".heic", ".heif", ".jp2", ".jxl")
_FORMATS = ("BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP")
# A page of its own for each text.
_BETWEEN_TEXTS = b"\n\f\n"
# Ticks of a sixteenth note in the MIDI files that are written.
_TICKS = 120
_SIXTEEN_BITS = ("I", "I;16", "I;16B", "I;16L")


def load_array(path):
    """Reads an array from a `.npy` file, or a `.csv` file with one example per line.

    Raises:
        ValueError: If there is no such file or it holds something else.
    """
    path = Path(path)
    try:
        if path.suffix == ".npy":
            open_file(path).close()
            # A map takes no memory for more than the file has, whatever it states.
            array = np.load(path, mmap_mode="r", allow_pickle=False)
            if not isinstance(array, np.ndarray):
                raise ValueError("it is an archive of several arrays")
            return np.array(array)
        if path.suffix == ".csv":
            with io.TextIOWrapper(open_file(path), "utf-8", newline="") as file:
                rows = [[float(cell) for cell in row] for row in csv.reader(file)]
            return np.array(rows, np.float64)
    except (OSError, EOFError, ValueError, csv.Error) as error:
        raise ValueError(f"{str(path)!r} cannot be read: {error}") from error
    raise ValueError(f"The file must end in .npy or .csv. Received: {str(path)!r}")


def save_table(path, rows):
    """Writes rows of numbers as CSV.

    Args:
        path: String or path.
        rows: Array of shape `(num_rows, num_columns)`.
    """
    with (
        written_whole(Path(path)) as partial,
        open(partial, "w", encoding="utf-8", newline="") as file,
    ):
        csv.writer(file, lineterminator="\n").writerows(rows.tolist())


def save_array(path, array):
    """Writes an array as a `.npy` file."""
    with written_whole(Path(path)) as partial, open(partial, "wb") as file:
        np.save(file, array)


def check_suffix(path, *suffixes):
    """Raises a ValueError unless a path ends in one of some suffixes."""
    if Path(path).suffix.lower() not in suffixes:
        raise ValueError(
            f"The file must end in {' or '.join(suffixes)}. Received: {str(path)!r}"
        )


def load_images(path, shape):
    """Reads images of one shape from a `.npy` file, a picture or a folder of pictures.

    Args:
        path: String or path. A picture may be a grid of images without gaps.
        shape: Tuple `(height, width, channels)`.

    Returns:
        Array of shape `(num, *shape)`, uint8 from pictures, else as in the file.

    Raises:
        ValueError: If there is no such file, or its images have another shape.
    """
    path = Path(path)
    if path.suffix == ".npy":
        return load_array(path)
    return np.concatenate([_tiles(file, shape) for file in _pictures_at(path)])


def load_whole_images(path, channels):
    """Reads images of any one size from a `.npy` file, a picture or a folder.

    Args:
        path: String or path. A picture is one image.
        channels: Integer, 1 or 3.

    Returns:
        Array of shape `(num, height, width, channels)`, uint8 from pictures, else as
        in the file.

    Raises:
        ValueError: If there is no such file, or the pictures of a folder differ in
            size.
    """
    path = Path(path)
    if path.suffix == ".npy":
        return load_array(path)
    found = {f: _pixels(read_picture(f), channels) for f in _pictures_at(path)}
    first, *others = found
    for file in others:
        if found[file].shape != found[first].shape:
            raise ValueError(
                f"{str(path)!r} must hold pictures of one size. Received: "
                f"{found[first].shape[:2]} of {first.name} and "
                f"{found[file].shape[:2]} of {file.name}"
            )
    return np.stack([*found.values()])


def _pictures_at(path):
    """The picture at a path, or those in the folder at it, a list."""
    if not path.is_dir():
        return [path]
    files = [file for file in picture_files(path) if file.parent == path]
    if not files:
        raise ValueError(f"The folder {str(path)!r} holds no picture.")
    return files


def _pixels(image, channels):
    pixels = np.asarray(image.convert("L" if channels == 1 else "RGB"))
    return pixels.reshape(*pixels.shape[:2], channels)


def picture_files(folder):
    """The pictures in a folder and its sub-folders, in the order of their names.

    What systems and tools leave is passed over: names that begin with a dot, such as
    `.ipynb_checkpoints` and `._photo.jpg`, and `__MACOSX`.

    Args:
        folder: Path.

    Returns:
        List of paths. Those of `PICTURES` can be read; pictures of other formats are
        among them too, so that reading names them.
    """
    endings = PICTURES + _OTHER_PICTURES
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in endings
        and not any(map(_is_left_over, path.relative_to(folder).parts))
        and not path.is_dir()
    ]


def _is_left_over(name):
    return name.startswith(".") or name == "__MACOSX"


def read_picture(path):
    """Reads a picture, upright, with white behind transparent parts.

    Of an animation or a file of several pages it is the first picture. A picture with
    more than `PIL.Image.MAX_IMAGE_PIXELS` pixels is refused before it is decoded.

    Args:
        path: String or path of a BMP, GIF, JPEG, PNG, TIFF or WebP file.

    Returns:
        `PIL.Image.Image`, grey (`"L"`) or in colour (`"RGB"`).

    Raises:
        ValueError: If there is no such file, it is not regular, too large or damaged,
            or its pixels are not 1, 8 or 16 bits a channel.
    """
    try:
        with open_file(path) as file, Image.open(file, formats=_FORMATS) as image:
            return _grey_or_colour(image)
    except UnidentifiedImageError as error:
        text = f"{str(path)!r} cannot be read: it is none of {', '.join(_FORMATS)}"
        raise ValueError(text) from error
    except Exception as error:
        # Decoders raise many kinds of errors at damaged files.
        raise ValueError(f"{str(path)!r} cannot be read: {error}") from error


def _grey_or_colour(image):
    width, height = image.size
    if Image.MAX_IMAGE_PIXELS and width * height > Image.MAX_IMAGE_PIXELS:
        raise ValueError(f"it has {width} x {height} pixels")
    if image.mode == "F":
        raise ValueError("its pixels are floats")
    mode = "L" if image.mode in ("1", "L", "LA", *_SIXTEEN_BITS) else "RGB"
    image = ImageOps.exif_transpose(image)
    if image.mode in _SIXTEEN_BITS:
        # Pillow's own conversion clips 16 bits to 255.
        levels = np.asarray(image) / 257.0
        if levels.min() < 0 or levels.max() > 255:
            raise ValueError("its pixels have more than 16 bits")
        return Image.fromarray(np.rint(levels).astype(np.uint8))
    if image.has_transparency_data:
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image.convert("RGBA"))
    return image.convert(mode)


def _tiles(path, shape):
    height, width, channels = shape
    image = read_picture(path)
    pixels = _pixels(image, channels)
    # The last cells of a grid may be empty.
    count = str(image.info.get("num_images", ""))
    rows, columns = pixels.shape[0] // height, pixels.shape[1] // width
    if pixels.shape[:2] != (rows * height, columns * width):
        raise ValueError(
            f"{str(path)!r} must be one or more images of {height} x {width} pixels. "
            f"Received: {pixels.shape[0]} x {pixels.shape[1]}"
        )
    pixels = pixels.reshape(rows, height, columns, width, -1).transpose(0, 2, 1, 3, 4)
    tiles = pixels.reshape(-1, height, width, pixels.shape[-1])
    return tiles[: int(count)] if count.isdecimal() and len(count) < 9 else tiles


def save_wav(path, waveforms, sample_rate):
    """Writes waveforms one after the other into a WAV file with one channel.

    Args:
        path: String or path.
        waveforms: Int16 array of shape `(num, length)`.
        sample_rate: Integer, the samples per second.
    """
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sample_rate)
        file.writeframes(np.ascontiguousarray(waveforms, "<i2").tobytes())
    with written_whole(Path(path)) as partial:
        partial.write_bytes(buffer.getvalue())


def load_wav(path, sample_rate):
    """Reads sound from a WAV file with 16 bits and one channel.

    Args:
        path: String or path.
        sample_rate: Integer, the samples per second that the file must have.

    Returns:
        Float32 array of shape `(length,)` in [-1, 1].

    Raises:
        ValueError: If there is no such file or it is not as stated.
    """
    try:
        with wave.open(io.BytesIO(read_bytes(path)), "rb") as file:
            form = (file.getnchannels(), file.getsampwidth(), file.getframerate())
            frames = file.readframes(file.getnframes())
            if len(frames) % (form[0] * form[1]):
                raise EOFError("it is cut short")
    except (OSError, EOFError, wave.Error) as error:
        raise ValueError(f"{str(path)!r} cannot be read: {error}") from error
    if form != (1, 2, sample_rate):
        raise ValueError(
            f"{str(path)!r} must have 1 channel of 16 bits at {sample_rate} Hz. "
            f"Received: {form[0]} of {8 * form[1]} bits at {form[2]} Hz"
        )
    return np.frombuffer(frames, "<i2").astype(np.float32) / 32767.0


def save_texts(path, texts):
    """Writes texts, a list of bytes, into one file, with a form feed between them."""
    with written_whole(Path(path)) as partial:
        partial.write_bytes(_BETWEEN_TEXTS.join(texts))


def load_texts(path, length, as_bytes):
    """Reads texts of one length as `save_texts()` writes them.

    Args:
        path: String or path of a `.txt` file.
        length: Integer, the characters of a text, or its bytes if `as_bytes`.
        as_bytes: Boolean, whether to give bytes instead of strings.

    Returns:
        List of texts.

    Raises:
        ValueError: If there is no such file or it holds something else.
    """
    check_suffix(path, ".txt", ".npy")
    try:
        found = read_bytes(path)
        found = found if as_bytes else found.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{str(path)!r} cannot be read: {error}") from error
    between = _BETWEEN_TEXTS if as_bytes else _BETWEEN_TEXTS.decode()
    step = length + len(between)
    parts = [found[first : first + step] for first in range(0, len(found), step)]
    ends = [part[length:] for part in parts]
    if not parts or len(parts[-1]) != length or set(ends[:-1]) - {between}:
        raise ValueError(
            f"{str(path)!r} must hold texts of {length} symbols. Received: "
            f"{len(found)} symbols"
        )
    return [part[:length] for part in parts]


def save_midi(path, notes, num_steps):
    """Writes a melody as a MIDI file with one track, at 120 quarter notes a minute.

    Args:
        path: String or path.
        notes: Integer array of shape `(num, 3)`: the onset, the duration and the pitch
            of each note, in order, times in sixteenth notes.
        num_steps: Integer, the length of the track in sixteenth notes.

    Raises:
        ImportError: If Mido is not installed.
    """
    mido = optional_import("mido", "midi", f"{str(path)!r}")
    file = mido.MidiFile(type=0, ticks_per_beat=4 * _TICKS)
    events = []
    for onset, duration, pitch in notes.tolist():
        # At the same time a note ends before the next one begins.
        events += [(onset, 1, pitch), (onset + duration, 0, pitch)]
    track, now = mido.MidiTrack(), 0
    for step, begins, pitch in sorted(events):
        kind = "note_on" if begins else "note_off"
        time = (step - now) * _TICKS
        track.append(mido.Message(kind, note=pitch, velocity=80 * begins, time=time))
        now = step
    end = (num_steps - now) * _TICKS
    track.append(mido.MetaMessage("end_of_track", time=end))
    file.tracks.append(track)
    with written_whole(Path(path)) as partial:
        file.save(partial)


def load_midi(path):
    """Reads the notes of all tracks of a MIDI file, on a grid of sixteenth notes.

    Args:
        path: String or path.

    Returns:
        Integer array of notes as in `save_midi()`, each of at least one sixteenth note,
        and the number of sixteenth notes up to the end of the longest track.

    Raises:
        ValueError: If there is no such file or it is no MIDI file.
        ImportError: If Mido is not installed.
    """
    check_suffix(path, ".mid", ".midi", ".npy")
    mido = optional_import("mido", "midi", f"{str(path)!r}")
    try:
        file = mido.MidiFile(file=io.BytesIO(read_bytes(path)))
        grid = file.ticks_per_beat / 4
        notes, end = [], 0
        for track in file.tracks:
            some, now = _notes_of(track)
            notes, end = notes + some, max(end, now)
    except Exception as error:
        # Mido raises many kinds of errors at damaged files.
        raise ValueError(f"{str(path)!r} cannot be read: {error}") from error
    notes = np.array(notes, np.float64).reshape(-1, 3)
    return on_grid(notes, grid), math.ceil(end / grid - 0.5)


def on_grid(notes, step):
    """Notes on the nearest places of a grid, each of at least one step.

    Args:
        notes: Array of shape `(num, 3)`: onsets, durations and pitches, times in ticks.
        step: Number, the ticks of a step.

    Returns:
        Int64 array of the same shape, times in steps, in the order of the onsets.
    """
    notes = np.asarray(notes)
    onset = np.rint(notes[:, 0] / step)
    end = np.rint((notes[:, 0] + notes[:, 1]) / step)
    found = np.stack([onset, np.maximum(end - onset, 1), notes[:, 2]], axis=1)
    return found[np.argsort(onset, kind="stable")].astype(np.int64)


def _notes_of(track):
    """The notes of a track in ticks, and where it ends."""
    notes, sounding, now = [], {}, 0
    for message in track:
        now += message.time
        if message.type not in ("note_on", "note_off"):
            continue
        key = message.channel, message.note
        if key in sounding:
            begin = sounding.pop(key)
            notes.append((begin, now - begin, message.note))
        if message.type == "note_on" and message.velocity > 0:
            sounding[key] = now
    notes += [(begin, now - begin, pitch) for (_, pitch), begin in sounding.items()]
    return notes, now
