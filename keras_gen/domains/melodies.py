"""Melodies: notes, holds and rests on a grid of time."""

from pathlib import Path

import keras
import numpy as np

from keras_gen import media
from keras_gen.arguments import check_count
from keras_gen.domains.symbols import Symbols


@keras.saving.register_keras_serializable(package="keras_gen")
class Melodies(Symbols):
    """Melodies of one voice on a grid of sixteenth notes.

    Symbol 0 holds what sounds, symbol 1 is a rest, and symbol 2 begins the note of
    pitch `low`, symbol 3 the next one, up to `high`. A hold where nothing sounds is a
    rest too.

    Args:
        length: Integer of at least 1, the sixteenth notes of an example.
        low: Integer in [0, 127], the lowest pitch, as a number of MIDI; 60 is the
            middle C.
        high: Integer in [low, 127], the highest pitch.

    Raises:
        ValueError: If an argument is wrong.

    Example:
    >>> from keras_gen.domains import Melodies
    >>> domain = Melodies(8, low=60, high=72)
    >>> domain.from_notes([(0, 2, 60), (3, 1, 64)])
    array([2, 0, 1, 6], dtype=int32)
    >>> domain.to_notes([2, 0, 1, 6]).tolist()
    [[0, 2, 60], [3, 1, 64]]
    """

    noun = "melodies"
    suffix = ".mid"
    prompt = "a .mid file"
    phrase_lengths = (4, 8, 12)
    hold, rest, first_note = 0, 1, 2

    def __init__(self, length, low=48, high=96):
        check_count(length, "length", 1)
        check_count(low, "low", 0)
        check_count(high, "high", low)
        if high > 127:
            raise ValueError(f"`high` must be at most 127. Received: {high}")
        super().__init__(length, self.first_note + high - low + 1)
        self.low, self.high = low, high

    def from_notes(self, notes, name="notes") -> np.ndarray:
        """The symbols of notes, int32 of shape `(num_steps,)`, up to the last end.

        A note ends where the next one begins. Of notes that begin together the highest
        is kept.

        Args:
            notes: Array of integers of shape `(num, 3)`: the onset, the duration and
                the pitch of each note, times in sixteenth notes.
            name: String, the name of the caller's argument.

        Raises:
            ValueError: If a pitch is beyond `low` or `high`, or a time is wrong.
        """
        notes = np.asarray(notes, np.int64).reshape(-1, 3)
        wrong = notes[(notes[:, 0] < 0) | (notes[:, 1] < 1)]
        if wrong.size:
            raise ValueError(
                f"`{name}` must have onsets of at least 0 and durations of at least 1. "
                f"Received: {wrong[0].tolist()}"
            )
        wrong = notes[(notes[:, 2] < self.low) | (notes[:, 2] > self.high), 2]
        if wrong.size:
            raise ValueError(
                f"`{name}` must have pitches in [{self.low}, {self.high}]. Received: "
                f"{wrong[0]}"
            )
        notes = notes[np.lexsort((notes[:, 2], notes[:, 0]))]
        symbols = np.full(int(notes[:, :2].sum(axis=1).max(initial=0)), self.rest)
        for onset, duration, pitch in notes:
            symbols[onset:] = self.rest
            symbols[onset : onset + duration] = self.hold
            symbols[onset] = self.first_note + pitch - self.low
        return symbols.astype(np.int32)

    def to_notes(self, symbols) -> np.ndarray:
        """The notes of symbols, int64 of shape `(num, 3)`; see `from_notes()`."""
        notes = []
        sounds = False
        for step, symbol in enumerate(np.asarray(symbols).tolist()):
            if symbol >= self.first_note:
                notes.append([step, 1, symbol - self.first_note + self.low])
            elif symbol == self.hold and sounds:
                notes[-1][1] += 1
            sounds = symbol >= self.first_note or (symbol == self.hold and sounds)
        return np.array(notes, np.int64).reshape(-1, 3)

    def to_steps(self, symbols) -> np.ndarray:
        """What leads from each note to the next: the interval and the time, as one.

        So a phrase is the same in all keys.

        Args:
            symbols: Integer array of shape `(num_symbols,)`.

        Returns:
            Int64 array, shorter by one than the notes.
        """
        onset, _, pitch = self.to_notes(symbols).T
        return 256 * np.diff(onset) + np.diff(pitch) + 128

    def read(self, path) -> np.ndarray:
        """The symbols of a `.mid` file, int32 of shape `(num_steps,)`, up to its end.

        Notes of all tracks are put on the nearest sixteenth notes.
        """
        notes, num_steps = media.load_midi(path)
        symbols = self.from_notes(notes, str(path))
        rests = max(0, num_steps - len(symbols))
        return np.pad(symbols, (0, rests), constant_values=self.rest)

    def from_prompt(self, prompt) -> np.ndarray:
        """The same as `read()`."""
        return self.read(prompt)

    def load(self, path):
        """Reads melodies one after the other from a `.mid` file, or a `.npy` file.

        Rests fill up the last one.
        """
        if Path(path).suffix == ".npy":
            return super().load(path)
        symbols = self.read(path)
        rests = -len(symbols) % self.shape[0]
        symbols = np.pad(symbols, (0, rests), constant_values=self.rest)
        return self._as_examples(symbols.reshape(-1, *self.shape), path)

    def write(self, path, melodies) -> None:
        """Writes symbols of melodies of any length, one after the other, as MIDI."""
        # Apart, because a hold at the beginning of a melody is a rest.
        notes, end = [], 0
        for melody in melodies:
            notes.append(self.to_notes(melody) + [end, 0, 0])
            end += len(melody)
        media.save_midi(path, np.concatenate(notes), end)

    def _save(self, path, values):
        self.write(path, values)

    def get_config(self):
        return {"length": self.shape[0], "low": self.low, "high": self.high}
