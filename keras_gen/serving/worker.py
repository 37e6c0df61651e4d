"""Runs exported models for the server, in a separate process.

    python worker.py

Jobs come on standard input, answers go to standard output. Each is a pickle, preceded
by its length in eight bytes. A job is a path, a signature and its inputs by name; an
answer is a dict of outputs or the text of an error. The `sampler.py` beside a `.tflite`
file runs it on one thread. TensorFlow is imported only for a SavedModel.
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
        # XLA compiles for each batch size, so only powers of two are used.
        index = np.arange(2 ** (num - 1).bit_length()).clip(max=num - 1)
        full = {name: tf.constant(values[index]) for name, values in inputs.items()}
        outputs = model.signatures[signature](**full)
        return {name: values.numpy()[:num] for name, values in outputs.items()}

    return run


def main():
    """Answers jobs until the input ends."""
    # The server decides when to end, also if a terminal interrupts both processes.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    jobs, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    # What libraries print must not get between the answers.
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
