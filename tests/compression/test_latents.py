import numpy as np
import pytest

from keras_gen.compression import pack_latents, unpack_latents

LATENTS = np.random.default_rng(0).normal([0, 5, -3], [1, 0.1, 20], (2000, 3))


@pytest.mark.parametrize("step", [0.01, 0.5, 8.0])
def test_latents_are_rounded_to_multiples(step):
    found = unpack_latents(pack_latents(LATENTS, step))
    np.testing.assert_allclose(found, np.rint(LATENTS / step) * step, rtol=1e-6)


def test_the_length_is_the_entropy_of_the_multiples():
    """The entropy of a normal variable less the log of the step, Cover and Thomas."""
    step = 0.05
    bits = 8 * len(pack_latents(LATENTS, step)) / len(LATENTS)
    entropy = np.log2(np.sqrt(2 * np.pi * np.e) * LATENTS.std(axis=0) / step).sum()
    assert bits == pytest.approx(entropy, rel=0.015)


@pytest.mark.parametrize(
    ("latents", "step", "message"),
    [
        (LATENTS, 0, "`step` must be positive. Received: 0"),
        (LATENTS, "fine", "`step` must be a finite number"),
        (LATENTS, 1e-7, "`step` must be larger"),
        (LATENTS[0], 1, r"`latents` must be finite .*\(3,\)"),
        (LATENTS * np.nan, 1, "`latents` must be finite"),
    ],
)
def test_wrong_latents_are_refused(latents, step, message):
    with pytest.raises(ValueError, match=message):
        pack_latents(latents, step)


def test_cut_and_damaged_bytes_are_refused():
    data = pack_latents(LATENTS, 1)
    cut = [data[:length] for length in (0, 3, 30, len(data) - 4, len(data) - 1)]
    flipped = [bytes([*data[:i], data[i] ^ 1, *data[i + 1 :]]) for i in (0, 22, 40, 99)]
    for wrong in (*cut, *flipped, bytes(100)):
        with pytest.raises(ValueError, match="`data` must be what `pack_latents"):
            unpack_latents(wrong)
