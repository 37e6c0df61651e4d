"""What exports that were interrupted leave, and the processes that they started."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from keras_gen.export import export_saved_model, export_tflite, tflite

from .conftest import files_in

CHILD = Path(tflite.__file__).with_name("child.py")


@pytest.fixture(scope="module")
def ended():
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-S", "-c", ""])
    process.wait()
    return process.pid


@pytest.mark.parametrize("export", [export_saved_model, export_tflite])
def test_an_export_removes_what_killed_ones_have_left(tmp_path, gan, ended, export):
    folder = tmp_path / "folder"
    path = folder / "tiny.tflite" if export is export_tflite else folder
    (folder / f".partial-{ended}-tiny.tflite-work").mkdir(parents=True)
    (folder / f".partial-{ended}-tiny.tflite-work" / "job.json").touch()
    (folder / f".partial-{ended}-other.tflite").touch()
    kept = [f".partial-{os.getppid()}-other.tflite", ".partial-notes"]
    for name in kept:
        (folder / name).touch()
    export(gan, path)
    left = [name for name in files_in(folder) if name.startswith(".partial")]
    assert left == sorted(kept)


def test_the_files_of_a_conversion_stand_beside_the_export(tmp_path, gan, monkeypatch):
    def interrupted(script, job):
        raise KeyboardInterrupt(job)

    monkeypatch.setattr(tflite, "_run", interrupted)
    with pytest.raises(KeyboardInterrupt) as error:
        export_tflite(gan, tmp_path / "tiny.tflite")
    folder = error.value.args[0].parent
    assert folder.parent == tmp_path
    assert folder.name.startswith(f".partial-{os.getpid()}-tiny.tflite")
    assert files_in(tmp_path) == []


def test_a_process_of_an_export_ends_with_its_parent(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import sys, threading\n"
        "print(*sys.argv[1:], __name__, flush=True)\n"
        "threading.Event().wait()\n"
    )
    process = subprocess.Popen(
        [sys.executable, CHILD, script, "one", "two"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout.readline() == b"one two __main__\n"
    assert process.poll() is None
    process.stdin.close()
    assert process.wait() == 1
    process.stdout.close()


def test_a_process_of_an_export_ends_by_itself(tmp_path):
    (tmp_path / "script.py").write_text("import sys; sys.exit(3)")
    process = subprocess.Popen(
        [sys.executable, CHILD, tmp_path / "script.py"],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stderr.read() == b""
    assert process.wait() == 3
    process.stdin.close()
    process.stderr.close()
