"""Milliseconds of training steps of several models that take turns in one process."""

import time


def stepper(model, data, steps):
    """A function that takes some steps of `fit` and returns milliseconds a step."""

    def milliseconds():
        start = time.perf_counter()
        model.fit(data, steps_per_epoch=steps, verbose=0)
        return 1000 * (time.perf_counter() - start) / steps

    milliseconds()
    return milliseconds


def fastest(steppers, rounds):
    """Milliseconds of the fastest round of each, all once in each round."""
    times = [[step() for step in steppers] for _ in range(rounds)]
    return [min(found) for found in zip(*times, strict=True)]
