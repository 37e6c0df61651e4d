import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow_datasets as tfds
from contracts import make_tiny
from PIL import Image

from keras_gen import cli, zoo
from keras_gen.callbacks import Checkpoints, StopAtDivergence
from keras_gen.datasets import sources
from keras_gen.files import sha256_of
from keras_gen.images import grid
from keras_gen.models import BigGAN, ConditionalGAN
from keras_gen.networks import mlp
from keras_gen.zoo.shelf import catalog
from keras_gen.zoo.shelf.recipes import load_recipe

ROOT = Path(__file__).parents[1]
#: A process that takes longer is taken to hang.
MOST_SECONDS = 1200

RECIPE = '''
"""A tiny recipe."""

from keras_gen import datasets
from keras_gen.distributions import BernoulliLikelihood
from keras_gen.models import VAE
from keras_gen.networks import mlp

epochs = 2


def model(seed=0):
    encoder, decoder = mlp((28, 28, 1), [], (4,)), mlp((2,), [], (28, 28, 1))
    return VAE(encoder, decoder, BernoulliLikelihood(), seed=seed)


def data(split="train", source="mnist", **options):
    return datasets.load(
        source, split + "[:200]", 50, image_shape=(28, 28, 1), **options
    )


def compile(model, steps):
    model.compile(jit_compile=False, steps_per_execution=3)
'''


RECIPE_OF_PIXELS = '''
"""A tiny model that draws site by site."""

from keras_gen import datasets
from keras_gen.distributions import BernoulliLikelihood
from keras_gen.models import MADE

epochs = 1


def model(seed=0):
    return MADE((28, 28, 1), BernoulliLikelihood(), hidden_units=(), seed=seed)


def data(split="train", source="mnist", **options):
    return datasets.load(source, split, 50, binarization="static", **options)


def compile(model, steps):
    model.compile(jit_compile=False)
'''


