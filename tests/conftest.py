"""What tests share: contracts on their path, two devices, processes that live long."""

import gc
import subprocess
import sys
from pathlib import Path

import pytest
import tensorflow as tf

sys.path.insert(0, str(Path(__file__).parent))

from memory import release  # noqa: E402
from processes.long_lived import LongLived  # noqa: E402

from keras_gen.random import seed_initializers  # noqa: E402

_CPU = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(
    _CPU, [tf.config.LogicalDeviceConfiguration()] * 2
)

# Tracing makes many objects that stay: looking at them less often saves time.
gc.set_threshold(10_000, 5, 5)


def pytest_configure(config):
    """Lets processes take files in their order, in which short ones come last.

    pytest-xdist would begin with those of most tests, and end with long ones of few.
    """
    config.option.loadscopereorder = False


def pytest_collection_finish():
    """What is imported and collected stays: the garbage collector leaves it out."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup():
    """First weights are the same in every run, those of shared fixtures too."""
    seed_initializers(0)


@pytest.fixture(scope="session")
def two_replicas():
    """A strategy of two replicas. One for all tests: collectives count across them."""
    return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])


@pytest.fixture(scope="session")
def loader():
    """A process that knows the models by their import alone, and loads saved ones.

    It converts TFLite files too.
    """
    process = LongLived(imported=["keras_gen.models"])
    yield process
    process.close()


@pytest.fixture(scope="session")
def reloader():
    """A process that cannot import Keras and this package, and loads SavedModels."""
    absent = ["keras", "tf_keras", "keras_gen", "tensorflow_probability"]
    process = LongLived(absent, imported=["tensorflow"])
    yield process
    process.close()


@pytest.fixture(scope="session")
def lite():
    """A process that cannot import TensorFlow, and runs TFLite files."""
    process = LongLived(["tensorflow", "keras", "keras_gen"], imported=["numpy"])
    yield process
    process.close()


@pytest.fixture(scope="session", autouse=True)
def converter(loader, lite):
    """All TFLite files are converted in one process and tried in another.

    Those of users are so in fresh ones, as with the fixture `fresh_processes`.
    """
    from keras_gen.export import tflite

    def run(script, *arguments):
        process = loader if script == "conversion.py" else lite
        return process.run(Path(tflite.__file__).with_name(script), *arguments)

    with pytest.MonkeyPatch.context() as patch:
        in_fresh_processes = tflite._run
        patch.setattr(tflite, "_run", run)
        yield in_fresh_processes


@pytest.fixture
def fresh_processes(converter, monkeypatch):
    """TFLite files are converted and tried in fresh processes, as those of users."""
    from keras_gen.export import tflite

    monkeypatch.setattr(tflite, "_run", converter)


@pytest.fixture
def done_here(tmp_path, monkeypatch, capsys):
    """Runs `keras-gen` in this process and in `tmp_path`: a `CompletedProcess`."""
    from keras_gen import cli

    def run(*arguments):
        monkeypatch.setattr("sys.argv", ["keras-gen", *map(str, arguments)])
        monkeypatch.chdir(tmp_path)
        code = 0
        try:
            cli.main()
        except SystemExit as stopped:
            code = stopped.code
        return subprocess.CompletedProcess(arguments, code, *capsys.readouterr())

    return run


@pytest.fixture(scope="module", autouse=True)
def _released():
    """A file of tests leaves nothing behind."""
    yield
    release()
