"""Exports models for the server, in a separate process.

    python exporter.py

Standard input is the pickled arguments of `write_repository()`; standard output is the
pickled error that it raises, or None.
"""

import os
import pickle
import sys
from pathlib import Path


def main():
    """Exports what the input asks for."""
    sys.path.append(str(Path(__file__).parents[2]))
    answers = os.fdopen(os.dup(1), "wb")
    # What libraries print must not get before the answer.
    os.dup2(2, 1)
    from keras_gen.serving.repository import write_repository
    from keras_gen.zoo.startup import import_tensorflow

    arguments = pickle.load(sys.stdin.buffer)
    import_tensorflow()
    found = None
    try:
        write_repository(*arguments)
    except (ValueError, OSError, ImportError) as error:
        found = error
    with answers:
        pickle.dump(found, answers)


if __name__ == "__main__":
    main()