def run(*arguments, cwd):
    return subprocess.run(
        [sys.executable, "-m", "keras_gen.cli", *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        text=True,
    )


@pytest.fixture
def run_here(done_here):
    """Runs the command in this process: exit code and what it printed to stderr."""

    def run(*arguments):
        done = done_here(*arguments)
        return done.returncode, done.stderr

    return run


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with a recipe, trained there as `again`, in this process."""
    folder = tmp_path_factory.mktemp("work")
    (folder / "tiny.py").write_text(RECIPE)
    zoo.train(folder / "tiny.py", seed=3, out=folder / "again", verbose=0)
    return folder


@pytest.fixture(scope="module")
def guarded(trained):
    """The same training with guards, in a process of its own."""
    guards = ["--deterministic", "--max_skipped", 0]
    return run("train", "tiny.py", "--seed", 3, *guards, cwd=trained)


def history(run):
    """The columns of a run's history, by name."""
    return np.genfromtxt(run / "history.csv", delimiter=",", names=True)


def check_same_weights(run, other):
    """Fails unless two runs have trained the same weights."""
    one, two = (keras.saving.load_model(part / "model.keras") for part in (run, other))
    for a, b in zip(one.trainable_weights, two.trainable_weights, strict=True):
        np.testing.assert_allclose(np.array(a), np.array(b), atol=1e-6)


def test_train_writes_a_whole_run_folder(trained, guarded):
    assert guarded.returncode == 0, guarded.stderr
    assert "importance samples 6, images 100, split train" in guarded.stdout
    assert "Quick estimates on the split train; there is no split" in guarded.stdout
    made = trained / "runs" / "tiny"
    assert {path.name for path in made.iterdir()} == {
        "checkpoints",
        "history.csv",
        "logs",
        "metrics.json",
        "model.keras",
        "recipe.py",
        "run.json",
        "samples",
        "samples.png",
    }
    assert len((made / "history.csv").read_text().splitlines()) == 3
    pictures = sorted(path.name for path in (made / "samples").iterdir())
    assert pictures == ["epoch_0001.png", "epoch_0002.png"]
    assert list((made / "logs").rglob("events*"))
    report = json.loads((made / "metrics.json").read_text())
    assert report["training"]["seed"] == 3
    assert report["training"]["seconds"] > 0
    assert "keras" in report["training"]["versions"]
    assert report["parameters"] == 785 * 4 + 2 * 784 + 784 - 4 + 4


def test_a_folder_of_images_is_trained_on(trained, run_here, tmp_path):
    (tmp_path / "photos").mkdir()
    shades = np.arange(0, 200, 5, dtype=np.uint8)
    for shade in shades:
        picture = Image.fromarray(np.full((30, 40, 3), shade))
        picture.save(tmp_path / "photos" / f"{shade}.png")
    tiny = trained / "tiny.py"
    arguments = ["--data", "photos", "--epochs", 1, "--out", "run"]
    assert run_here("train", tiny, *arguments) == (0, "")
    report = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert report["training"]["data"] == "photos"
    protocol = report["quick"]["negative_log_likelihood"]["protocol"]
    assert protocol["num_images"] == len(shades) // 10
    assert protocol["split"] == "validation"


def test_sample_draws_from_a_saved_model_and_its_run(trained, run_here, tmp_path):
    for source, out in (("again", "a.png"), ("again/model.keras", "b.png")):
        options = ["--num", 6, "--seed", 1, "--out", out]
        assert run_here("sample", trained / source, *options) == (0, "")
    first, second = (
        np.asarray(Image.open(tmp_path / name)) for name in ("a.png", "b.png")
    )
    assert first.shape == (2 * 28, 3 * 28)
    np.testing.assert_array_equal(first, second)


def test_sample_fills_a_folder_with_shards(trained, done_here, tmp_path):
    arguments = ["--num", 6, "--seed", 1, "--out", "shards/", "--shard_size", 4]
    done = done_here("sample", trained / "again", *arguments, "--workers", 2)
    assert done.returncode == 0, done.stderr
    written = "Wrote shards/: 6 samples of seed 1 in 2 shards, and index.json\n"
    assert done.stdout == written
    assert done.stderr == ""
    model = keras.saving.load_model(trained / "again" / "model.keras")
    images = np.concatenate([some for some, _ in zoo.read_shards(tmp_path / "shards")])
    np.testing.assert_array_equal(
        images, model.x_domain.to_bytes(model.sample(6, seed=1))
    )


def test_the_same_seed_trains_the_same_model_with_guards_too(trained, guarded):
    plain, found = history(trained / "again"), history(trained / "runs" / "tiny")
    assert not found["skipped_updates"].any()
    for term in ("loss", "rate", "distortion"):
        np.testing.assert_allclose(found[term], plain[term], rtol=1e-5)
    for columns in (plain, found):
        assert (np.diff(columns["seconds"]) > 0).all()


def test_an_epoch_is_its_steps_whatever_is_executed_at_once(trained):
    model = keras.saving.load_model(trained / "again" / "model.keras")
    assert int(model.optimizer.iterations) == 2 * 200 // 50


def interrupt_after(monkeypatch, steps):
    """Interrupts trainings after a number of steps."""

    def interrupt(self, batch, logs=None):
        if int(self.model.optimizer.iterations) == steps:
            raise KeyboardInterrupt

    monkeypatch.setattr(StopAtDivergence, "on_train_batch_end", interrupt)


def wait_for_checkpoints(monkeypatch):
    """Lets training wait for each file, so that every checkpoint is written."""
    save = Checkpoints._save

    def save_and_wait(self, step):
        path = save(self, step)
        self._writing.result()
        return path

    monkeypatch.setattr(Checkpoints, "_save", save_and_wait)


def test_a_resumed_run_ends_like_one_that_was_never_interrupted(
    trained, run_here, monkeypatch
):
    folder = trained
    arguments = ["train", folder / "tiny.py", "--seed", 3, "--out", folder / "parts"]
    with monkeypatch.context() as patch:
        interrupt_after(patch, 4 + 3)
        wait_for_checkpoints(patch)
        assert run_here(*arguments, "--checkpoint_steps", 2)[0] == 2
    left = {path.stem for path in (folder / "parts" / "checkpoints").glob("*.npz")}
    assert "epoch_0001_step_000002" in left
    assert run_here(*arguments, "--resume")[0] == 0
    rows = [
        (folder / place / "history.csv").read_text().splitlines()
        for place in ("again", "parts")
    ]
    seconds = rows[0][0].split(",").index("seconds")
    for whole, parts in zip(*rows, strict=True):
        whole, parts = whole.split(","), parts.split(",")
        assert whole[:seconds] == parts[:seconds]
    models = [
        keras.saving.load_model(folder / p / "model.keras") for p in ("again", "parts")
    ]
    for a, b in zip(models[0].weights, models[1].weights, strict=True):
        np.testing.assert_array_equal(np.array(a), np.array(b))


def test_what_cannot_be_resumed_is_refused(trained, run_here):
    folder = trained
    tiny, other, again = folder / "tiny.py", folder / "other.py", folder / "again"
    other.write_text(RECIPE)
    changed = folder / "changed" / "tiny.py"
    changed.parent.mkdir()
    changed.write_text(RECIPE.replace("50, image", "40, image"))
    for arguments, message in (
        ([tiny], "`out` must name the folder of the run to resume"),
        ([tiny, "--out", again, "--seed", 3], "is complete"),
        ([tiny, "--out", again, "--epochs", 9], "with epochs 2, not 9; seed 3, not 0;"),
        ([other, "--out", again, "--seed", 3], "with recipe 'tiny', not 'other'"),
        ([changed, "--out", again, "--seed", 3], "4, not 5; batch_size 50, not 40"),
        ([tiny, "--out", folder / "none"], "There is no run in"),
    ):
        code, printed = run_here("train", *arguments, "--resume")
        assert code == 2
        assert message in printed.splitlines()[-1]


def test_sigterm_leaves_a_checkpoint_and_no_other_process_writes(tmp_path, run_here):
    (tmp_path / "tiny.py").write_text(RECIPE.replace("epochs = 2", "epochs = 100000"))
    process = subprocess.Popen(
        [sys.executable, "-m", "keras_gen.cli", "train", "tiny.py", "--out", "run"],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    checkpoints = tmp_path / "run" / "checkpoints"
    while not (tmp_path / "run" / "model.keras").exists():
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.2)
    code, printed = run_here("train", "tiny.py", "--out", "run", "--resume")
    assert code == 2
    assert f"Another process, {process.pid} on" in printed
    process.send_signal(signal.SIGTERM)
    _, stderr = process.communicate(timeout=MOST_SECONDS)
    assert process.returncode == 0, stderr
    newest = max(checkpoints.glob("*.npz")).name
    assert re.search(rf"Stopped as asked, \d steps into .*{newest}\.", stderr)
    assert newest != "epoch_0000_step_000000.npz"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], ""),
        (["paint"], "there is no command 'paint'"),
        (["smaple", "vae_mnist"], "Did you mean sample?"),
        (["info"], "info takes one name"),
        (["list", "more"], "list takes no name"),
        (["info", "vae_mnits"], "Did you mean vae_mnist"),
        (["sample", "vae_mnist", "--epochs", "3"], "sample takes no --epochs"),
        (["serve"], "serve takes one or more models"),
        (["serve", "vae_mnist", "--num", "3"], "serve takes no --num"),
        (["serve", "vae_mnist", "--workers", "0"], "--workers must lie from 1 to"),
        (["serve", "vae_mnist", "--port", "65534"], "--port must lie from 1 to 65533"),
        (["sample"], "sample takes one model"),
        (["sample", "vae_mnist", "--num", "many"], "--num=many: must be a whole numb"),
        (["sample", "vae_mnist", "--nmu", "3"], "takes no --nmu. Did you mean --num?"),
    ],
)
def test_misuse_is_one_line_and_exit_code_2(arguments, message, run_here):
    code, printed = run_here(*arguments)
    assert code == 2
    assert message in printed
    if arguments:
        assert printed.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "missing.py"], "There is no recipe 'missing.py'"),
        (["train", "empty.py"], "defines no epochs, model, data, compile"),
        (["train", "tiny.py", "--epochs", "0"], "`epochs` must be an integer"),
        (["train", "tiny.py", "--seed", "-1"], "`seed` must be an integer"),
        (["train", "tiny.py", "--checkpoint_steps", "0"], "`checkpoint_steps` must"),
        (["train", "tiny.py", "--checkpoint_minutes", "-1"], "minutes` must be above"),
        (["train", "tiny.py", "--data", "mnits"], "Did you mean mnist"),
        (["train", "tiny.py", "--data", "./nowhere"], "There is no folder"),
        (["train", "tiny.py", "--out", "full"], "'full' is not empty"),
        (["train", "tiny.py", "--out", "empty.py/x"], "Cannot write to the folder"),
        (["sample", "broken.keras"], "'broken.keras' cannot be loaded"),
        (["sample", "absent.keras"], "There is no saved model 'absent.keras'"),
        (["sample", "full"], "The folder 'full' is no run: it holds neither run.json"),
        (["sample", "vae_mnist", "--num", "0"], "--num must be at least 1"),
        (["sample", "vae_mnist", "--num", "1", "--out", "nowhere/a.png"], "nowhere"),
        (["sample", "denoising_autoencoder_mnist"], "no prior to sample from"),
        (["sample", "vae_mnist", "--workers", "2"], "with a folder alone, such as"),
        (["sample", "vae_mnist", "--out", "full/"], "is not empty, and holds no shar"),
        (["evaluate", "vae_mnist", "--samples", "full"], "There are no shards in 'ful"),
        (["train", "tiny.py", "--max_skipped", "-1"], "`max_skipped` must be an integ"),
        (["serve", "vae_mnist", "full/vae_mnist"], "must have different names"),
        (["serve", "vae_mnits"], "Did you mean vae_mnist"),
        (
            ["evaluate", "denoising_autoencoder_mnist", "--metrics", "fid,sampling"],
            "holds 'fid', 'sampling', which denoising_autoencoder_mnist does not have. "
            "It has: squared_error",
        ),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments, message, tmp_path, run_here):
    (tmp_path / "tiny.py").write_text(RECIPE)
    (tmp_path / "empty.py").write_text("")
    (tmp_path / "broken.keras").write_bytes(b"not a model")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes").touch()
    before = files_of(tmp_path)
    code, printed = run_here(*arguments)
    assert code == 2
    assert message in printed.splitlines()[-1]
    assert files_of(tmp_path) == before


