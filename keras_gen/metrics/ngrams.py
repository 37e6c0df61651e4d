"""Models of the last few symbols, to compare models of sequences with."""

import numpy as np

from keras_gen.arguments import check_count


def ngram_log_probs(sequences, training_sequences, num_symbols, order=5) -> np.ndarray:
    """The log probability of each symbol by counts of the symbols before it.

    The `n`-gram predicts a symbol from the `n - 1` symbols before it. A start symbol
    stands before each sequence, so the first symbols are predicted from fewer. A count
    is smoothed by interpolation with the next shorter context, by the method of Witten
    and Bell: with `c` occurrences of a context and `k` kinds of symbols after it, the
    shorter context has the weight `k / (c + k)`. The shortest one is uniform.

    Args:
        sequences: Integer array of shape `(num, length)`, symbols from 0 to
            `num_symbols - 1`.
        training_sequences: Integer array of shape `(num_training, training_length)`, in
            which symbols are counted.
        num_symbols: Integer of at least 2.
        order: Integer of at least 1, the largest `n`.

    Returns:
        Float64 array of shape `(order, num, length)`, in nats. Row `n - 1` is that of
        the `n`-gram.

    Raises:
        ValueError: If an argument is wrong.

    Reference:
        Witten and Bell, "The zero-frequency problem", 1991, doi:10.1109/18.87000,
        method C; interpolated as in Chen and Goodman, "An empirical study of smoothing
        techniques for language modeling", 1998, TR-10-98.

    Example:
    >>> import numpy as np
    >>> from keras_gen.metrics import ngram_log_probs
    >>> np.exp(ngram_log_probs([[0, 1]], [[0, 0, 1]], num_symbols=2, order=2)).round(6)
    array([[[0.6 , 0.4 ]],
    <BLANKLINE>
           [[0.8 , 0.45]]])
    """
    check_count(num_symbols, "num_symbols", 2)
    check_count(order, "order", 1)
    sequences = _checked(sequences, "sequences", num_symbols)
    training = _checked(training_sequences, "training_sequences", num_symbols)
    # The number of the context of each symbol among all of one length; -1 for none.
    context, seen = np.zeros_like(sequences), np.zeros_like(training)
    num_contexts = 1
    chances, found = np.full(sequences.shape, 1.0 / num_symbols), []
    for length in range(order):
        keys = seen * num_symbols + training
        grams, counts = np.unique(keys[seen >= 0], return_counts=True)
        if not grams.size:
            # No training sequence is as long.
            found.append(found[-1])
            continue
        before = grams // num_symbols
        totals = np.bincount(before, counts, num_contexts)
        kinds = np.bincount(before, minlength=num_contexts)
        gram = _places(grams, context, context * num_symbols + sequences)
        count = np.where(gram >= 0, counts[gram], 0)
        kind = np.where(context >= 0, kinds[context], 0)
        whole = np.where(kind > 0, totals[context] + kind, 1)
        chances = np.where(kind > 0, (count + kind * chances) / whole, chances)
        found.append(np.log(chances))
        num_contexts = len(grams) + 1
        # Only the shortest context that is not empty can be the start symbol alone.
        start = len(grams) if length == 0 else -1
        context = _after(gram, start)
        seen = _after(_places(grams, seen, keys), start)
    return np.stack(found)


def _places(grams, context, keys):
    """The places of keys among sorted ones; -1 for those that are not there."""
    places = np.searchsorted(grams, keys).clip(max=len(grams) - 1)
    return np.where((context >= 0) & (grams[places] == keys), places, -1)


def _after(gram, start):
    """The contexts of symbols, from what ended with the symbol before."""
    return np.pad(gram[:, :-1], [(0, 0), (1, 0)], constant_values=start)


def _checked(sequences, name, num_symbols):
    sequences = np.asarray(sequences)
    if sequences.ndim != 2 or not sequences.size or sequences.dtype.kind not in "iu":
        raise ValueError(
            f"`{name}` must be integers of shape (num, length). Received: "
            f"{sequences.dtype} of shape {sequences.shape}"
        )
    least, most = sequences.min(), sequences.max()
    if least < 0 or most >= num_symbols:
        raise ValueError(
            f"`{name}` must hold integers in [0, {num_symbols}). Received: "
            f"{least if least < 0 else most}"
        )
    return sequences.astype(np.int64)
