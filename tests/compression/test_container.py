import numpy as np
import pytest

from keras_gen.compression import Code, pack, unpack

CODE = Code(
    model="ab" * 32,
    shape=(8, 8, 1),
    num=5,
    stream_size=3,
    levels=b"checksum",
    streams=[np.arange(7, dtype=np.uint32), np.array([2**32 - 1], np.uint32)],
)
DATA = pack(CODE)


def test_what_was_packed_is_unpacked():
    found = unpack(DATA)
    for one, other in zip(found.streams, CODE.streams, strict=True):
        np.testing.assert_array_equal(one, other)
    assert found._replace(streams=[]) == CODE._replace(streams=[])


def test_the_header_is_small():
    assert len(DATA) == 4 * 8 + 4 + 32 + 8 + 9 + 3 * 4 + 2 * 4 + 4


@pytest.mark.parametrize("length", [4, 20, 60, len(DATA) - 4, len(DATA) - 1])
def test_a_cut_file_is_refused(length):
    with pytest.raises(ValueError, match="`code` is cut short or damaged"):
        unpack(DATA[:length])


@pytest.mark.parametrize("place", range(4, len(DATA), 7))
def test_a_flipped_bit_is_found(place):
    damaged = bytearray(DATA)
    damaged[place] ^= 4
    with pytest.raises(ValueError, match="`code` is cut short or damaged"):
        unpack(bytes(damaged))


@pytest.mark.parametrize("data", [b"", b"PNG", DATA[1:], b"\0" * 100])
def test_other_files_are_refused(data):
    with pytest.raises(ValueError, match="`code` must be a file that `compress`"):
        unpack(data)


@pytest.mark.parametrize(
    "wrong", [{"num": 0}, {"num": 50}, {"num": 3}, {"shape": (1,) * 9}]
)
def test_a_header_that_does_not_fit_is_refused(wrong):
    with pytest.raises(ValueError, match="`code` is cut short or damaged"):
        unpack(pack(CODE._replace(**wrong)))