def files_of(folder):
    """Everything in a folder but compiled Python."""
    return sorted(p for p in folder.rglob("*") if "__pycache__" not in p.parts)


@pytest.mark.parametrize("command", cli.COMMANDS.values(), ids=cli.COMMANDS)
def test_help_shows_the_flags_of_a_command(command, run_here, capsys, monkeypatch):
    documented = set(command.texts)
    assert documented == {p.name for p in command.named} | set(command.flags)
    assert all(text.endswith(".") for text in command.texts.values())
    monkeypatch.setattr(command, "function", None)
    for arguments in ([command.name, "--help"], ["help", command.name]):
        monkeypatch.setattr("sys.argv", ["keras-gen", *arguments])
        cli.main()
        shown = capsys.readouterr().out
        assert shown.startswith(f"Usage: keras-gen {command.name}")
        assert command.summary in shown
        for flag in command.flags:
            assert f"  --{flag}" in shown


def test_help_without_a_command_shows_all_of_them(capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["keras-gen", "--help"])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    assert stopped.value.code == 0
    shown = capsys.readouterr().out
    for command in cli.COMMANDS.values():
        assert f"  {command.name} " in shown


def test_output_may_be_cut_off(tmp_path):
    command = f"{sys.executable} -u -m keras_gen.cli list | head -n 1"
    done = subprocess.run(
        command, shell=True, cwd=tmp_path, capture_output=True, text=True
    )
    assert done.stderr == ""
    assert done.stdout.count("\n") == 1


