"""Bytes of any length, such as compressed examples."""

from pathlib import Path

import keras
import numpy as np

from keras_gen.domains.domain import Domain, check_integers
from keras_gen.files import read_bytes, written_whole


@keras.saving.register_keras_serializable(package="keras_gen")
class Bytes(Domain):
    """The bytes of a file, such as a lossless code of examples."""

    dtype = "uint8"
    bounds = (0, 255)
    noun = "bytes"
    suffix = ".kgc"

    def draw(self, rows):
        uniform = np.asarray(rows.uniform((), "bytes"))
        return np.floor(256 * uniform).astype(np.uint8)

    def load(self, path):
        """Reads all bytes of a file; raises an OSError if there is none."""
        if Path(path).suffix == ".npy":
            return super().load(path)
        return np.frombuffer(read_bytes(path), np.uint8)

    def get_config(self):
        return {}

    def _save(self, path, values):
        with written_whole(Path(path)) as partial:
            partial.write_bytes(values.astype(np.uint8).tobytes())

    def _check_values(self, values, name):
        check_integers(values, name, 0, 256)
