"""The process that the tests keep, which must be like a fresh one."""

import pytest
from processes.long_lived import LongLived


@pytest.fixture
def process():
    process = LongLived(absent=["wave"], imported=["json"])
    yield process
    process.close()


@pytest.fixture
def script(tmp_path):
    def write(text):
        path = tmp_path / "script.py"
        path.write_text(text)
        return path

    return write


def test_it_runs_scripts_with_their_arguments(process, script, tmp_path):
    text = "import sys; open(sys.argv[1], 'w').write(__name__); print('noise')"
    for name in ("a", "b"):
        done = process.run(script(text), tmp_path / name)
        assert (done.returncode, done.stderr) == (0, "")
        assert (tmp_path / name).read_text() == "__main__"


def test_it_says_how_a_script_fails(process, script):
    done = process.run(script("import sys; sys.exit(3)"))
    assert done.returncode == 3
    done = process.run(script("import wave"))
    assert done.returncode == 1
    assert "ModuleNotFoundError" in done.stderr


def test_after_a_crash_it_starts_again(process, script):
    done = process.run(script("import os; os.abort()"))
    assert done.returncode == -6
    assert process.run(script("pass")).returncode == 0
