"""Reads long requests for the server, in a separate process.

    python reader.py

Jobs come on standard input, answers go to standard output, each preceded by its length
in eight bytes. A job is a pickled `(length, *arguments)` and then `length` bytes of a
request. An answer is a pickled `Request` or the text of an error.
"""

import pickle
import sys
from pathlib import Path


def main():
    """Answers jobs until the input ends."""
    sys.path.append(str(Path(__file__).parents[2]))
    from keras_gen.serving.jobs import serve_jobs
    from keras_gen.serving.messages import read_message
    from keras_gen.serving.requests import read_json

    readers = {"json": read_json, "message": read_message}

    def read(job):
        length = int.from_bytes(job[:8])
        kind, *arguments = pickle.loads(job[8 : 8 + length])
        try:
            return readers[kind](job[8 + length :], *arguments)
        except ValueError as error:
            return str(error)

    serve_jobs(read)


if __name__ == "__main__":
    main()
