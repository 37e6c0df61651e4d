"""Speed and memory of expectation maximization, beside scikit-learn, in one run.

Run as `python -m benchmarks.mixtures` from the root of the repository, with
scikit-learn installed, on a machine that does nothing else. Compared are

- iterations of `GaussianMixture` for each covariance with those of scikit-learn's class
  of the same name, from the same start, on the same float32 examples;
- the peak memory of a process that fits few and many examples of a stream;
- the perplexity of topics of documents, by completion, with that of
  scikit-learn's `LatentDirichletAllocation` and of the unigram model, if a folder of
  documents is given: `python -m benchmarks.mixtures topics FOLDER`.
"""

import resource
import statistics
import subprocess
import sys
import time
import warnings

import numpy as np
import tensorflow as tf

from keras_gen import datasets
from keras_gen.distributions import (
    DiagonalCovariance,
    FullCovariance,
    TiedCovariance,
)
from keras_gen.models import GaussianMixture, LatentDirichletAllocation
from keras_gen.random import Rows
from keras_gen.zoo.evaluation.measures import alternate_words

ROUNDS, ITERATIONS, BATCH = 7, 5, 5000
KINDS = {
    "full": (FullCovariance(), 64),
    "tied": (TiedCovariance(), 64),
    "diag": (DiagonalCovariance(), 64),
    "diag, large": (DiagonalCovariance(), 784),
}


def examples(num=20_000, size=64):
    """Examples around ten centres, float32."""
    rows = Rows(num, 0)
    centres = 3.0 * np.array(Rows(10, 1).normal((size,), "centres"))
    return np.array(rows.normal((size,), "noise")) + centres[np.arange(num) % 10]


def seconds_of(fit):
    """The seconds of some rounds of a function, after one to warm up."""
    fit()
    found = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        fit()
        found.append(time.perf_counter() - start)
    return found


def iterations():
    """Prints the ratio of times of iterations for each covariance."""
    from sklearn.mixture import GaussianMixture as Other

    warnings.simplefilter("ignore")  # scikit-learn tells that it has not converged.
    for kind, (covariance, size) in KINDS.items():
        x = examples(size=size)
        model = GaussianMixture(10, size, covariance)
        model.adapt(x)
        model.compile()
        options = {"batch_size": BATCH, "epochs": ITERATIONS, "verbose": 0}
        other = Other(
            10, covariance_type=kind[:4], tol=0.0, max_iter=ITERATIONS, warm_start=True
        ).fit(x)
        # With a warm start it goes on from its last iteration, without k-means.
        ours = seconds_of(
            lambda model=model, x=x, options=options: model.fit(x, **options)
        )
        theirs = seconds_of(lambda other=other, x=x: other.fit(x))
        ratio = statistics.median(ours) / statistics.median(theirs)
        print(
            f"{kind}: {min(ours):.2f} s / {min(theirs):.2f} s = "
            f"{min(ours) / min(theirs):.2f} ({ratio:.2f})",
            flush=True,
        )


def memory(num):
    """Fits a stream of examples and prints the peak memory of this process."""
    batches = num // BATCH
    stream = tf.data.Dataset.range(batches).map(
        lambda index: Rows(BATCH, 0, first_row=tf.cast(index, "int32") * BATCH).normal(
            (64,), "stream"
        )
    )
    model = GaussianMixture(10, 64)
    model.adapt(stream)
    model.compile()
    model.fit(stream, epochs=2, verbose=0)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{num} examples: {peak} MiB", flush=True)


def topics(folder):
    """Prints perplexities by document completion, ours beside others'."""
    from sklearn.decomposition import LatentDirichletAllocation as Other

    parts = {
        split: np.concatenate(
            list(datasets.load(folder, split, training=False).as_numpy_iterator())
        )
        for split in ("train", "test")
    }
    x, (given, held_out) = parts["train"], alternate_words(parts["test"])

    def perplexity(probabilities):
        logs = np.sum(held_out * np.log(probabilities), dtype=np.float64)
        return float(np.exp(-logs / held_out.sum()))

    chances = x.sum(axis=0) + 0.1
    print(f"unigram: {perplexity(chances / chances.sum()):.1f}", flush=True)
    for num_topics in (10, 20, 50):
        start = time.perf_counter()
        model = LatentDirichletAllocation(num_topics, x.shape[1], alpha=0.1, eta=0.1)
        model.compile()
        model.fit(x, batch_size=450, epochs=40, verbose=0)
        ours, seconds = model.word_probabilities(given), time.perf_counter() - start
        start = time.perf_counter()
        other = Other(
            num_topics, doc_topic_prior=0.1, topic_word_prior=0.1, max_iter=40,
            max_doc_update_iter=50, random_state=0,
        ).fit(x)  # fmt: skip
        words = other.components_ / other.components_.sum(axis=1, keepdims=True)
        theirs = other.transform(given) @ words
        print(
            f"K = {num_topics}: {perplexity(ours):.1f} in {seconds:.0f} s, "
            f"scikit-learn {perplexity(theirs):.1f} in "
            f"{time.perf_counter() - start:.0f} s",
            flush=True,
        )


def main():
    iterations()
    for num in (20_000, 200_000):
        command = [sys.executable, "-m", "benchmarks.mixtures", "memory", str(num)]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["memory", num]:
            memory(int(num))
        case ["topics", folder]:
            topics(folder)
        case _:
            main()
