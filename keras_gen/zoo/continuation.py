"""Continues a sequence, also beyond the length of the examples of a model."""

from collections.abc import Iterator

import numpy as np

from keras_gen.arguments import check_count


def continuation(
    model, prompt, num_symbols, num=1, seed=0, **conditions
) -> Iterator[np.ndarray]:
    """What follows a prompt, in parts as they are drawn.

    The first part fills an example of the model. For each further part the model sees
    the second half of an example, so what is farther back is forgotten. Of a prompt
    that fills an example it sees as much.

    Args:
        model: Model of a row of sites, such as `RecurrentModel`.
        prompt: Array of shape `(num_known,)`, of at least one value of an example.
        num_symbols: Integer of at least 1, how many values follow.
        num: Integer of at least 1, the number of continuations.
        seed: Integer in [0, 2**31).
        **conditions: Arguments of `model.impute()`, such as `temperature` and `top_k`.

    Yields:
        Arrays of shape `(num, num_drawn)`, `num_symbols` in all.

    Raises:
        ValueError: If an argument is wrong.
    """
    check_count(num_symbols, "num_symbols", 1)
    check_count(num, "num", 1)
    (length,) = model.x_domain.shape
    seen = np.tile(np.asarray(prompt), (num, 1))
    first_row = 0
    while num_symbols > 0:
        if seen.shape[1] >= length:
            seen = seen[:, -max(1, length // 2) :]
        known = seen.shape[1]
        x = np.pad(seen, [(0, 0), (0, length - known)])
        mask = np.arange(length) < known
        # Each part has rows of its own, and so other random numbers.
        options = {"seed": seed, "first_row": first_row, **conditions}
        seen = model.impute(x, mask, **options)
        yield seen[:, known : known + num_symbols]
        num_symbols -= length - known
        first_row += num
