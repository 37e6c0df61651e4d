"""The wheel, installed in a bare environment, has entries and data with it."""

import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

USE = """
import keras_gen, keras_gen.models
from keras_gen import datasets, zoo
from keras_gen.zoo.shelf import catalog
assert "elsewhere" in keras_gen.__file__, keras_gen.__file__
assert "elsewhere" in str(catalog.root()), catalog.root()
for name in ("card.md", "history.csv", "metrics.json", "samples.png", "training.png"):
    assert (catalog.root() / "vae_mnist" / name).is_file(), name
print(zoo.load("vae_mnist").sample(2, seed=0).shape)
print(next(iter(datasets.load("mnist", "test[:3]"))).shape)
from keras_gen.export.tflite import sampler_path
assert "elsewhere" in str(sampler_path()) and sampler_path().is_file()
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """A fresh environment with the wheel; the dependencies are lent by this one."""
    folder = tmp_path_factory.mktemp("elsewhere")
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", folder, ROOT],
        check=True,
    )
    subprocess.run([sys.executable, "-m", "venv", folder / "environment"], check=True)
    python = folder / "environment" / "bin" / "python"
    wheel = next(folder.glob("*.whl"))
    subprocess.run(
        [python, "-m", "pip", "install", "-q", "--no-deps", wheel], check=True
    )
    site = next((folder / "environment" / "lib").glob("python*/site-packages"))
    # Only paths are added: the editable install of this environment stays unseen. From
    # Python 3.12 on, `distutils`, which TFP imports, is a part of setuptools.
    lent = [sysconfig.get_path("purelib"), "import _distutils_hack as d; d.add_shim()"]
    (site / "lent.pth").write_text("\n".join(lent) + "\n")
    return folder, python


def test_the_wheel_loads_an_entry_and_the_packaged_data(environment):
    folder, python = environment
    done = subprocess.run(
        [python, "-c", USE],
        cwd=folder,
        capture_output=True,
        text=True,
        env={"HOME": str(folder), "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[:2] == ["(2, 28, 28, 1)", "(3, 28, 28, 1)"]


def test_the_installed_command_lists_the_entries(environment):
    folder, python = environment
    done = subprocess.run(
        [python.with_name("keras-gen"), "list"],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "vae_mnist" in done.stdout
