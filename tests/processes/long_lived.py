"""A process that runs one script after another, as fresh ones would but for the start.

    python long_lived.py ABSENT IMPORTED

Two lists in JSON: modules that cannot be imported in it, and those imported as it
starts. Each line of its input is a job, in JSON the path of a script and its arguments.
A line of its output says how the script ended: a code, and what it wrote to its errors.
"""

import contextlib
import importlib
import io
import json
import os
import runpy
import subprocess
import sys
import tempfile
import traceback


class LongLived:
    """Such a process, which starts with its first job and again after a crash.

    Args:
        absent: Names of modules that cannot be imported in it.
        imported: Names of modules to import as it starts.
    """

    def __init__(self, absent=(), imported=()):
        self._lists = json.dumps(list(absent)), json.dumps(list(imported))
        self._process = self._log = None

    def run(self, script, *arguments):
        """Runs a script as `python SCRIPT ARGUMENTS ...`.

        Returns:
            `subprocess.CompletedProcess`.
        """
        if self._process is None:
            self._start()
        command = [str(script), *map(str, arguments)]
        with contextlib.suppress(BrokenPipeError):
            print(json.dumps(command), file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline()
        if answer:
            code, errors = json.loads(answer)
            return subprocess.CompletedProcess(command, code, "", errors)
        code = self._process.wait()
        self._log.seek(0)
        errors = self._log.read()
        self.close()
        return subprocess.CompletedProcess(command, code, "", errors)

    def close(self):
        """Ends the process, if there is one."""
        if self._process is not None:
            self._process.communicate()
            self._log.close()
            self._process = self._log = None

    def _start(self):
        self._log = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115
        self._process = subprocess.Popen(
            [sys.executable, "-P", __file__, *self._lists],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )


def main(absent, imported):
    """Runs jobs until there are no more."""
    # What scripts and libraries print goes where errors go.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for name in json.loads(absent):
        sys.modules[name] = None
    for name in json.loads(imported):
        importlib.import_module(name)
    for line in sys.stdin:
        print(json.dumps(_run(*json.loads(line))), file=answers, flush=True)


def _run(script, *arguments):
    """A script's exit code, and what it has written to its errors."""
    code, errors = 0, io.StringIO()
    sys.argv = [script, *arguments]
    with contextlib.redirect_stderr(errors):
        try:
            runpy.run_path(script, run_name="__main__")
        except SystemExit as end:
            code = end.code or 0
        except BaseException:
            code = 1
            traceback.print_exc()
    return code, errors.getvalue()


if __name__ == "__main__":
    main(*sys.argv[1:])
