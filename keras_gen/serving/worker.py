"""Runs exported models for the server, in a process of its own.

    python worker.py

Jobs come on standard input and answers leave on standard output, each a pickle behind
its length in eight bytes. A job is a path, a signature and its inputs by name; the
answer is a dict of outputs, or the text of an error. A `.tflite` file is run by the
`sampler.py` beside it, on one thread; TensorFlow is imported for a SavedModel only.
"""

import importlib.util
import os
import pickle
import signal
import sys
import traceback
from functools import cache
from pathlib import Path

import numpy as np


@cache
def opened(path):
    """A model as a function of a signature's name and a dict of inputs."""
    return _opened_tflite(path) if path.endswith(".tflite") else _opened_folder(path)


def _opened_tflite(path):
    beside = Path(path).with_name("sampler.py")
    spec = importlib.util.spec_from_file_location("sampler", beside)
    sampler = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sampler)
    model = sampler.Sampler(path, num_threads=1)
    return lambda signature, inputs: model.run(signature, **inputs)


def _opened_folder(path):
    import tensorflow as tf

    model = tf.saved_model.load(path)

    def run(signature, inputs):
        num = len(next(iter(inputs.values())))
        # XLA compiles for each size of a batch, so there are few: the powers of two.
        index = np.arange(2 ** (num - 1).bit_length()).clip(max=num - 1)
        full = {name: tf.constant(values[index]) for name, values in inputs.items()}
        outputs = model.signatures[signature](**full)
        return {name: values.numpy()[:num] for name, values in outputs.items()}

    return run


def main():
    """Answers jobs until the input ends."""
    # The server decides when it is over, also if both are interrupted from a terminal.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    jobs, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    # What libraries print must not come between the answers.
    os.dup2(2, 1)
    while length := jobs.read(8):
        path, signature, inputs = pickle.loads(jobs.read(int.from_bytes(length)))
        try:
            answer = opened(path)(signature, inputs)
        except Exception as error:
            traceback.print_exc()
            answer = f"{type(error).__name__}: {error}"
        answer = pickle.dumps(answer)
        answers.write(len(answer).to_bytes(8) + answer)
        answers.flush()


if __name__ == "__main__":
    main()
