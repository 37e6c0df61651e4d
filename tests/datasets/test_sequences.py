"""Text and melodies as windows, and splits that keep variants together."""

import numpy as np
import pytest
from missing_data import nottingham_or_skip, set_or_skip

from keras_gen import datasets
from keras_gen.datasets.melodies import splits_of, tunes_of_file
from keras_gen.datasets.sequences import sequence_source
from keras_gen.domains import Melodies, Symbols, Text

TEXT = "".join("abcdefghij"[i % 10] for i in range(200)) + "\r\n"


def all_of(name, split, domain, **options):
    data = datasets.load(name, split, 7, domain=domain, training=False, **options)
    return np.concatenate(list(data.as_numpy_iterator()))


@pytest.fixture
def book(tmp_path):
    path = tmp_path / "book.txt"
    path.write_bytes(TEXT.encode())
    return str(path)


def test_a_file_is_dealt_in_order_and_cut_into_windows(book):
    domain = Text(16, datasets.alphabet(book))
    assert domain.alphabet == "\n\rabcdefghij"
    found = all_of(book, "train", domain)
    # Of 182 characters; the other splits have 10 each.
    assert found.shape == (11, 16)
    assert found.dtype == np.int32
    assert "".join(map(domain.to_text, found)) == TEXT[: 11 * 16]
    short = Text(5, domain.alphabet)
    for split, expected in (("validation", TEXT[182:192]), ("test", TEXT[192:])):
        assert domain.to_text(all_of(book, split, short).ravel()) == expected


def test_windows_begin_after_a_stride(book):
    domain = Text(16, datasets.alphabet(book))
    found = all_of(book, "train", domain, stride=3)
    assert len(found) == (182 - 16) // 3 + 1
    for number, window in enumerate(found):
        assert domain.to_text(window) == TEXT[3 * number : 3 * number + 16]


def test_slices_are_of_characters(book):
    domain = Text(10, datasets.alphabet(book))
    found = all_of(book, "train[:50]+test", domain)
    assert "".join(map(domain.to_text, found)) == TEXT[:50] + TEXT[-10:]


def test_symbols_may_be_bytes(tmp_path):
    path = tmp_path / "book.txt"
    path.write_text("\u00e9" * 40, encoding="utf-8")
    found = all_of(str(path), "train", Text(8))
    assert set(found.ravel().tolist()) == {0xC3, 0xA9}


def test_an_epoch_has_an_order_of_its_own(book):
    domain = Text(16, datasets.alphabet(book))
    data = datasets.load(book, "train", 4, domain=domain, stride=1, seed=1)
    first, second = (np.concatenate(list(data)) for _ in range(2))
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(np.sort(first, axis=0), np.sort(second, axis=0))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"domain": Text(16, "abc")}, r"must have characters.*\['d', 'e', 'f'"),
        ({"domain": Text(500)}, "must have a window of 500 symbols.*182"),
        ({"domain": Melodies(8)}, "holds no melodies"),
        ({"domain": Symbols(8, 5)}, "`domain` must be a `Text` or `Melodies`"),
        ({"stride": 0}, "`stride`.*0"),
        ({"split": "some"}, "`split` of .*'test', 'train', 'validation'.*'some'"),
        ({"image_shape": (4, 4, 1)}, "`image_shape` must be left out with `domain`"),
        ({"key": "text"}, "`key` must be left out with `domain`.*'text'"),
        ({"skip_unreadable": True}, "`skip_unreadable` must be left out.*True"),
        ({"domain": None, "stride": 3}, "`stride` must be left out without `domain`"),
        ({"name": "none.txt"}, "'none.txt' cannot be read"),
        ({"name": "mnist"}, "mnist holds no text"),
        ({"binarization": "static"}, "are for images.*texts"),
    ],
)
def test_bad_arguments_are_refused(book, change, message):
    given = {"name": book, "split": "train", "domain": Text(16)} | change
    with pytest.raises(ValueError, match=message):
        datasets.load(**given)