def test_errors_are_one_line_in_a_process_of_its_own_too(tmp_path):
    environment = {k: v for k, v in os.environ.items() if "TF_CPP" not in k}
    done = subprocess.run(
        [sys.executable, "-m", "keras_gen.cli", "train", "missing.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env=environment,
    )
    assert done.returncode == 2
    assert done.stderr == "keras-gen: There is no recipe 'missing.py'.\n"


@pytest.mark.parametrize(
    "arguments", [["list"], ["--help"], ["train", "-h"], ["info", "vae_mnist"]]
)
def test_light_commands_import_no_tensorflow(arguments, tmp_path):
    code = (
        "import sys; sys.modules['tensorflow'] = None; sys.modules['keras'] = None; "
        f"sys.argv = ['keras-gen', *{arguments!r}]; "
        "from keras_gen.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "keras-gen" in done.stdout or "vae_mnist" in done.stdout


def test_the_console_command_is_installed():
    command = Path(sys.executable).with_name("keras-gen")
    done = subprocess.run([command, "list"], capture_output=True, text=True)
    assert done.returncode == 0
    assert "vae_mnist" in done.stdout


def test_reconstruct_and_interpolate_write_pictures(tmp_path, run_here):
    for command, num, shape in (
        ("reconstruct", 4, (56, 112)),
        ("interpolate", 2, (56, 280)),
    ):
        code, printed = run_here(command, "vae_mnist", "--num", num, "--out", "p.png")
        assert code == 0, printed
        assert np.asarray(Image.open(tmp_path / "p.png")).shape == shape


@pytest.fixture
def conditional_gan(tmp_path):
    """The path of a saved model that takes labels, and the model."""
    shape, told = (4, 4, 1), {"num_classes": 3}
    generator = mlp((2,), [], shape, output_activation="tanh", **told)
    model = ConditionalGAN(generator, mlp(shape, [], (1,), **told), **told)
    model.compile()
    model.save(tmp_path / "model.keras")
    return tmp_path / "model.keras", model


def test_labels_of_samples_are_given_in_turn(conditional_gan, run_here, tmp_path):
    path, model = conditional_gan
    arguments = ["sample", path, "--num", 3, "--seed", 1, "--out", "labelled.png"]
    assert run_here(*arguments, "--labels", "2,0")[0] == 0
    expected = grid(model.x_domain.to_bytes(model.sample(3, seed=1, y=[2, 0, 2])))
    picture = np.asarray(Image.open(tmp_path / "labelled.png"))
    np.testing.assert_array_equal(picture, expected[..., 0])
    for labels, message in (
        ("x", "--labels=x: must be whole numbers"),
        ("3", "`labels` must lie in [0, 3)"),
    ):
        code, printed = run_here(*arguments, "--labels", labels)
        assert code == 2
        assert message in printed
    code, printed = run_here("sample", "vae_mnist", "--labels", "1")
    assert code == 2
    assert "--labels must be left out: samples of vae_mnist (VAE)" in printed


def test_samples_are_drawn_with_a_truncation(run_here, tmp_path):
    model = make_tiny(BigGAN)
    model.save(tmp_path / "big.keras")
    arguments = ["sample", "big.keras", "--num", 3, "--seed", 1, "--labels", "2"]
    assert run_here(*arguments, "--truncation", 0.5)[0] == 0
    samples = model.sample(3, seed=1, y=[2] * 3, truncation=0.5)
    expected = grid(model.x_domain.to_bytes(samples))
    picture = np.asarray(Image.open(tmp_path / "samples.png"))
    np.testing.assert_array_equal(picture, expected[..., 0])
    code, printed = run_here(*arguments, "--truncation", 1.5)
    assert code == 2
    assert "--truncation must lie in (0, 1]" in printed
    code, printed = run_here("sample", "vae_mnist", "--truncation", 0.5)
    assert code == 2
    assert "--truncation must be left out: samples of vae_mnist (VAE)" in printed
    flags = ["--truncation", 0.5, "--out", "shards/"]
    assert run_here(*arguments, *flags)[0] == 0
    index = json.loads((tmp_path / "shards" / "index.json").read_text())
    assert index["truncation"] == 0.5
    code, printed = run_here("apply", "big.keras", "sample", "--truncation", 0)
    assert code == 2
    assert "--truncation must lie in (0, 1]" in printed


@pytest.fixture
def entry_of_pixels(tmp_path, monkeypatch):
    """The name of a zoo entry that draws site by site."""
    folder = tmp_path / "zoo" / "tiny_pixels"
    folder.mkdir(parents=True)
    (folder / "recipe.py").write_text(RECIPE_OF_PIXELS)
    model = load_recipe(folder / "recipe.py").model()
    weights = folder / "model.weights.h5"
    model.save_weights(weights)
    report = {"weights_sha256": sha256_of(weights), "model": "MADE"}
    (folder / "metrics.json").write_text(json.dumps(report))
    monkeypatch.setattr(catalog, "root", lambda: folder.parent)
    return "tiny_pixels"


def test_sample_draws_what_the_model_does_under_xla(
    entry_of_pixels, run_here, tmp_path
):
    assert run_here("sample", entry_of_pixels, "--num", 5, "--seed", 1)[0] == 0
    model = zoo.load(entry_of_pixels)
    assert model.compiled_sampling
    expected = grid(model.x_domain.to_bytes(model.sample(5, seed=1)))
    picture = np.asarray(Image.open(tmp_path / "samples.png"))
    np.testing.assert_array_equal(picture, expected[..., 0])


def test_complete_draws_the_lower_half(entry_of_pixels, run_here, tmp_path):
    arguments = ["complete", entry_of_pixels, "--num", 2, "--temperature", 0.5]
    assert run_here(*arguments)[0] == 0
    picture = np.asarray(Image.open(tmp_path / "completions.png"))
    assert picture.shape == (2 * 28, 10 * 28)
    np.testing.assert_array_equal(picture[:14, :28], picture[:14, -28:])
    assert run_here(*arguments, "--out", "again.png")[0] == 0
    again = np.asarray(Image.open(tmp_path / "again.png"))
    np.testing.assert_array_equal(picture, again)
    code, printed = run_here("complete", entry_of_pixels, "--temperature", 0)
    assert code == 2
    assert "--temperature must be a positive number" in printed


def test_missing_data_are_downloaded_when_that_is_asked_for(
    entry_of_pixels, run_here, tmp_path, monkeypatch
):
    packaged, home = sources.PACKAGED / "mnist", tmp_path / "home"
    monkeypatch.setattr(sources, "PACKAGED", tmp_path / "nothing")
    monkeypatch.setenv("TFDS_DATA_DIR", str(home))
    monkeypatch.setenv("HOME", str(tmp_path))
    builder = tfds.builder_from_directory(packaged / "3.0.1")

    def of_the_web(name, data_dir):
        assert name == "mnist"
        return builder

    def fetch():
        shutil.copytree(packaged, home / "mnist")

    monkeypatch.setattr(tfds, "builder", of_the_web)
    monkeypatch.setattr(builder, "download_and_prepare", fetch)
    code, printed = run_here("complete", entry_of_pixels)
    assert code == 2
    assert "no dataset 'mnist'" in printed
    assert "--download" in printed
    arguments = ["complete", entry_of_pixels, "--num", 2]
    assert run_here(*arguments, "--download")[0] == 0
    assert (tmp_path / "completions.png").is_file()
    assert run_here(*arguments)[0] == 0


def test_what_is_compressed_is_restored(entry_of_pixels, run_here, tmp_path):
    assert run_here("sample", entry_of_pixels, "--num", 5, "--seed", 1)[0] == 0
    compress = ["compress", entry_of_pixels, "samples.png", "--out", "samples.kgc"]
    assert run_here(*compress)[0] == 0
    decompress = ["decompress", entry_of_pixels, "samples.kgc"]
    assert run_here(*decompress)[0] == 0
    pictures = [Image.open(tmp_path / f"{n}.png") for n in ("samples", "decompressed")]
    np.testing.assert_array_equal(*map(np.asarray, pictures))
    # Damaged, and no file of this kind.
    data = bytearray((tmp_path / "samples.kgc").read_bytes())
    data[100] ^= 1
    (tmp_path / "samples.kgc").write_bytes(data)
    code, printed = run_here(*decompress)
    assert (code, "'samples.kgc' is cut short or damaged" in printed) == (2, True)
    code, printed = run_here("decompress", entry_of_pixels, "samples.png")
    assert (code, "must be a file that `compress`" in printed) == (2, True)
    # Grey would be lost.
    Image.fromarray(np.full((28, 28), 99, np.uint8)).save(tmp_path / "grey.png")
    code, printed = run_here("compress", entry_of_pixels, "grey.png")
    assert code == 2
    assert "'grey.png' must hold images on 2 levels from 0 to 1" in printed
    code, printed = run_here(*compress, "--labels", 1)
    assert (code, "--labels must be left out" in printed) == (2, True)


def test_what_has_no_code_does_not_compress(run_here):
    code, printed = run_here("compress", "gan_mnist", "digits.png")
    assert (code, "gan_mnist (GAN) does not compress" in printed) == (2, True)


def test_what_draws_no_sites_does_not_complete(run_here):
    # A classifier is a network without domains.
    for name, kind in (("gan_mnist", "GAN"), ("classifier_mnist", "Functional")):
        code, printed = run_here("complete", name)
        assert code == 2
        assert f"{name} ({kind}) does not complete images" in printed


def test_what_does_not_encode_is_interpolated_between_latents(
    conditional_gan, run_here, tmp_path
):
    path, model = conditional_gan
    arguments = ["interpolate", path, "--num", 2, "--seed", 1, "--out", "path.png"]
    assert run_here(*arguments)[0] == 0
    picture = np.asarray(Image.open(tmp_path / "path.png"))
    assert picture.shape == (2 * 4, 10 * 4)
    np.testing.assert_array_equal(
        picture[:, :4].reshape(2, 4, 4),
        model.x_domain.to_bytes(model.sample(2, seed=1))[..., 0],
    )


def test_evaluate_prints_the_results_that_are_asked_for(done_here):
    arguments = ["evaluate", "vae_mnist", "--quick", "--metrics=active_units,sampling"]
    units, sampling = done_here(*arguments).stdout.splitlines()
    assert units == "active units 19 of 50 latents (images 500, threshold 0.01)"
    assert re.match(r"sampling [\d.]+ ms a sample \(batch size 100", sampling)


def test_export_writes_what_it_says(conditional_gan, run_here, done_here, tmp_path):
    path, _ = conditional_gan
    assert run_here("export", path) == (0, "")
    assert (tmp_path / "exports" / "model" / "1" / "saved_model.pb").is_file()
    for arguments, message in (
        ([], "exports/model/1' exists"),
        (["--precision", "float16"], "--precision with --format=tflite only"),
        (["--format", "tflite", "--batch_size", "x"], "a whole number or any"),
        (["--format", "onnx", "--batch_size", 2], "--batch_size with --format=tflite"),
        (["--format", "h5"], "--format=h5: must be saved_model or tflite or onnx"),
    ):
        code, printed = run_here("export", path, *arguments)
        assert code == 2
        assert message in printed
    options = ["--format=tflite", "--batch_size=any", "--signatures=sample"]
    done = done_here("export", path, *options, "--out=a.tflite")
    assert done.returncode == 0, done.stderr
    size = (tmp_path / "a.tflite").stat().st_size
    assert done.stdout.splitlines() == [
        f"Wrote a.tflite: {size:,} bytes",
        "  sample(seed, y) -> x: 0 of 100 images differ from the model's, by "
        "0 grey levels at most, 0 in the mean",
    ]


def test_a_run_in_a_read_only_folder_is_refused(tmp_path, run_here):
    if os.geteuid() == 0:
        pytest.skip("the superuser may write anywhere")
    (tmp_path / "tiny.py").write_text(RECIPE)
    (tmp_path / "locked").mkdir(mode=0o500)
    code, printed = run_here("train", "tiny.py", "--out", "locked/run")
    assert code == 2
    assert "Cannot write to the folder" in printed


def test_training_on_two_devices_is_that_on_one(trained):
    on_two = ["--strategy", "mirrored", "--devices", "CPU:0,CPU:1", "--out", "mirrored"]
    done = run("train", "tiny.py", "--seed", 3, *on_two, cwd=trained)
    assert done.returncode == 0, done.stderr
    check_same_weights(trained / "again", trained / "mirrored")


def test_what_is_trained_in_bfloat16_is_measured_in_float32(tmp_path):
    more = 'epochs = 1\ntraining_dtype = "mixed_bfloat16"'
    text = RECIPE_OF_PIXELS.replace("epochs = 1", more)
    text = text.replace("source, split,", 'source, split + "[:1000]",')
    (tmp_path / "half.py").write_text(text)
    folder = zoo.train(
        tmp_path / "half.py", out=tmp_path / "run", measure="test", verbose=0
    )
    trained = keras.saving.load_model(folder / "model.keras")
    assert trained.dtype_policy.name == "mixed_bfloat16"
    assert keras.config.dtype_policy().name == "float32"
    report = json.loads((folder / "metrics.json").read_text())
    found = report["quick"]["negative_log_likelihood"]
    recipe = load_recipe(tmp_path / "half.py")
    model = recipe.model()
    model.set_weights(trained.get_weights())
    images = np.concatenate(list(recipe.data("test")))
    images = images[: found["protocol"]["num_images"]]
    nats = -model.log_prob(images).mean()
    assert nats != -trained.log_prob(images).mean()
    assert found["value"] == pytest.approx(nats, rel=1e-6)


def test_batches_that_cannot_be_dealt_to_the_devices_are_refused(
    tmp_path, two_replicas
):
    recipe = tmp_path / "tiny.py"
    recipe.write_text(RECIPE.replace("50, image", "25, image"))
    with pytest.raises(ValueError, match="2 replicas, to which .* of 25 images"):
        zoo.train(recipe, out=tmp_path / "run", strategy=two_replicas)
    assert not (tmp_path / "run").exists()


def test_a_run_goes_on_with_another_number_of_devices(
    trained, two_replicas, monkeypatch
):
    recipe, stopped = trained / "tiny.py", trained / "stopped"
    options = {"seed": 3, "out": stopped, "verbose": 0}
    with monkeypatch.context() as patch:
        interrupt_after(patch, 4 + 3)
        with pytest.raises(KeyboardInterrupt):
            zoo.train(recipe, checkpoint_steps=1, **options)
    zoo.train(recipe, resume=True, strategy=two_replicas, **options)
    check_same_weights(trained / "again", stopped)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("", "TF_CONFIG must be set, such as"),
        ("{", "TF_CONFIG must be like .* Received: {"),
        ('{"task": {}}', "TF_CONFIG must be like .*KeyError"),
        (
            '{"cluster": {"worker": ["a:1"], "ps": ["b:1"]},'
            '"task": {"type": "ps", "index": 0}}',
            "TF_CONFIG must name workers alone",
        ),
        (
            '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 1}}',
            r"task index in \[0, 1\).* Received: 1",
        ),
    ],
)
def test_bad_clusters_are_refused(run_here, monkeypatch, config, message):
    monkeypatch.setenv("TF_CONFIG", config)
    code, printed = run_here("train", "vae_mnist", "--strategy", "multiworker")
    assert code == 2
    assert re.search(message, printed)


