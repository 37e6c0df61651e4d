"""Tests of the command that applies a method of a model to data in files."""

import csv
from pathlib import Path

import keras
import numpy as np
import pytest
from families.lstm import LSTM
from families.translator import Translator
from PIL import Image

from keras_gen import cli
from keras_gen.distributions import BernoulliLikelihood
from keras_gen.images import grid, save_png
from keras_gen.layers import MaskingCorruption
from keras_gen.models import (
    VAE,
    ConditionalGAN,
    DenoisingAutoencoder,
    GatedPixelCNN,
    SRResNet,
)
from keras_gen.networks import mlp, sr_res_net
from keras_gen.random import Rows

SHAPE = (4, 4, 1)


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Saved models by their class: pairs of the path and the model."""
    folder, told = tmp_path_factory.mktemp("models"), {"num_classes": 3}
    generator = mlp((2,), [], SHAPE, output_activation="tanh", **told)
    made = [
        VAE(mlp(SHAPE, [], (4,)), mlp((2,), [], SHAPE), BernoulliLikelihood()),
        GatedPixelCNN(
            SHAPE,
            BernoulliLikelihood(),
            filters=2,
            num_layers=1,
            output_filters=2,
            **told,
        ),
        ConditionalGAN(generator, mlp(SHAPE, [], (1,), **told), **told),
        DenoisingAutoencoder(
            mlp(SHAPE, [], (2,)), mlp((2,), [], SHAPE), MaskingCorruption(0.5)
        ),
        Translator(mlp(SHAPE, [], (6, 6, 1)), mlp((6, 6, 1), [], SHAPE)),
        LSTM(5, 3),
        SRResNet(sr_res_net((4, 4, 3), 2, filters=2, num_blocks=1)),
    ]
    found = {}
    for model in made:
        model.compile()
        path = folder / f"{type(model).__name__}.keras"
        model.save(path)
        found[type(model).__name__] = path, model
    return found


@pytest.fixture
def apply(models, tmp_path, monkeypatch, capsys):
    """Applies a method: what was printed, in `tmp_path`; an error raises it."""
    monkeypatch.chdir(tmp_path)

    def run(name, method, *flags):
        path, model = models[name]
        cli.COMMANDS["apply"].run([str(path), method, *map(str, flags)])
        return model, capsys.readouterr().out

    return run


def images(num=6):
    """Black and white images, as bytes and as a grid in a file of two by three."""
    pixels = np.where(Rows(num, 0).uniform(SHAPE, "images") < 0.5, 0, 255)
    pixels = pixels.astype(np.uint8)
    save_png("images.png", grid(pixels, columns=2))
    return pixels, (pixels / 255).astype(np.float32)


def test_a_photograph_of_any_size_becomes_larger(apply, tmp_path):
    pixels = np.arange(7 * 5 * 3, dtype=np.uint8).reshape(7, 5, 3)
    Image.fromarray(pixels).save("photo.png")
    model, printed = apply(
        "SRResNet", "upscale", "--input=photo.png", "--out=large.png"
    )
    assert "large.png" in printed
    found = np.asarray(Image.open("large.png"))
    assert found.shape == (14, 10, 3)
    expected = model.x_domain.to_bytes(model.upscale(pixels[None] / 255))
    np.testing.assert_array_equal(found, expected[0])


def table(path):
    with open(path, newline="") as file:
        return np.array([list(map(float, row)) for row in csv.reader(file)])


def test_what_is_encoded_is_decoded(apply):
    _, x = images()
    model, printed = apply("VAE", "encode", "--input=images.png")
    assert printed == "Wrote encode.csv: 6 vectors\n"
    latents = np.asarray(model.encode(x))
    np.testing.assert_allclose(table("encode.csv"), latents, rtol=1e-6)
    _, printed = apply("VAE", "decode", "--input=encode.csv", "--out=decoded.png")
    assert printed == "Wrote decoded.png: 12 x 8 pixels\n"
    expected = grid(model.x_domain.to_bytes(model.decode(latents)))
    picture = np.asarray(Image.open("decoded.png"))
    np.testing.assert_array_equal(picture, expected[..., 0])
    apply("VAE", "encode", "--input=images.png", "--out=latents.npy")
    np.testing.assert_allclose(np.load("latents.npy"), latents, rtol=1e-6)


def test_more_examples_than_are_taken_at_once(apply, monkeypatch):
    monkeypatch.setattr("keras_gen.cli.methods._BATCH_SIZE", 4)
    _, x = images()
    model, _ = apply("VAE", "encode", "--input=images.png")
    found = table("encode.csv")
    np.testing.assert_allclose(found, model.encode(x), rtol=1e-5, atol=1e-7)


def test_a_bound_of_each_example(apply):
    _, x = images()
    model, _ = apply("VAE", "log_likelihood", "--input=images.png", "--seed=3")
    expected = model.log_likelihood(x, seed=3).per_example
    np.testing.assert_allclose(table("log_likelihood.csv")[:, 0], expected, rtol=1e-5)


def test_labels_are_given_in_turn_or_in_a_file(apply):
    _, x = images()
    flags = ["--input=images.png", "--out=nats.csv"]
    model, _ = apply("GatedPixelCNN", "log_prob", *flags, "--y=2,0")
    expected = model.log_prob(x, [2, 0] * 3)
    np.testing.assert_allclose(table("nats.csv")[:, 0], expected, rtol=1e-5)
    with open("labels.csv", "w") as file:
        file.write("0\n1\n2\n0\n1\n2\n")
    apply("GatedPixelCNN", "log_prob", *flags, "--y=labels.csv")
    expected = model.log_prob(x, [0, 1, 2] * 2)
    np.testing.assert_allclose(table("nats.csv")[:, 0], expected, rtol=1e-5)
    apply("GatedPixelCNN", "classify", "--input=images.png")
    assert table("classify.csv").shape == (6, 3)


def test_samples_of_labels_and_a_temperature(apply):
    model, printed = apply(
        "GatedPixelCNN", "sample", "--num=4", "--y=1", "--temperature=0.5", "--seed=2"
    )
    assert printed == "Wrote sample.png: 8 x 8 pixels\n"
    expected = model.sample(4, seed=2, y=[1] * 4, temperature=0.5)
    picture = np.asarray(Image.open("sample.png"))
    np.testing.assert_array_equal(
        picture, grid(model.x_domain.to_bytes(expected))[..., 0]
    )
    model, _ = apply("ConditionalGAN", "sample", "--num=4", "--out=gan.png")
    expected = grid(model.x_domain.to_bytes(model.sample(4, seed=0)))[..., 0]
    np.testing.assert_array_equal(np.asarray(Image.open("gan.png")), expected)


def test_what_is_known_is_drawn_white_in_a_mask(apply):
    _, x = images()
    mask = np.zeros((4, 4), bool)
    mask[:2] = True
    save_png("mask.png", np.uint8(255 * mask[..., None]))
    np.savetxt("mask.csv", mask, fmt="%d", delimiter=",")
    flags = ["--input=images.png", "--seed=1", "--y=1", "--temperature=0.5"]
    model, _ = apply("GatedPixelCNN", "impute", *flags, "--mask=mask.png")
    expected = model.impute(x, mask, seed=1, y=[1] * 6, temperature=0.5)
    expected = grid(model.x_domain.to_bytes(expected))[..., 0]
    picture = np.asarray(Image.open("impute.png"))
    np.testing.assert_array_equal(picture, expected)
    apply("GatedPixelCNN", "impute", *flags, "--mask=mask.csv", "--out=again.png")
    np.testing.assert_array_equal(np.asarray(Image.open("again.png")), expected)


def test_noise_is_drawn_where_a_method_takes_it(apply):
    _, x = images()
    model, _ = apply(
        "DenoisingAutoencoder", "corrupt", "--input=images.png", "--seed=4"
    )
    corrupted = model.corrupt(x, model.corruption_noise(Rows(6, 4)))
    expected = grid(model.x_domain.to_bytes(corrupted))[..., 0]
    np.testing.assert_array_equal(np.asarray(Image.open("corrupt.png")), expected)


def test_a_translation_goes_both_ways(apply):
    _, x = images()
    model, printed = apply("Translator", "to_y", "--input=images.png")
    assert printed == "Wrote to_y.png: 18 x 12 pixels\n"
    there = np.asarray(Image.open("to_y.png"))
    expected = grid(model.y_domain.to_bytes(model.to_y(x)))[..., 0]
    np.testing.assert_array_equal(there, expected)
    _, printed = apply("Translator", "to_x", "--input=to_y.png")
    assert printed == "Wrote to_x.png: 12 x 8 pixels\n"


def test_a_folder_of_pictures_becomes_a_folder_of_the_same_names(apply):
    pixels, x = images()
    Path("photos").mkdir()
    for number, image in enumerate(pixels):
        save_png(f"photos/face {number}.png", image)
    model, printed = apply("Translator", "to_y", "--input=photos", "--out=there/")
    assert printed == "Wrote there/: 6 pictures\n"
    expected = model.y_domain.to_bytes(model.to_y(x))
    for number, image in enumerate(expected):
        found = np.asarray(Image.open(f"there/face {number}.png"))
        np.testing.assert_array_equal(found, image[..., 0])
    # Of another input they are numbered, and a folder that exists needs no slash.
    apply("Translator", "to_y", "--input=images.png", "--out=there")
    found = np.asarray(Image.open("there/00005.png"))
    np.testing.assert_array_equal(found, expected[5][..., 0])


def test_only_pictures_are_written_into_a_folder(apply):
    images()
    message = "--out must be a file ending in .csv, because vectors"
    with pytest.raises(ValueError, match=message):
        apply("VAE", "encode", "--input=images.png", "--out=latents/")
    assert not Path("latents").exists()


def test_a_picture_that_cannot_be_read_is_named(apply):
    Path("photos").mkdir()
    Path("photos/broken.png").write_bytes(b"no picture")
    with pytest.raises(ValueError, match="--input: 'photos/broken.png' cannot be read"):
        apply("Translator", "to_y", "--input=photos", "--out=there/")
    assert not Path("there").exists()


def test_other_data_than_images_are_written_as_text(apply):
    model, printed = apply("LSTM", "sample", "--num=3", "--seed=1")
    assert printed == "Wrote sample.csv: 3 sequences\n"
    np.testing.assert_array_equal(table("sample.csv"), model.sample(3, seed=1))
    np.savetxt("mask.csv", np.arange(5)[None] < 2, fmt="%d", delimiter=",")
    flags = ["--input=sample.csv", "--mask=mask.csv", "--out=ends.csv"]
    apply("LSTM", "impute", *flags)
    found = table("ends.csv")
    np.testing.assert_array_equal(found[:, :2], table("sample.csv")[:, :2])


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        (
            "VAE",
            "paint",
            "has no method 'paint'. It has: anomaly_score, compress, deco",
        ),
        ("VAE", "encode", "encode needs --input"),
        ("VAE", "encode --input=images.png --seed=1", "encode takes no --seed"),
        ("VAE", "encode --input=images.png --y=1", "encode takes no --y"),
        ("VAE", "encode --input=none.png", "--input: 'none.png' cannot be read"),
        ("VAE", "encode --input=wrong.png", "--input: 'wrong.png' must be one or more"),
        ("VAE", "encode --input=far.npy", r"--input must lie in \[0.0, 1.0\]"),
        ("VAE", "decode --input=images.png", "--input: The file must end in .npy or"),
        ("VAE", "sample --num=0", "--num must be at least 1"),
        ("VAE", "sample --seed=-1", "--seed must be an integer"),
        ("VAE", "sample --input=images.png", "sample takes no --input"),
        ("VAE", "sample --temperature=2", "sample takes no --temperature"),
        ("GatedPixelCNN", "log_prob --input=images.png", "--y must be given"),
        ("GatedPixelCNN", "sample --y=7", r"--y must lie in \[0, 3\)"),
        ("GatedPixelCNN", "sample --y=a", "--y: The file must end in"),
        ("GatedPixelCNN", "sample --temperature=0", "--temperature must be a positive"),
        ("GatedPixelCNN", "impute --input=images.png", "--mask must be given"),
        (
            "GatedPixelCNN",
            "impute --input=images.png --mask=late.csv",
            "--mask must know the sites",
        ),
    ],
)
def test_bad_input_is_refused_by_the_flag(apply, name, arguments, message):
    images()
    save_png("wrong.png", np.zeros((5, 4, 1), np.uint8))
    np.save("far.npy", np.full((2, *SHAPE), 3.0))
    np.savetxt("late.csv", np.eye(4)[::-1], fmt="%d", delimiter=",")
    with pytest.raises(ValueError, match=message):
        apply(name, *arguments.split())


def test_a_network_without_methods_is_refused(tmp_path):
    mlp(SHAPE, [], (2,)).save(tmp_path / "plain.keras")
    with pytest.raises(
        ValueError,
        match=r"plain.keras \(Functional\) has no method 'encode'. It has: none",
    ):
        cli.COMMANDS["apply"].run([str(tmp_path / "plain.keras"), "encode"])
    assert keras.saving.load_model(tmp_path / "plain.keras").built