@pytest.fixture
def tunes(tmp_path):
    """Forty tunes of which two are variants, transposed; on a grid of 8 ticks."""
    generator = np.random.default_rng(0)
    folder, pitches = tmp_path / "tunes", generator.integers(60, 70, (40, 40))
    pitches[7, 10:30] = pitches[2, 5:25] + 2
    folder.mkdir()
    np.savez(
        folder / "melodies.npz",
        names=np.array([f"tune{number}" for number in range(40)]),
        offsets=np.arange(0, 1601, 40),
        onset=np.tile(16 * np.arange(40), 40) + 1,
        duration=np.full(1600, 9),
        pitch=pitches.ravel().astype("uint8"),
        ticks_per_quarter=32,
    )
    return folder, pitches


def test_variants_of_a_tune_are_in_one_split(tunes):
    folder, _ = tunes
    notes = tunes_of_file(folder / "melodies.npz")
    splits = splits_of(notes)
    assert splits["tune2"] == splits["tune7"]
    assert set(splits) == set(notes)
    assert set(splits.values()) <= {"train", "validation", "test"}
    # The split does not depend on the order or on what other tunes there are.
    some = {name: notes[name] for name in ("tune9", "tune4", "tune7", "tune2")}
    assert splits_of(some) == {name: splits[name] for name in some}
    many = {f"{n}-{name}": tune[:10] for n in range(15) for name, tune in notes.items()}
    counts = np.unique(list(splits_of(many).values()), return_counts=True)[1]
    np.testing.assert_allclose(counts / 600, [0.1, 0.8, 0.1], atol=0.05)


def test_tunes_are_windows_that_rests_fill_up(tunes):
    folder, pitches = tunes
    domain = Melodies(64, low=60, high=72)
    splits = splits_of(tunes_of_file(folder / "melodies.npz"))
    found = all_of(str(folder), "train", domain)
    train = [number for number in range(40) if splits[f"tune{number}"] == "train"]
    # A note of one step and a rest, 40 times, are 80 steps: two windows.
    assert found.shape == (2 * len(train), 64)
    whole = found.reshape(len(train), 128)
    np.testing.assert_array_equal(whole[:, :80:2], pitches[train] - 60 + 2)
    assert (whole[:, 1:80:2] == domain.rest).all()
    assert (whole[:, 80:] == domain.rest).all()
    shorter = Melodies(100, low=60, high=72)
    assert all_of(str(folder), "train[:1]", shorter).shape == (1, 100)


def test_melodies_of_another_range_or_file_are_refused(tunes):
    folder, _ = tunes
    for domain, message in (
        (Melodies(64, low=60, high=62), r"must have pitches in \[60, 62\]"),
        (Text(8), "holds no text"),
    ):
        with pytest.raises(ValueError, match=message):
            sequence_source(str(folder), "train", domain)
    (folder / "melodies.npz").write_bytes(b"none")
    with pytest.raises(ValueError, match="melodies.npz' cannot be read"):
        sequence_source(str(folder), "train", Melodies(8))


def test_originals_become_a_set_of_tfds(tunes, tmp_path):
    tfds = pytest.importorskip("tensorflow_datasets")
    from keras_gen.datasets.nottingham import Nottingham

    folder, _ = tunes
    config = tfds.download.DownloadConfig(manual_dir=folder)
    Nottingham(data_dir=tmp_path / "tfds").download_and_prepare(download_config=config)
    domain = Melodies(64, low=60, high=72)
    found = all_of("nottingham", "train", domain, data_dir=tmp_path / "tfds")
    expected = all_of(str(folder), "train", domain)
    assert sorted(found.tolist()) == sorted(expected.tolist())


def test_tiny_shakespeare_has_65_characters():
    set_or_skip("tiny_shakespeare")
    alphabet = datasets.alphabet("tiny_shakespeare")
    assert len(alphabet) == 65
    source = sequence_source("tiny_shakespeare", "train", Text(64, alphabet), stride=64)
    # Nine tenths of 1,115,394 characters.
    assert source.num_examples == 1_003_854 // 64


def test_nottingham_has_1034_tunes():
    folder = nottingham_or_skip()
    tunes = tunes_of_file(folder / "melodies.npz")
    assert len(tunes) == 1034
    source = sequence_source(str(folder), "train+validation+test", Melodies(256))
    assert source.num_examples > 2000
