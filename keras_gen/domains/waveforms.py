"""Sound of one channel."""

import math
from pathlib import Path

import keras
import numpy as np

from keras_gen import media
from keras_gen.arguments import check_count
from keras_gen.domains.domain import Levels, check_range


@keras.saving.register_keras_serializable(package="keras_gen")
class Waveforms(Levels):
    """Sound of one channel, from -1 to 1.

    Levels are those of the mu-law, which are finer near zero (ITU-T G.711). A value
    between two levels stands for the nearest one, which `on_levels()` gives.

    Args:
        length: Integer of at least 1, the number of samples.
        sample_rate: Integer of at least 1, the samples per second.
        levels: Optional integer of at least 2, the levels of `to_levels()`.

    Raises:
        ValueError: If an argument is wrong.
    """

    noun = "waveforms"
    suffix = ".wav"
    prompt = "a .wav file"
    bounds = (-1.0, 1.0)

    def __init__(self, length, sample_rate, levels=None):
        check_count(length, "length", 1)
        check_count(sample_rate, "sample_rate", 1)
        if levels is not None:
            check_count(levels, "levels", 2)
        self.shape, self.sample_rate, self.num_levels = (length,), sample_rate, levels

    def draw(self, rows):
        return self.on_levels(np.array(2.0 * rows.uniform(self.shape, "waveforms") - 1))

    def on_levels(self, values) -> np.ndarray:
        """Values on the nearest levels, if there are any."""
        if self.num_levels is None:
            return values
        return np.array(self.from_levels(self.to_levels(values)))

    def to_levels(self, values):
        mu = self.num_levels - 1.0
        size = keras.ops.log1p(mu * keras.ops.abs(values)) / math.log1p(mu)
        share = (keras.ops.sign(values) * size + 1.0) / 2.0
        return keras.ops.cast(keras.ops.round(share * mu), "int32")

    def from_levels(self, levels):
        mu = self.num_levels - 1.0
        signed = 2.0 * keras.ops.cast(levels, "float32") / mu - 1.0
        size = keras.ops.expm1(keras.ops.abs(signed) * math.log1p(mu)) / mu
        return keras.ops.sign(signed) * size

    def to_bytes(self, values):
        return np.rint(np.clip(values, -1.0, 1.0) * 32767.0).astype(np.int16)

    def bytes_of(self, values):
        levels = keras.ops.round(keras.ops.clip(values, -1.0, 1.0) * 32767.0)
        return keras.ops.cast(levels, "int16")

    def write(self, path, waveforms) -> None:
        """Writes waveforms of any length, one after the other, as a `.wav` file."""
        media.save_wav(path, self.to_bytes(waveforms), self.sample_rate)

    def read(self, path) -> np.ndarray:
        """The sound of a `.wav` file of 16 bits, float32 of shape `(num_samples,)`."""
        return media.load_wav(path, self.sample_rate)

    def from_prompt(self, prompt) -> np.ndarray:
        """The same as `read()`."""
        return self.read(prompt)

    def _save(self, path, values):
        self.write(path, values)

    def load(self, path):
        """Reads sound from a `.wav` file of 16 bits, or from a `.npy` file."""
        is_array = Path(path).suffix == ".npy"
        values = media.load_array(path) if is_array else self.read(path)
        if values.ndim == 1 and values.size % self.shape[0] == 0:
            values = values.reshape(-1, *self.shape)
        return self._as_examples(values, path)

    def get_config(self):
        return {
            "length": self.shape[0],
            "sample_rate": self.sample_rate,
            "levels": self.num_levels,
        }

    def _check_values(self, values, name):
        check_range(values, name, -1.0, 1.0)
