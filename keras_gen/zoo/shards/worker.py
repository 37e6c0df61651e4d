"""Draws shards for `keras_gen.zoo.shards.drawing`, in a process of its own.

    python -m keras_gen.zoo.shards.worker

The process reads lines of JSON from standard input: first an index with its `folder`,
then the number of each shard to draw. It writes a line to standard output for each
shard that it has written. It ends when the input ends.
"""

import json
import os
import signal
import sys

import numpy as np

from keras_gen.zoo.shards.files import write_shard
from keras_gen.zoo.startup import import_tensorflow

# Every batch of all shards has this size, or that of a shard if it is smaller: a row
# goes through the same operations wherever it is drawn, and XLA compiles once.
_BATCH_SIZE = 256


def draw(model, index, number):
    """The arrays of a shard, a dict."""
    from keras_gen.models.base import ONE_BY_DEFAULT

    first = number * index["shard_size"]
    size = min(index["shard_size"], index["num_samples"] - first)
    batch = min(_BATCH_SIZE, index["shard_size"], index["num_samples"])
    rows = max(size, batch)
    conditions, arrays = {}, {}
    if index["labels"] is not None:
        in_turn = np.array(index["labels"], np.int32)
        conditions["y"] = in_turn[(first + np.arange(rows)) % len(in_turn)]
        arrays["labels"] = conditions["y"][:size]
    for scale in ONE_BY_DEFAULT:
        if index.get(scale) is not None:
            conditions[scale] = index[scale]
    samples = model.sample(rows, index["seed"], batch, first, **conditions)
    domain = model.x_domain
    return {domain.noun: domain.to_bytes(samples[:size]), **arrays}


def main():
    """Answers until the input ends."""
    # An interrupt from a terminal is for the process that started this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "w")
    # What libraries print must not come between the answers.
    os.dup2(2, 1)
    import_tensorflow()
    import tensorflow as tf

    # Before Keras is imported, which uses TensorFlow.
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    from keras_gen.zoo.shelf.loading import open_model, weights_sha256

    index = json.loads(sys.stdin.readline())
    try:
        model = open_model(index["name"])
        if weights_sha256(index["name"]) != index["weights_sha256"]:
            raise ValueError(f"the weights of {index['name']} have changed meanwhile")
        for line in sys.stdin:
            number = json.loads(line)
            sha256 = write_shard(index["folder"], number, draw(model, index, number))
            print(json.dumps({"number": number, "sha256": sha256}), file=answers)
            answers.flush()
    except BrokenPipeError:
        # Nobody waits any more.
        return
    except Exception as error:
        text = f"{type(error).__name__}: {error}"
        print(json.dumps({"error": text}), file=answers, flush=True)


if __name__ == "__main__":
    main()
