import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gen.domains import (
    AnySizeImages,
    Counts,
    Images,
    Labels,
    Melodies,
    Scalars,
    Symbols,
    Text,
    Vectors,
    Waveforms,
    of_shape,
)
from keras_gen.random import Rows

DOMAINS = {
    "images of any size": AnySizeImages((4, 6, 3)),
    "images": Images((4, 6, 3), -1.0, 1.0),
    "binary": Images((4, 6, 1), levels=2),
    "grey": Images((4, 6, 1), levels=256),
    "symbols": Symbols(5, 7),
    "text": Text(5, alphabet="ab \n\u00e9"),
    "text in bytes": Text(5),
    "melodies": Melodies(16, low=60, high=72),
    "grids of symbols": Symbols((2, 3), 7),
    "waveforms": Waveforms(16, 8000, levels=256),
    "counts": Counts(6),
    "vectors": Vectors((3, 2)),
    "scalars": Scalars(0.5, 2.0),
    "labels": Labels(4),
    "optional": Labels(4, optional=True),
}
EVERY = pytest.mark.parametrize("domain", DOMAINS.values(), ids=DOMAINS.keys())


@EVERY
def test_what_is_drawn_is_of_the_domain_and_a_function_of_the_row(domain):
    drawn = domain.draw(Rows(50, 1))
    assert drawn.shape == (50, *domain.shape)
    assert drawn.dtype == domain.dtype
    domain.check(drawn, "x")
    np.testing.assert_array_equal(domain.draw(Rows(3, 1, first_row=10)), drawn[10:13])
    assert len(np.unique(drawn)) > 1


@EVERY
def test_domains_are_restored_from_their_config(domain):
    config = keras.saving.serialize_keras_object(domain)
    again = keras.saving.deserialize_keras_object(config)
    assert again == domain
    assert hash(again) == hash(domain)
    assert repr(again) == repr(domain)
    others = [other for other in DOMAINS.values() if other is not domain]
    assert domain not in others


@EVERY
def test_bad_values_are_refused_by_the_name_of_the_argument(domain):
    drawn = domain.draw(Rows(5, 0))
    for values, message in [
        (5, "must be an array"),
        (drawn[:0], "holds no"),
        (drawn[..., None], "must have shape"),
        (drawn.astype(str), "must hold numbers"),
    ]:
        with pytest.raises(ValueError, match=f"`mine` {message}"):
            domain.check(values, "mine")
    if domain.dtype == "float32":
        for bad, message in ((np.nan, "holds NaN: 1 of"), (np.inf, "holds infinity")):
            spoiled = drawn.copy()
            spoiled.flat[0] = bad
            with pytest.raises(ValueError, match=f"`mine` {message}"):
                domain.check(spoiled, "mine")
    else:
        with pytest.raises(ValueError, match="`mine` must be integers"):
            domain.check(drawn.astype("float32"), "mine")


@EVERY
def test_values_beyond_the_bounds_are_refused(domain):
    if domain.bounds is None and domain is not DOMAINS["scalars"]:
        return
    low, high = domain.bounds or (0.5, 2.0)
    for wrong in (low - 1, high + 1):
        values = np.full((2, *domain.shape), wrong, domain.dtype)
        with pytest.raises(ValueError, match="`y` must lie in"):
            domain.check(values, "y")


def test_images_between_the_levels_are_refused():
    with pytest.raises(ValueError, match="`x` must hold 0 or 1. Received: 0.25"):
        DOMAINS["binary"].check(np.full((1, 4, 6, 1), 0.25), "x")
    levels = np.arange(24).reshape(1, 4, 6, 1) / np.float32(255)
    DOMAINS["grey"].check(levels, "x")
    with pytest.raises(ValueError, match="`x` must hold 256 levels from 0 to 1"):
        DOMAINS["grey"].check(levels + 0.001, "x")


@pytest.mark.parametrize(
    "name", ["binary", "grey", "symbols", "text", "melodies", "waveforms"]
)
def test_levels_and_values_go_into_each_other(name):
    domain = DOMAINS[name]
    levels = np.arange(domain.num_levels, dtype=np.int32)
    values = np.array(domain.from_levels(levels))
    np.testing.assert_array_equal(domain.to_levels(values), levels)
    assert np.prod(domain.sites) == np.prod(domain.shape)
    low, high = domain.bounds
    np.testing.assert_allclose([values[0], values[-1]], [low, high], atol=1e-6)


