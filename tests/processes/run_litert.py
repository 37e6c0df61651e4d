"""Runs a TFLite file by the sampler beside it, in a process without TensorFlow.

    python run_litert.py MODEL.tflite INPUTS.npz OUTPUTS.npz

Arrays are named as in `run_saved_model.py`.
"""

import importlib.util
import sys
from pathlib import Path

import numpy as np


def main(path, inputs_path, outputs_path):
    """Runs each signature that has inputs."""
    beside = Path(path).with_name("sampler.py")
    spec = importlib.util.spec_from_file_location("sampler", beside)
    sampler = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sampler)
    model = sampler.Sampler(path, num_threads=1)
    with np.load(inputs_path) as arrays:
        given = dict(arrays)
    outputs = {}
    for name in {key.split("/")[0] for key in given}:
        inputs = {
            k.split("/")[1]: v for k, v in given.items() if k.startswith(f"{name}/")
        }
        for num in (1, len(next(iter(inputs.values())))):
            rows = {key: values[:num] for key, values in inputs.items()}
            for key, values in model.run(name, **rows).items():
                outputs[f"{name}/{key}/{num}"] = values
    np.savez(outputs_path, **outputs)


if __name__ == "__main__":
    main(*sys.argv[1:])
