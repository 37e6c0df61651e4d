"""Exports models for the server, in a separate process.

    python exporter.py

Standard input is the pickled arguments of `write_repository()`, and stays open: the
process ends with it. Standard output is the pickled error that it raises, or None.
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
    from keras_gen.export.child import end_with_input
    from keras_gen.serving.repository import write_repository
    from keras_gen.zoo.startup import import_tensorflow

    arguments = pickle.load(sys.stdin.buffer)
    end_with_input()
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