def test_levels_of_sound_follow_the_mu_law():
    values = np.linspace(-1, 1, 9)
    mu = 255.0
    size = np.log(1 + mu * np.abs(values)) / np.log(1 + mu)
    expected = np.rint((np.sign(values) * size + 1) / 2 * mu)
    np.testing.assert_array_equal(DOMAINS["waveforms"].to_levels(values), expected)


@EVERY
def test_bytes_are_the_same_in_a_graph(domain):
    drawn = domain.draw(Rows(5, 0))
    expected = domain.to_bytes(drawn)
    found = tf.function(domain.bytes_of)(tf.constant(drawn)).numpy()
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("name", "ending"),
    [
        ("images", "png"),
        ("binary", "png"),
        ("grey", "png"),
        ("waveforms", "wav"),
        ("symbols", "csv"),
        ("text", "txt"),
        ("text in bytes", "txt"),
        ("labels", "csv"),
        ("vectors", "csv"),
        ("vectors", "npy"),
        ("scalars", "csv"),
    ],
)
def test_what_is_saved_is_loaded_again(name, ending, tmp_path):
    domain = DOMAINS[name]
    drawn = domain.draw(Rows(4, 0))
    path = tmp_path / f"examples.{ending}"
    domain.save(path, drawn)
    loaded = domain.load(path)
    domain.check(loaded, "x")
    assert loaded.dtype == domain.dtype
    tolerance = {"images": 1 / 255, "waveforms": 1 / 32767}.get(name, 1e-6)
    np.testing.assert_allclose(loaded, drawn, atol=tolerance)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("num", [1, 4, 5, 13])
def test_empty_cells_of_a_picture_are_no_images(num, tmp_path):
    white = np.ones((num, 4, 4, 1))
    Images((4, 4, 1)).save(tmp_path / "grid.png", white)
    np.testing.assert_array_equal(Images((4, 4, 1)).load(tmp_path / "grid.png"), white)


def test_a_folder_of_pictures_is_a_batch_in_the_order_of_names(tmp_path):
    domain = DOMAINS["grey"]
    drawn = domain.draw(Rows(3, 0))
    for name, image in zip("bca", drawn, strict=True):
        domain.save(tmp_path / f"{name}.png", image[None])
    np.testing.assert_allclose(domain.load(tmp_path), drawn[[2, 0, 1]], atol=1e-6)


def test_images_of_any_size_have_their_channels(tmp_path):
    domain = AnySizeImages((4, 6, 3))
    x = domain.from_bytes(np.arange(5 * 7 * 3).reshape(1, 5, 7, 3))
    domain.check(x, "small")
    for path in (tmp_path / "a.png", tmp_path / "a.npy"):
        domain.save(path, x)
        np.testing.assert_allclose(domain.load(path), x, atol=1e-6)
    np.save(tmp_path / "one.npy", x[0])
    np.testing.assert_array_equal(domain.load(tmp_path / "one.npy"), x)
    domain.save(tmp_path / "b.png", x[:, :4])
    with pytest.raises(ValueError, match=r"one size.*\(5, 7\) of a.png and \(4, 7\)"):
        domain.load(tmp_path)
    np.save(tmp_path / "grey.npy", x[..., :1])
    with pytest.raises(ValueError, match=r"grey.npy' must hold images of 3 channels"):
        domain.load(tmp_path / "grey.npy")
    with pytest.raises(
        ValueError, match=r"`small` must have shape .*width, 3\).*, 1\)"
    ):
        domain.check(x[..., :1], "small")


