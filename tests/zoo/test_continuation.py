"""Texts, melodies and sounds that are continued."""

import numpy as np
import pytest

from keras_gen import cli, zoo
from keras_gen.distributions import BernoulliLikelihood
from keras_gen.domains import Melodies, Text, Waveforms
from keras_gen.files import read_json
from keras_gen.models import MADE, RecurrentModel
from keras_gen.random import seed_initializers
from keras_gen.zoo.continuation import continuation

ALPHABET = "abc \n\u00e9"


def model_of(domain):
    seed_initializers(1)
    model = RecurrentModel(domain, units=4, seed=0, name="tiny")
    model.compiled_sampling = False
    return model


@pytest.fixture(scope="module")
def writer():
    return model_of(Text(8, ALPHABET))


def all_of(*args, **options):
    return np.concatenate(list(continuation(*args, **options)), axis=1)


def test_the_first_part_is_what_the_model_imputes(writer):
    prompt = writer.x_domain.to_symbols("abc")
    first = next(continuation(writer, prompt, 100, num=2, seed=3))
    x = np.tile(np.pad(prompt, (0, 5)), (2, 1))
    expected = writer.impute(x, np.arange(8) < 3, seed=3)
    np.testing.assert_array_equal(first, expected[:, 3:])


def test_a_text_is_continued_beyond_the_context_from_its_second_half(writer):
    prompt = writer.x_domain.to_symbols("abc")
    parts = list(continuation(writer, prompt, 12, num=2, seed=3, top_k=4))
    assert [part.shape for part in parts] == [(2, 5), (2, 4), (2, 3)]
    whole = np.concatenate([np.tile(prompt, (2, 1)), *parts], axis=1)
    x = np.pad(whole[:, 4:8], [(0, 0), (0, 4)])
    options = {"seed": 3, "first_row": 2, "top_k": 4}
    expected = writer.impute(x, np.arange(8) < 4, **options)
    np.testing.assert_array_equal(parts[1], expected[:, 4:])


def test_a_prompt_that_fills_the_context_is_seen_from_its_second_half(writer):
    long = writer.x_domain.to_symbols("aaaaaaaaaabcb")
    short = writer.x_domain.to_symbols("abcb")
    np.testing.assert_array_equal(
        all_of(writer, long, 9, seed=2), all_of(writer, short, 9, seed=2)
    )


