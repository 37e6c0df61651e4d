"""Runs a script in a process that ends with its parent.

    python child.py SCRIPT ARGUMENTS

Its input must be a pipe to which nobody writes. The parent has the other end, which
closes with the parent.
"""

import os
import runpy
import sys
import threading


def _end_with_input():
    # Not `sys.stdin`: at exit Python would wait for the thread that reads from it.
    os.read(0, 1)
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=_end_with_input, daemon=True).start()
    del sys.argv[0]
    runpy.run_path(sys.argv[0], run_name="__main__")