def test_files_that_hold_something_else_are_named(tmp_path):
    images, waveforms = DOMAINS["grey"], DOMAINS["waveforms"]
    for path, content, domain, message in [
        ("none.png", None, images, "none.png' cannot be read"),
        ("text.png", b"text", images, "text.png' cannot be read"),
        ("text.wav", b"text", waveforms, "text.wav' cannot be read"),
        ("text.csv", b"a,b", DOMAINS["vectors"], "text.csv' cannot be read"),
        ("x.mp3", b"", DOMAINS["vectors"], "must end in .npy or .csv"),
    ]:
        if content is not None:
            (tmp_path / path).write_bytes(content)
        with pytest.raises(ValueError, match=message):
            domain.load(tmp_path / path)
    other = Waveforms(16, 16_000)
    other.save(tmp_path / "fast.wav", other.draw(Rows(1, 0)))
    with pytest.raises(ValueError, match="at 8000 Hz.*at 16000 Hz"):
        waveforms.load(tmp_path / "fast.wav")
    Images((5, 5, 1)).save(tmp_path / "odd.png", np.zeros((1, 5, 5, 1)))
    with pytest.raises(ValueError, match="images of 4 x 6 pixels. Received: 5 x 5"):
        images.load(tmp_path / "odd.png")
    np.save(tmp_path / "odd.npy", np.zeros(7))
    with pytest.raises(ValueError, match="must hold vectors of shape"):
        DOMAINS["vectors"].load(tmp_path / "odd.npy")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="holds no picture"):
        images.load(tmp_path / "empty")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Images((4, 4)), "`shape` must be"),
        (lambda: Images((4, 0, 1)), "`shape` must hold positive"),
        (lambda: Images((4, 4, 1), 1.0, 1.0), "`high` must be above"),
        (lambda: Images((4, 4, 1), levels=1), "`levels`.*1"),
        (lambda: Symbols(0, 3), "`length`.*0"),
        (lambda: Symbols(3, 1), "`num_symbols`.*1"),
        (lambda: Text(3, "aba"), "`alphabet` must be a string of.*different.*'aba'"),
        (lambda: Text(3, "a"), "`alphabet`.*at least 2.*'a'"),
        (lambda: Text(3, ["a", "b"]), r"`alphabet`.*\['a', 'b'\]"),
        (lambda: Melodies(3, low=-1), "`low`.*-1"),
        (lambda: Melodies(3, low=60, high=59), "`high`.*at least 60.*59"),
        (lambda: Melodies(3, high=128), "`high` must be at most 127.*128"),
        (lambda: Text((2, 3)), r"`length`.*\(2, 3\)"),
        (lambda: Melodies((2, 3)), r"`length`.*\(2, 3\)"),
        (lambda: Symbols((2, 0), 3), r"`length`.*\(2, 0\)"),
        (lambda: Symbols((2, 2, 2), 3), r"`length`.*\(2, 2, 2\)"),
        (lambda: Waveforms(3, 0), "`sample_rate`.*0"),
        (lambda: Vectors(0), "`size`"),
        (lambda: Labels(1), "`num_classes`.*1"),
    ],
)
def test_domains_that_cannot_be_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_an_array_of_another_layout_is_not_reshaped(tmp_path):
    images = DOMAINS["images"]
    np.save(tmp_path / "first.npy", np.zeros((5, 3, 4, 6)))
    with pytest.raises(ValueError, match="must hold images of shape"):
        images.load(tmp_path / "first.npy")
    Vectors(6).save(tmp_path / "wide.csv", np.zeros((5, 6)))
    with pytest.raises(ValueError, match="must hold vectors of shape"):
        Vectors(2).load(tmp_path / "wide.csv")
    np.save(tmp_path / "one.npy", np.zeros(2))
    assert Vectors(2).load(tmp_path / "one.npy").shape == (1, 2)


def test_fractions_are_no_labels_and_an_archive_is_no_array(tmp_path):
    (tmp_path / "y.csv").write_text("1\n2.7\n")
    with pytest.raises(ValueError, match="must hold whole numbers for labels"):
        Labels(4).load(tmp_path / "y.csv")
    np.savez(tmp_path / "two.npz", a=np.zeros(2))
    (tmp_path / "two.npz").rename(tmp_path / "two.npy")
    (tmp_path / "empty.npy").write_bytes(b"")
    for name in ("two.npy", "empty.npy"):
        with pytest.raises(ValueError, match=f"{name}' cannot be read"):
            Vectors(2).load(tmp_path / name)


