"""Tests of examples in files that are not what they seem."""

import os
import struct
import wave
import zlib

import numpy as np
import pytest
from PIL import Image

from keras_gen.media import load_array, load_images, load_wav, read_picture


def png(width, height):
    """A PNG file that states a size and holds next to nothing."""

    def chunk(kind, data):
        checksum = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + checksum

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    data = chunk(b"IDAT", zlib.compress(bytes(1000)))
    start = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
    return start + data + chunk(b"IEND", b"")


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("side", [10_000, 60_000])
def test_a_picture_that_would_fill_the_memory_is_refused(tmp_path, side):
    (tmp_path / "a.png").write_bytes(png(side, side))
    with pytest.raises(ValueError, match="a.png' cannot be read: .*pixels"):
        read_picture(tmp_path / "a.png")


@pytest.mark.parametrize("suffix", [".npy", ".csv", ".wav", ".png"])
def test_a_pipe_is_no_file_of_examples(tmp_path, suffix):
    path = tmp_path / f"pipe{suffix}"
    os.mkfifo(path)
    load = {
        ".wav": lambda: load_wav(path, 8000),
        ".png": lambda: load_images(path, (4, 4, 1)),
    }.get(suffix, lambda: load_array(path))
    with pytest.raises(ValueError, match=f"pipe{suffix}' cannot be read: .*a pipe"):
        load()


def test_an_array_that_states_more_than_the_file_has_takes_no_memory(tmp_path):
    path = tmp_path / "x.npy"
    np.save(path, np.zeros(4))
    contents = path.read_bytes()
    path.write_bytes(contents.replace(b"(4,), }       ", b"(40000000,), }"))
    with pytest.raises(ValueError, match="x.npy' cannot be read: mmap length"):
        load_array(path)
    path.write_bytes(contents)
    assert load_array(path).flags.writeable


def test_a_sound_that_ends_within_a_value_is_refused(tmp_path):
    path = tmp_path / "x.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(20))
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ValueError, match="x.wav' cannot be read: it is cut short"):
        load_wav(path, 8000)


def test_a_file_of_another_kind_is_no_picture(tmp_path):
    (tmp_path / "a.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n")
    with pytest.raises(ValueError, match="a.png' cannot be read: it is none of BMP"):
        read_picture(tmp_path / "a.png")


@pytest.mark.parametrize("suffix", [".bmp", ".gif", ".tif", ".tiff"])
def test_older_formats_are_read(tmp_path, suffix):
    pixels = np.full((4, 6), 80, np.uint8)
    Image.fromarray(pixels).save(tmp_path / f"a{suffix}")
    image = read_picture(tmp_path / f"a{suffix}").convert("L")
    np.testing.assert_array_equal(image, pixels)


@pytest.mark.parametrize(
    ("pixels", "message"),
    [
        (np.zeros((4, 4), np.float32), "its pixels are floats"),
        (np.full((4, 4), 70_000, np.int32), "its pixels have more than 16 bits"),
    ],
)
def test_pixels_without_a_known_range_are_refused(tmp_path, pixels, message):
    Image.fromarray(pixels).save(tmp_path / "a.tiff")
    with pytest.raises(ValueError, match=f"a.tiff' cannot be read: {message}"):
        read_picture(tmp_path / "a.tiff")