def test_two_workers_train_as_one_device(trained):
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(2)]
        for listener in sockets:
            listener.bind(("127.0.0.1", 0))
        workers = [f"127.0.0.1:{part.getsockname()[1]}" for part in sockets]
    command = [sys.executable, "-m", "keras_gen.cli", "train", "tiny.py"]
    command += ["--seed", "3", "--out", "two", "--max_skipped", "0"]
    running = [
        subprocess.Popen(
            [*command, "--strategy", "multiworker"],
            cwd=trained,
            env=os.environ
            | {
                "TF_CONFIG": json.dumps(
                    {
                        "cluster": {"worker": workers},
                        "task": {"type": "worker", "index": index},
                    }
                )
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for index in range(2)
    ]
    printed = [process.communicate(timeout=MOST_SECONDS)[0] for process in running]
    assert [process.returncode for process in running] == [0, 0], printed
    assert "Wrote two" in printed[0]
    assert "the first one writes" in printed[1]
    check_same_weights(trained / "again", trained / "two")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--devices", "CPU:0"], "--devices needs --strategy=mirrored"),
        (
            ["--strategy", "mirrored", "--devices", "cpu0"],
            "like CPU:0 or GPU:1.*'cpu0'",
        ),
        (["--strategy", "mirrored", "--devices", "CPU:0,CPU:0"], "must differ"),
        (["--strategy", "mirrored", "--devices", "GPU:9"], "GPU:9, not among those"),
        (["--strategy", "mirrored", "--devices", "CPU:7"], "needs 8 CPUs, which must"),
        (["--strategy", "parallel"], "must be mirrored or multiworker"),
    ],
)
def test_bad_strategies_are_refused(run_here, arguments, message):
    code, printed = run_here("train", "vae_mnist", *arguments)
    assert code == 2
    assert re.search(message, printed)