@EVERY
def test_examples_are_saved_as_an_array_or_in_the_format_of_the_domain(
    domain, tmp_path
):
    drawn = domain.draw(Rows(3, 0))
    domain.save(tmp_path / "x.npy", drawn)
    np.testing.assert_array_equal(np.load(tmp_path / "x.npy"), drawn)
    with pytest.raises(ValueError, match=f"must end in {domain.suffix} or .npy"):
        domain.save(tmp_path / "x.other", drawn)


def test_numbers_of_one_bound_keep_it():
    for domain in (Scalars(low=0.5), Scalars(high=-0.5), Scalars()):
        domain.check(domain.draw(Rows(100, 0)), "x")
    with pytest.raises(ValueError, match="`high` must be above `low`"):
        Scalars(1.0, 1.0)


def test_labels_come_in_turn():
    np.testing.assert_array_equal(Labels(3).in_turn(4, first_row=2), [2, 0, 1, 2])


def test_three_axes_are_images_and_others_vectors():
    assert of_shape((4, 4, 1), -1, 1) == Images((4, 4, 1), -1, 1)
    assert of_shape((4,)) == Vectors(4)


def test_text_and_symbols_go_into_each_other():
    for domain, text in ((Text(9, "abc\n"), "cab\nb"), (Text(9), "a\u00e9\u20ac")):
        symbols = domain.to_symbols(text)
        assert symbols.dtype == np.int32
        domain.check(np.resize(symbols, (1, 9)))
        assert domain.to_text(symbols) == text
    assert Text(9).to_symbols("\u20ac").tolist() == [0xE2, 0x82, 0xAC]
    assert Text(9).to_text([0x61, 0xFF]) == "a\ufffd"


def test_text_that_comes_in_parts_is_that_of_the_whole():
    for domain, text in (
        (Text(9, "abc\u00e9"), "cab\u00e9b"),
        (Text(9), "a\u00e9\u20acb"),
    ):
        symbols = domain.to_symbols(text)
        for size in (1, 2, 3):
            parts = np.split(symbols, range(size, len(symbols), size))
            assert "".join(domain.to_texts(parts)) == text
    assert "".join(Text(9).to_texts([[0x61], [0xC3]])) == "a\ufffd"


def test_characters_that_are_not_in_the_alphabet_are_named():
    with pytest.raises(
        ValueError, match=r"`prompt` must .*alphabet 'ab'.*\['!', 'c'\]"
    ):
        Text(9, "ab").to_symbols("abc!c", "prompt")


def test_texts_of_another_length_are_refused(tmp_path):
    domain, path = Text(5, "ab"), tmp_path / "x.txt"
    for contents in (b"", b"abab", b"ababa\n", b"ababa\nababa", b"ababa\n\f\naba"):
        path.write_bytes(contents)
        with pytest.raises(ValueError, match=r"x.txt' must hold texts of 5 symbols"):
            domain.load(path)
    path.write_bytes(b"abxba")
    with pytest.raises(ValueError, match=r"x.txt` must have characters.*'x'"):
        domain.load(path)
    path.write_bytes(b"\xff\xff\xff\xff\xff")
    with pytest.raises(ValueError, match="x.txt' cannot be read: .*utf-8"):
        domain.load(path)


@pytest.mark.parametrize(
    ("notes", "symbols"),
    [
        ([], []),
        ([(0, 1, 60)], [2]),
        ([(1, 3, 62)], [1, 4, 0, 0]),
        # The same pitch again, at once and after a rest.
        ([(0, 2, 60), (2, 1, 60), (4, 1, 60)], [2, 0, 2, 1, 2]),
        # A note ends where the next one begins; of a chord the highest is kept.
        ([(0, 4, 60), (2, 1, 72)], [2, 0, 14, 1]),
        ([(0, 2, 72), (0, 4, 60)], [14, 0, 1, 1]),
    ],
)
def test_notes_are_symbols_on_a_grid(notes, symbols):
    domain = DOMAINS["melodies"]
    assert domain.from_notes(notes).tolist() == symbols
    again = domain.from_notes(domain.to_notes(symbols))
    # Rests at the end belong to no note.
    np.testing.assert_array_equal(again, symbols[: len(again)])
    assert set(symbols[len(again) :]) <= {domain.rest}


