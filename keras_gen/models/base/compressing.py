"""Lossless compression: examples as bytes, and back."""

import hashlib
import json

import numpy as np

from keras_gen.arguments import check_count, shown
from keras_gen.compression import Code, pack, unpack
from keras_gen.compression.container import checksum_of
from keras_gen.domains import Bytes, Domain, Images
from keras_gen.models.base.marks import marked


class Compressing:
    """Ability: a model that compresses examples without loss.

    A subclass implements `encode_levels()` and `decode_levels()`, and sets
    `compresses` and `stream_size`.
    """

    #: Integer, the number of examples that one stream of words holds.
    stream_size = 1000

    # Hooks

    @property
    def compresses(self) -> bool:
        """Whether this model has a code."""
        raise NotImplementedError

    def encode_levels(self, levels, y=None, plain=False) -> np.ndarray:
        """Encodes the levels of some examples as a stream of words.

        Args:
            levels: Int32 array of shape `(num, *sites)`.
            y: Array of the `y_domain`, if there is one.
            plain: Boolean. If True, the code does not depend on the network.

        Returns:
            Uint32 array.
        """
        raise NotImplementedError

    def decode_levels(self, words, num) -> np.ndarray:
        """The inverse of `encode_levels()`.

        Args:
            words: Uint32 array.
            num: Integer, the number of examples.

        Returns:
            Int32 array of shape `(num, *sites)`.
        """
        raise NotImplementedError

    # What follows

    def domain_of(self, name) -> Domain | None:
        if name == "code":
            return Bytes() if self.compresses else None
        return super().domain_of(name)

    @property
    def coded_domain(self) -> Domain:
        """The domain of what can be compressed: the `x_domain`, on levels."""
        domain, num_levels = self.x_domain, self.output_distribution.num_levels
        if domain.num_levels is None:
            return Images(domain.shape, *domain.bounds, levels=num_levels)
        return domain

    @marked(("x", "y"), ("code",), traced=None)
    def compress(self, x, y=None, stream_size=None, verify=True) -> np.ndarray:
        """Compresses examples without loss.

        The code holds a checksum of the examples and the `fingerprint()` of the model.
        It has nearly as many bits as the model has for the negative log-likelihood of
        the examples, or for its bound.

        Args:
            x: Array of shape `(num, *x_domain.shape)`, on the levels of the likelihood.
            y: Array of labels for models that have them; they are in the code too.
            stream_size: Optional integer of at least 1, how many examples are coded
                together, and decoded together. It limits memory. A small number costs
                bits.
            verify: Boolean, whether to decode everything and compare. Examples that are
                not restored are then coded without the network, at the price of a bit
                for each bit.

        Returns:
            Uint8 array of shape `(num_bytes,)`.

        Raises:
            ValueError: If an argument is wrong, or `x` does not lie on the levels.
            ImportError: If `constriction` is not installed.
        """
        self._check_compresses()
        domain = self.coded_domain
        domain.check(x, "x")
        self.check_y(y, len(x))
        size = self.stream_size if stream_size is None else stream_size
        check_count(size, "stream_size", 1)
        levels, streams = self._levels(x), []
        y = None if y is None else np.asarray(y, self.y_domain.dtype)
        for first in range(0, len(levels), size):
            some = levels[first : first + size]
            labels = None if y is None else y[first : first + size]
            words = self.encode_levels(some, labels)
            if verify and not np.array_equal(self._decoded(words, len(some)), some):
                words = self.encode_levels(some, labels, plain=True)
            streams.append(words)
        code = Code(
            self.fingerprint(),
            domain.shape,
            len(levels),
            size,
            checksum_of(levels),
            streams,
        )
        return np.frombuffer(pack(code), np.uint8)

    @marked(("code",), ("x",), traced=None)
    def decompress(self, code) -> np.ndarray:
        """Restores examples from what `compress()` has returned.

        Args:
            code: Bytes, or uint8 array of shape `(num_bytes,)`.

        Returns:
            Array of shape `(num, *x_domain.shape)`.

        Raises:
            ValueError: If `code` is cut short, damaged, no code at all, or that of
                another model; or if this machine does not compute the numbers of the
                one that has compressed, which `verify` cannot see.
            ImportError: If `constriction` is not installed.
        """
        self._check_compresses()
        if isinstance(code, (bytes, bytearray, memoryview)):
            code = np.frombuffer(code, np.uint8)
        self.domain_of("code").check(code, "code")
        found = unpack(np.asarray(code).astype(np.uint8).tobytes())
        own = self.fingerprint()
        if found.model != own:
            raise ValueError(
                f"`code` is of another model than this {type(self).__name__}: of "
                f"sha256 {found.model}. This one has {own}"
            )
        if found.shape != self.x_domain.shape:
            raise ValueError(
                f"`code` must be of examples of shape {self.x_domain.shape}. Received "
                f"shape: {found.shape}"
            )
        blocks = []
        for index, words in enumerate(found.streams):
            num = min(found.stream_size, found.num - index * found.stream_size)
            blocks.append(self._decoded(words, num))
        if any(block is None for block in blocks) or (
            checksum_of(np.concatenate(blocks)) != found.levels
        ):
            raise ValueError(
                "`code` was not restored: its checksum is another. Its bytes are sound "
                "and the model is the same, so the numbers of the network must differ "
                "by more than rounding: decode with the version of TensorFlow that has "
                "encoded."
            )
        levels = np.concatenate(blocks)
        values = np.asarray(self.coded_domain.from_levels(levels))
        return values.reshape(-1, *self.x_domain.shape).astype(self.x_domain.dtype)

    def fingerprint(self) -> str:
        """The sha256 of the class, the plain arguments and the weights, a string."""
        config = {
            key: value
            for key, value in self.get_config().items()
            if key != "name" and _is_plain(value)
        }
        kind = [type(self).__name__, repr(self.coded_domain), config]
        digest = hashlib.sha256(json.dumps(kind, sort_keys=True).encode())
        for weight in self.weights:
            if weight is not self._evaluated_rows:
                digest.update(repr(tuple(weight.shape)).encode())
                digest.update(np.ascontiguousarray(weight.numpy()).tobytes())
        return digest.hexdigest()

    def _levels(self, x):
        domain = self.coded_domain
        x = np.asarray(x, domain.dtype)
        levels = np.asarray(domain.to_levels(x))
        wrong = ~np.isclose(np.asarray(domain.from_levels(levels)), x, 0.0, 1e-5)
        if wrong.any():
            raise ValueError(
                f"`x` must hold values on {domain.num_levels} levels. Received: "
                f"{x[wrong][0]:.6g}"
            )
        return levels.reshape(-1, *domain.sites)

    def _decoded(self, words, num):
        """The levels in a stream; None if it holds none of these numbers."""
        try:
            return self.decode_levels(words, num)
        except NotRestoredError:
            return None

    def _check_compresses(self):
        if not self.compresses:
            raise ValueError(
                f"This {type(self).__name__} does not compress: it needs a likelihood "
                "on the levels of its examples, no unknown values, sites in one order, "
                "and to learn from examples alone or with labels. Received: "
                f"{shown(self.output_distribution)}, {shown(self.x_domain)}"
            )


def _is_plain(value):
    if isinstance(value, (tuple, list)):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, (int, float, str))


class NotRestoredError(ValueError):
    """A stream was decoded with other tables than it was encoded with."""
