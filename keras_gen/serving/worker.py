"""Runs exported models for the server, in a separate process.

    python worker.py

A job is a pickled `(sampler, path, signature, inputs)`. The inputs are arrays by name.
An answer is a dict of outputs or the text of an error. The file `sampler` runs
`.tflite` files on one thread. TensorFlow is imported only for a SavedModel.
"""

import importlib.util
import pickle
import sys
from functools import cache
from pathlib import Path

import numpy as np


@cache
def opened(sampler, path):
    """A model as a function of a signature's name and a dict of inputs."""
    if path.endswith(".tflite"):
        return _opened_tflite(sampler, path)
    return _opened_folder(path)


def _opened_tflite(sampler, path):
    spec = importlib.util.spec_from_file_location("sampler", sampler)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    model = module.Sampler(path, num_threads=1)
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
    sys.path.append(str(Path(__file__).parents[2]))
    from keras_gen.serving.jobs import serve_jobs

    def run(job):
        sampler, path, signature, inputs = pickle.loads(job)
        return opened(sampler, path)(signature, inputs)

    serve_jobs(run)


if __name__ == "__main__":
    main()