def test_what_holds_nothing_is_a_rest():
    assert DOMAINS["melodies"].to_notes([0, 1, 0, 3, 0]).tolist() == [[3, 2, 61]]


def test_pitches_beyond_the_range_are_named():
    with pytest.raises(ValueError, match=r"`tune` must have pitches in \[60, 72\].*59"):
        DOMAINS["melodies"].from_notes([(0, 1, 60), (1, 1, 59)], "tune")


@pytest.mark.parametrize("note", [(-1, 2, 60), (3, 0, 60)])
def test_times_that_no_note_has_are_named(note):
    with pytest.raises(ValueError, match=rf"`notes` must have onsets.*\[{note[0]}, "):
        DOMAINS["melodies"].from_notes([(0, 1, 60), note])


def test_melodies_go_through_midi(tmp_path):
    pytest.importorskip("mido", reason="needs the extra midi")
    domain, path = DOMAINS["melodies"], tmp_path / "tunes.mid"
    drawn = domain.draw(Rows(6, 0))
    domain.save(path, drawn)
    loaded = domain.load(path)
    assert loaded.shape == drawn.shape
    for found, expected in zip(loaded, drawn, strict=True):
        np.testing.assert_array_equal(domain.to_notes(found), domain.to_notes(expected))
    # What has been read is read again as it is.
    domain.save(path, loaded)
    np.testing.assert_array_equal(domain.load(path), loaded)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_midi_is_put_on_the_grid_and_what_is_none_is_named(tmp_path):
    mido = pytest.importorskip("mido", reason="needs the extra midi")
    file, domain = mido.MidiFile(ticks_per_beat=96), DOMAINS["melodies"]
    for channel, pitch, begin in ((0, 60, 25), (1, 64, 71)):
        on = mido.Message("note_on", note=pitch, time=begin, channel=channel)
        # Some programs end a note by one without velocity.
        off = on.copy(velocity=0, time=46)
        file.tracks.append(mido.MidiTrack([on, off]))
    file.save(tmp_path / "two.mid")
    # Sixteenth notes are 24 ticks: from 1 to 3, and from 3 to 5.
    assert domain.read(tmp_path / "two.mid").tolist() == [1, 2, 0, 6, 0]
    (tmp_path / "text.mid").write_text("text")
    with pytest.raises(ValueError, match="text.mid' cannot be read"):
        domain.load(tmp_path / "text.mid")
    with pytest.raises(ValueError, match="must end in .mid"):
        domain.load(tmp_path / "text.csv")
    high = mido.MidiFile(tracks=[mido.MidiTrack([mido.Message("note_on", note=90)])])
    high.save(tmp_path / "high.mid")
    with pytest.raises(ValueError, match="high.mid.*pitches in .*90"):
        domain.load(tmp_path / "high.mid")


def test_midi_needs_an_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "mido", None)
    domain = DOMAINS["melodies"]
    with pytest.raises(ImportError, match=r"needs mido: pip install .*\[midi\]"):
        domain.save(tmp_path / "x.mid", domain.draw(Rows(1, 0)))
    assert not list(tmp_path.iterdir())


def test_steps_of_a_melody_are_the_same_in_all_keys():
    domain = Melodies(16, low=48, high=96)
    notes = np.array([[0, 2, 60], [2, 1, 64], [5, 3, 60], [8, 1, 60]])
    steps = domain.to_steps(domain.from_notes(notes))
    # The time to the next note and the interval; how long a note sounds is not in it.
    assert steps.tolist() == [2 * 256 + 132, 3 * 256 + 124, 3 * 256 + 128]
    higher = domain.to_steps(domain.from_notes(notes + [1, 0, 7]))
    np.testing.assert_array_equal(higher, steps)
    assert domain.to_steps(domain.from_notes(notes[:1])).size == 0
    assert domain.to_steps([0, 1, 1]).size == 0


def test_steps_of_a_text_are_its_symbols():
    assert Text(3, "abc").to_steps([2, 0, 1]).tolist() == [2, 0, 1]
