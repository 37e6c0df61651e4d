"""Runs a script in a process that ends with its parent.

    python child.py SCRIPT ARGUMENTS

Its input must be a pipe to which nobody writes. The parent has the other end, which
closes with the parent.
"""

import os
import runpy
import sys
import threading


def end_with_input():
    """Ends this process, with code 1, when standard input ends or gets a byte."""
    threading.Thread(target=_wait_and_end, daemon=True).start()


def _wait_and_end():
    # Not `sys.stdin`: at exit Python would wait for the thread that reads from it.
    os.read(0, 1)
    os._exit(1)


if __name__ == "__main__":
    end_with_input()
    del sys.argv[0]
    runpy.run_path(sys.argv[0], run_name="__main__")
