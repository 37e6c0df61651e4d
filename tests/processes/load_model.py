"""What a process that knows the models by their import alone gets of a saved one.

python load_model.py MODEL.keras INPUTS.npz OUTPUTS.npz MODULE

MODULE is that of the model's class. Where it is one of the tests, all models of their
families are imported.
"""

import importlib
import sys
from pathlib import Path

import keras
import numpy as np

import keras_gen.models  # noqa: F401  (makes the classes known to Keras)


def main(path, inputs_path, outputs_path, module):
    """Writes what the model predicts and then the variables of its optimizer."""
    if not module.startswith("keras_gen."):
        tests = Path(__file__).parents[1]
        sys.path.append(str(tests))
        for family in (tests / "families").glob("*.py"):
            if not family.name.startswith("test_"):
                importlib.import_module(f"families.{family.stem}")
    model = keras.saving.load_model(path)
    with np.load(inputs_path) as arrays:
        inputs = tuple(arrays.values())
    outputs = model.predict(inputs if len(inputs) > 1 else inputs[0], verbose=0)
    variables = [np.array(variable) for variable in model.optimizer.variables]
    np.savez(outputs_path, outputs, *variables)


if __name__ == "__main__":
    main(*sys.argv[1:])
