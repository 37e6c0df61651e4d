"""Runs a TFLite file on given inputs, in a process that cannot import TensorFlow.

    python litert.py SAMPLER.py MODEL.tflite INPUTS.npz OUTPUTS.npz

Arrays of the inputs are named `<signature>/<input>`, those of the outputs
`<signature>/<output>`. The first row runs by itself, the others run together if the
file takes several rows. Everything runs twice, and the second outputs are written. By
then the memory of the process is not zero, so a file that reads memory before it writes
it gives other outputs.
"""

import importlib.util
import sys

import numpy as np


def main(sampler_path, path, inputs_path, outputs_path):
    """Runs each signature that has inputs."""
    spec = importlib.util.spec_from_file_location("sampler", sampler_path)
    sampler = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sampler)
    with np.load(inputs_path) as arrays:
        given = dict(arrays)
    for _ in range(2):
        outputs = run(sampler.Sampler(path, num_threads=1), given)
    np.savez(outputs_path, **outputs)


def run(model, given):
    """The outputs of a file that has just been opened."""
    outputs = {}
    for signature in {name.split("/")[0] for name in given}:
        inputs = {
            name.split("/")[1]: values
            for name, values in given.items()
            if name.split("/")[0] == signature
        }
        parts = [
            model.run(signature, **{name: v[rows] for name, v in inputs.items()})
            for rows in (slice(0, 1), slice(1, None))
        ]
        for name in parts[0]:
            both = [part[name] for part in parts]
            outputs[f"{signature}/{name}"] = np.concatenate(both)
    return outputs


if __name__ == "__main__":
    for absent in ("tensorflow", "keras", "keras_gen"):
        sys.modules[absent] = None
    main(*sys.argv[1:])