def test_wrong_counts_are_refused(writer):
    with pytest.raises(ValueError, match="`num_symbols`.*0"):
        all_of(writer, [0], 0)
    with pytest.raises(ValueError, match="`num`.*0"):
        all_of(writer, [0], 1, num=0)


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Runs a command with a saved model: what it printed."""
    monkeypatch.chdir(tmp_path)

    def command(name, model, *flags):
        path = tmp_path / "tiny.keras"
        if not path.exists():
            model.compile()
            model.save(path)
        cli.COMMANDS[name].run([str(path), *map(str, flags)])
        return capsys.readouterr().out

    return command


def test_text_is_shown_as_it_is_drawn(writer, run):
    prompt = writer.x_domain.to_symbols("ab")
    drawn = all_of(writer, prompt, 20, seed=1, temperature=0.5, top_p=0.9)
    expected = "ab" + writer.x_domain.to_text(drawn[0]) + "\n"
    flags = "--length=20", "--seed=1", "--temperature=0.5", "--top_p=0.9"
    assert run("complete", writer, "--prompt=ab", *flags) == expected
    shown = run("complete", writer, "--prompt=abcabcabcabc", "--length=2")
    assert shown.startswith("The model sees the last 4 of 12 symbols\nabcabcabcabc")
    assert len(run("complete", writer, "--prompt=a", "--num=2")) == 2 * 9 + 3


def test_text_is_written_to_a_file(writer, run, tmp_path):
    flags = "--prompt=ab", "--out=more.txt", "--length=6"
    assert "Wrote more.txt: 1 texts of 8 symbols" in run("complete", writer, *flags)
    assert (tmp_path / "more.txt").read_text(encoding="utf-8").startswith("ab")
    assert "Wrote samples.txt" in run("sample", writer, "--num=3", "--top_k=2")
    found = writer.x_domain.load(tmp_path / "samples.txt")
    np.testing.assert_array_equal(found[0] >= 0, True)
    assert found.shape == (3, 8)


def test_bytes_are_written_as_they_are(run, tmp_path):
    model = model_of(Text(6))
    run("complete", model, "--prompt=\u00e9", "--out=more.txt", "--length=20")
    written = (tmp_path / "more.txt").read_bytes()
    assert written[:2] == "\u00e9".encode()
    assert len(written) == 22
    assert run("complete", model, "--prompt=\u00e9", "--length=20").startswith("\u00e9")


def test_melodies_are_continued_from_midi(run, tmp_path):
    pytest.importorskip("mido", reason="needs the extra midi")
    domain = Melodies(16, low=60, high=72)
    model = model_of(domain)
    started = domain.from_notes([(0, 2, 60), (2, 2, 64)])
    domain.write(tmp_path / "started.mid", [started])
    out = run("complete", model, "--prompt=started.mid", "--length=20")
    assert "Wrote completions.mid: 1 melodies of 24 symbols" in out
    found = domain.read(tmp_path / "completions.mid")
    assert len(found) == 24
    np.testing.assert_array_equal(found[:4], started)
    assert "Wrote tune.mid" in run("sample", model, "--num=2", "--out=tune.mid")
    assert domain.load(tmp_path / "tune.mid").shape == (2, 16)


def test_sound_is_continued(run, tmp_path):
    domain = Waveforms(16, 8000, levels=16)
    model = model_of(domain)
    started = np.float32([[0.0, 0.25, -0.5]])
    domain.write(tmp_path / "started.wav", started)
    run("complete", model, "--prompt=started.wav", "--length=30")
    found = domain.read(tmp_path / "completions.wav")
    assert found.shape == (33,)
    np.testing.assert_allclose(found[:3], started[0], atol=1e-4)
    np.save(tmp_path / "started.npy", started)
    with pytest.raises(ValueError, match="started.npy' cannot be read"):
        run("complete", model, "--prompt=started.npy")


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ([], "complete needs --prompt, a text to continue"),
        (["--prompt="], "--prompt must hold a symbol at least"),
        (["--prompt=xyz"], r"--prompt must have characters.*\['x', 'y', 'z'\]"),
        (["--prompt=a", "--length=0"], "--length must be at least 1.*0"),
        (["--prompt=a", "--num=0"], "--num must be at least 1.*0"),
        (["--prompt=a", "--top_k=0"], "--top_k must be an integer of at least 1.*0"),
        (["--prompt=a", "--top_p=2"], "--top_p must be a number in.*2"),
        (["--prompt=a", "--temperature=0"], "--temperature must be a positive"),
        (["--prompt=a", "--mask=centre"], "--mask must be left out of sequences"),
        (["--prompt=a", "--out=x.png"], "must end in .txt"),
    ],
)
def test_wrong_flags_are_refused(writer, run, flags, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        run("complete", writer, *flags)
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.keras"]


def test_flags_of_sequences_are_refused_for_others(writer, run):
    with pytest.raises(ValueError, match="--prompt must be left out of images"):
        cli.COMMANDS["complete"].run(["made_binarized_mnist", "--prompt=a"])
    with pytest.raises(ValueError, match="--top_k must be left out of shards"):
        run("sample", writer, "--top_k=2", "--out=shards/")
    with pytest.raises(ValueError, match="takes no top_p"):
        cli.COMMANDS["sample"].run(["gan_mnist", "--top_p=0.5", "--num=1"])


def test_a_saved_model_of_images_does_not_know_its_data(run):
    model = MADE((4, 4, 1), BernoulliLikelihood(), [4])
    with pytest.raises(ValueError, match="saved model, which does not know its data"):
        run("complete", model)


RECIPE = '''
"""Text that counts."""

from keras_gen import datasets
from keras_gen.domains import Text
from keras_gen.models import TransformerModel

epochs = 1
DOMAIN = Text(12, alphabet="abcdefghij")


def model(seed=0):
    options = {"num_layers": 1, "num_heads": 1, "units": 8}
    return TransformerModel(DOMAIN, seed=seed, **options)


def data(split="train", source="book.txt", batch_size=20, **options):
    return datasets.load(source, split, batch_size, domain=DOMAIN, **options)


def compile(model, steps):
    model.compile(jit_compile=False)
'''


def test_a_recipe_trains_on_a_file_of_text(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "book.txt").write_text("abcdefghij" * 100)
    (tmp_path / "counting.py").write_text(RECIPE)
    folder = zoo.train("counting.py", out="run", verbose=0)
    texts = (folder / "samples.txt").read_text()
    assert set(texts) <= set("abcdefghij\n\f")
    quick = read_json(folder / "metrics.json")["quick"]
    assert list(quick) == ["nats_a_symbol"]
    # The text counts to ten, again and again.
    assert quick["nats_a_symbol"]["without_model"]["5-gram"] < 0.5
