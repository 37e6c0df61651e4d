"""Text: characters of an alphabet, or bytes."""

import codecs
from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np

from keras_gen import media
from keras_gen.arguments import check_count, shown
from keras_gen.domains.symbols import Symbols


@keras.saving.register_keras_serializable(package="keras_gen")
class Text(Symbols):
    """Text, whose symbols are characters of an alphabet, or bytes.

    Args:
        length: Integer of at least 1, the symbols of an example.
        alphabet: Optional string of at least 2 different characters; a character is its
            place in it. By default symbols are the bytes of UTF-8.

    Raises:
        ValueError: If an argument is wrong.

    Example:
    >>> from keras_gen.domains import Text
    >>> domain = Text(4, alphabet="abc")
    >>> domain.to_symbols("cab")
    array([2, 0, 1], dtype=int32)
    >>> domain.to_text([2, 0, 1])
    'cab'
    """

    noun = "texts"
    suffix = ".txt"
    is_text = True
    prompt = "a text"
    phrase_lengths = (10, 20, 30)

    def __init__(self, length, alphabet=None):
        check_count(length, "length", 1)
        is_text = isinstance(alphabet, str) and len(set(alphabet)) == len(alphabet)
        if alphabet is not None and not (is_text and len(alphabet) > 1):
            raise ValueError(
                "`alphabet` must be a string of at least 2 different characters. "
                f"Received: {shown(alphabet)}"
            )
        super().__init__(length, 256 if alphabet is None else len(alphabet))
        self.alphabet = alphabet

    def to_symbols(self, text, name="text") -> np.ndarray:
        """The symbols of a text, int32 of shape `(num,)`.

        Args:
            text: String.
            name: String, the name of the caller's argument.

        Raises:
            ValueError: If the text has characters that are not in the alphabet.
        """
        if self.alphabet is None:
            return np.frombuffer(text.encode("utf-8"), np.uint8).astype(np.int32)
        places = {character: place for place, character in enumerate(self.alphabet)}
        unknown = sorted(set(text) - set(places))
        if unknown:
            raise ValueError(
                f"`{name}` must have characters of the alphabet {self.alphabet!r} "
                f"alone. Received: {shown(unknown)}"
            )
        return np.array([places[character] for character in text], np.int32)

    def to_text(self, symbols) -> str:
        """The text of symbols. Bytes that are not UTF-8 become replacement marks."""
        if self.alphabet is None:
            return np.asarray(symbols, np.uint8).tobytes().decode("utf-8", "replace")
        return "".join(self.alphabet[symbol] for symbol in np.asarray(symbols))

    def to_texts(self, parts) -> Iterator[str]:
        """The text of symbols that come in parts, as they come.

        Args:
            parts: Iterable of integer arrays of shape `(num,)`. A character of several
                bytes may begin in one and end in the next.
        """
        if self.alphabet is not None:
            return map(self.to_text, parts)
        parts = (np.asarray(part, np.uint8).tobytes() for part in parts)
        return codecs.iterdecode(parts, "utf-8", "replace")

    def from_prompt(self, prompt) -> np.ndarray:
        """The symbols of a text, int32 of shape `(num,)`."""
        return self.to_symbols(prompt, "prompt")

    def load(self, path):
        """Reads texts that `save()` has written, or one text, from a `.txt` file."""
        if Path(path).suffix == ".npy":
            return super().load(path)
        parts = media.load_texts(path, self.shape[0], as_bytes=self.alphabet is None)
        if self.alphabet is None:
            symbols = [np.frombuffer(part, np.uint8) for part in parts]
        else:
            symbols = [self.to_symbols(part, str(path)) for part in parts]
        return np.stack(symbols).astype(np.int32)

    def write(self, path, texts) -> None:
        """Writes symbols of texts of any length into a `.txt` file."""
        if self.alphabet is None:
            parts = [np.asarray(text, np.uint8).tobytes() for text in texts]
        else:
            parts = [self.to_text(text).encode("utf-8") for text in texts]
        media.save_texts(path, parts)

    def _save(self, path, values):
        self.write(path, values)

    def get_config(self):
        return {"length": self.shape[0], "alphabet": self.alphabet}
