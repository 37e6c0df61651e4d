"""What a process that knows the models by their import alone gets of a saved one.

python load_model.py MODEL.keras INPUTS.npz OUTPUTS.npz
"""

import sys

import keras
import numpy as np

import keras_gen.models  # noqa: F401  (makes the classes known to Keras)


def main(path, inputs_path, outputs_path):
    """Writes what the model predicts and then the variables of its optimizer."""
    model = keras.saving.load_model(path)
    with np.load(inputs_path) as arrays:
        inputs = tuple(arrays.values())
    outputs = model.predict(inputs if len(inputs) > 1 else inputs[0], verbose=0)
    variables = [np.array(variable) for variable in model.optimizer.variables]
    np.savez(outputs_path, outputs, *variables)


if __name__ == "__main__":
    main(*sys.argv[1:])
