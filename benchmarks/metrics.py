"""Speed and memory of the metrics, as ratios to the `prdc` package and to `predict`.

Run with `python benchmarks/metrics.py`. Every time is the best of two; ratios mean
more than times while the machine does other work.
"""

import contextlib
import io
import os
import resource
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

from keras_gen import metrics
from keras_gen.networks import conv_classifier

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
    metrics.precision_recall_density_coverage(real, fake, 5, 5)


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


def compare_with_predict():
    """Feature extraction beside `predict` of the same network on the same images."""
    network = conv_classifier((28, 28, 1), [16, 32, 64], 10)
    features = network.get_layer("features").output
    network = keras.Model(network.inputs[0], [features, network.outputs[0]])
    extractor = metrics.FeatureExtractor("random", network, (28, 28, 1), (0.0, 1.0))
    levels = np.random.default_rng(0).integers(0, 256, (10_000, 28, 28, 1), np.uint8)
    images = levels / np.float32(255)
    for batch_size in (250, 32):
        extractor(levels[:batch_size], batch_size=batch_size)
        network.predict(images[:batch_size], batch_size, verbose=0)
        ours = best_time(lambda size=batch_size: extractor(levels, batch_size=size), 5)
        theirs = best_time(
            lambda size=batch_size: network.predict(images, size, verbose=0), 5
        )
        print(
            f"features of 10,000 images, batches of {batch_size}: {ours:.2f} s; "
            f"`predict`: {theirs:.2f} s, {theirs / ours:.2f} times as long"
        )


if __name__ == "__main__":
    compare_with_prdc()
    time_distances()
    compare_with_predict()
