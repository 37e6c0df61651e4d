"""`keras-gen` in a process that ends itself by a signal, soon after a write to a run.

    python ended.py RUN WRITES SECONDS SIGNAL train RECIPE --out=RUN ...

Files of the run are counted as they are opened and renamed, from its first checkpoint
on. The moment is so and so many seconds after so many of them, on any machine.
"""

import os
import sys
import threading
from pathlib import Path

from keras_gen import cli


def end_after(run, writes, seconds, number):
    """Lets this process end itself."""
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
