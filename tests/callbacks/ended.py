"""`keras-gen` in a process that ends itself by a signal, soon after a write to a run.

    python ended.py RUN WRITES SECONDS SIGNAL train RECIPE --out=RUN ...

A write is a file of the run that is opened or renamed, from its first checkpoint on.
The process ends itself SECONDS after WRITES of them, so the moment depends little on
the speed of the machine.
"""

import os
import sys
import threading
from pathlib import Path

from keras_gen import cli


def end_after(run, writes, seconds, number):
    """Ends this process by a signal, some seconds after a number of writes."""
    checkpoints, seen = Path(run) / "checkpoints", 0

    def look(event, arguments):
        nonlocal seen
        if event not in ("open", "os.rename") or run not in str(arguments[0]):
            return
        if seen or any(checkpoints.glob("*.npz")):
            seen += 1
        if seen == writes:
            threading.Timer(seconds, os.kill, (os.getpid(), number)).start()

    sys.addaudithook(look)


if __name__ == "__main__":
    run, writes, seconds, number = sys.argv[1:5]
    end_after(run, int(writes), float(seconds), int(number))
    del sys.argv[1:5]
    cli.main()
