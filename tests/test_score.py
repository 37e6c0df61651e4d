"""`keras-gen score` and `keras-gen complete`, on an entry of the zoo."""

import csv

import numpy as np
import pytest
from PIL import Image

from keras_gen import cli, zoo
from keras_gen.images import save_png
from keras_gen.zoo.evaluation.imputation import MISSING, known_pixels
from keras_gen.zoo.pictures import completions
from keras_gen.zoo.shelf.entry import Entry

ENTRY = "vae_2d_mnist"


@pytest.fixture(scope="module")
def model():
    return zoo.load(ENTRY)


@pytest.fixture
def folder(model, tmp_path, monkeypatch):
    """The folder of five samples, one of them in a sub-folder, and a black picture."""
    monkeypatch.chdir(tmp_path)
    images = model.x_domain.to_bytes(model.sample(5, seed=0))
    images = np.concatenate([images, np.zeros((1, 28, 28, 1), np.uint8)])
    (tmp_path / "photos" / "more").mkdir(parents=True)
    for index, image in enumerate(images):
        name = "more/5.png" if index == 5 else f"{index}.png"
        save_png(tmp_path / "photos" / name, image)
    return images


def rows(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_a_line_for_each_picture(model, folder, capsys):
    cli.COMMANDS["score"].run([ENTRY, "--data=photos", "--batch_size=4"])
    assert capsys.readouterr().out == "Wrote scores.csv: 6 scores\n"
    head, *found = rows("scores.csv")
    assert head == ["file", "score"]
    names = [f"photos/{i}.png" for i in range(5)] + ["photos/more/5.png"]
    assert [name for name, _ in found] == names
    expected = model.anomaly_score(folder / np.float32(255))
    np.testing.assert_allclose([float(s) for _, s in found], expected, rtol=1e-4)


def test_normal_pictures_set_the_threshold(model, folder, capsys):
    flags = ["--method=reconstruction", "--normal=photos", "--quantile=0.5"]
    cli.COMMANDS["score"].run([ENTRY, "--data=photos", "--out=told.csv", *flags])
    assert "6 scores, 2 of them above the threshold" in capsys.readouterr().out
    head, *found = rows("told.csv")
    assert head == ["file", "score", "is_anomaly"]
    scores = np.array([float(score) for _, score, _ in found])
    told = np.array([int(is_anomaly) for *_, is_anomaly in found])
    threshold = np.quantile(scores, 0.5, method="higher")
    np.testing.assert_array_equal(told, scores > threshold)
    cli.COMMANDS["score"].run([ENTRY, "--data=photos", f"--background={ENTRY}"])
    assert all(float(score) == 0 for _, score in rows("scores.csv")[1:])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([ENTRY], "score needs --data"),
        ([ENTRY, "--data=none"], "There is no folder 'none'"),
        ([ENTRY, "--data=photos", "--out=a.txt"], "must end in .csv"),
        ([ENTRY, "--data=photos", "--method=luck"], "--method must be one of bound"),
        (
            [ENTRY, "--data=photos", "--normal=photos", "--quantile=1"],
            "--quantile must lie between 0 and 1",
        ),
        (["gan_mnist", "--data=photos"], "does not score images without labels"),
        (
            [ENTRY, "--data=photos", "--method=reconstruction", "--complexity"],
            "--complexity must be left out",
        ),
    ],
)
def test_bad_flags_are_refused(folder, arguments, message):
    with pytest.raises(ValueError, match=message):
        cli.COMMANDS["score"].run(arguments)


def test_any_mask_is_completed_also_one_from_a_picture(model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    mask = np.arange(28)[:, None] % 3 + np.arange(28) % 2 > 1
    save_png("mask.png", np.uint8(255 * mask[..., None]))
    flags = ["--num=2", "--steps=3", "--seed=1"]
    cli.COMMANDS["complete"].run([ENTRY, "--mask=mask.png", *flags])
    found = np.asarray(Image.open("completions.png"))
    images = next(iter(Entry(ENTRY).recipe.data("test")))[:2].numpy()
    expected = completions(model, images, mask=mask, seed=1, steps=3)
    np.testing.assert_array_equal(found, expected[..., 0])
    cli.COMMANDS["complete"].run(
        [ENTRY, "--mask=random_80", "--method=pseudo-gibbs", *flags]
    )
    assert not np.array_equal(np.asarray(Image.open("completions.png")), found)


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        ("--mask=left", "--mask must be one of lower_half, centre"),
        ("--method=luck", "--method must be one of"),
        ("--steps=0", "--steps must be an integer"),
        ("--temperature=1", "--temperature must be left out"),
    ],
)
def test_bad_completions_are_refused(flag, message):
    with pytest.raises(ValueError, match=message):
        cli.COMMANDS["complete"].run([ENTRY, flag])


@pytest.mark.parametrize("missing", MISSING)
def test_what_is_missing_is_what_its_name_says(missing):
    known = known_pixels(missing, (28, 28, 1), 200, seed=3)
    assert known.shape == (200, 28, 28, 1)
    share = {"lower_half": 0.5, "centre": 0.75, "random_50": 0.5, "random_80": 0.2}
    assert known.mean() == pytest.approx(share[missing], abs=0.01)
    if missing == "lower_half":
        assert known[:, :14].all()
    if missing == "centre":
        assert not known[:, 7:21, 7:21].any()
    if missing.startswith("random"):
        assert np.any(known[0] != known[1])
