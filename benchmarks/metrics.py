"""Speed and memory of the metrics, as ratios to the `prdc` package in one run.

Run with `python benchmarks/metrics.py`. Every time is the best of two; ratios mean
more than times while the machine does other work.
"""

import contextlib
import io
import os
import resource
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

from keras_gen import metrics

try:
    from prdc import compute_prdc
except ImportError:
    compute_prdc = None


def best_time(function, repeats=2):
    """Seconds of the fastest of some calls."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)


def peak_memory():
    """The largest resident size so far, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def normal(*shape):
    return np.random.default_rng(0).standard_normal(shape, dtype=np.float32)


def neighbour_metrics(real, fake):
    metrics.precision_recall(real, fake, k=5)
    metrics.density_coverage(real, fake, k=5)


def compare_with_prdc():
    real, fake = normal(2, 10_000, 64)
    neighbour_metrics(real[:500], fake[:500])
    before = peak_memory()
    ours = best_time(lambda: neighbour_metrics(real, fake))
    after = peak_memory()
    print(
        "precision, recall, density and coverage, 10,000 x 10,000 x 64: "
        f"{ours:.2f} s, {after:.0f} MB at most in the process, {before:.0f} MB before"
    )
    if compute_prdc is None:
        print("`pip install prdc` for the comparison")
        return
    for dtype in (np.float32, np.float64):
        sets = real.astype(dtype), fake.astype(dtype)
        with contextlib.redirect_stdout(io.StringIO()):
            theirs = best_time(lambda sets=sets: compute_prdc(*sets, 5))
        print(
            f"prdc on {np.dtype(dtype).name}: {theirs:.2f} s, {theirs / ours:.1f} times"
            f" as long, {peak_memory():.0f} MB at most"
        )


def time_distances():
    a, b = normal(2, 10_000, 128)
    calls = {
        "Fréchet distance (at most 0.2 s)": metrics.frechet_distance,
        "kernel distance in blocks": metrics.kernel_distance,
        "full kernel distance": metrics.full_kernel_distance,
        "sliced Wasserstein distance": metrics.sliced_wasserstein_distance,
        "nearest neighbours": metrics.nearest_neighbours,
    }
    for name, distance in calls.items():
        seconds = best_time(lambda distance=distance: distance(a, b))
        print(f"{name}, 10,000 x 10,000 x 128: {seconds:.3f} s")


if __name__ == "__main__":
    compare_with_prdc()
    time_distances()
