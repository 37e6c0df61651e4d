"""Runs a SavedModel in a process that cannot import Keras and this package.

    python run_saved_model.py FOLDER INPUTS.npz OUTPUTS.npz

Arrays of the inputs are named `<signature>/<input>`, those of the outputs
`<signature>/<output>/<rows>`: each signature runs on the first row and on all rows.
"""

import sys

import numpy as np
import tensorflow as tf


def main(path, inputs_path, outputs_path):
    """Runs each signature that has inputs."""
    signatures = tf.saved_model.load(path).signatures
    with np.load(inputs_path) as arrays:
        given = dict(arrays)
    outputs = {}
    for name in {key.split("/")[0] for key in given}:
        inputs = {
            k.split("/")[1]: v for k, v in given.items() if k.startswith(f"{name}/")
        }
        for num in (1, len(next(iter(inputs.values())))):
            rows = {key: tf.constant(values[:num]) for key, values in inputs.items()}
            for key, values in signatures[name](**rows).items():
                outputs[f"{name}/{key}/{num}"] = values.numpy()
    np.savez(outputs_path, **outputs)


if __name__ == "__main__":
    main(*sys.argv[1:])
