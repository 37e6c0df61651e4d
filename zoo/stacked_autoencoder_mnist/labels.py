"""Error of a classifier over the number of its labels, with and without pre-training.

For each of five seeds it trains a stack of plain and one of denoising autoencoders on
50,000 images without labels, as the recipe does but for fewer epochs. These encoders,
and encoders with random weights, are fine-tuned with a layer of logits on top, with the
same labelled images, number of updates and learning rates. The rate, and the update at
which fine-tuning stops, are chosen on validation images. All networks of one number of
labels are trained side by side, as one batch of matrix products.

Command: python zoo/stacked_autoencoder_mnist/labels.py FOLDER

It writes `labels.csv`, with a row for each fine-tuned network, and `labels.png`.
"""

import csv
import sys
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from keras_gen.random import Rows, permutation, seed_initializers
from keras_gen.zoo.shelf.recipes import first_examples, load_recipe

RECIPE = load_recipe("stacked_autoencoder_mnist")
MASKED = {"random": None, "plain": 0.0, "denoising": 0.25}
#: Updates of fine-tuning, by the number of labels.
UPDATES = {100: 300, 300: 400, 1000: 600, 5000: 800, 50_000: 1500}
RATES = (1e-3, 5e-3)
NUM_SEEDS, EPOCHS_PER_LEVEL, STEPS_PER_EPOCH = 5, 3, 500
BATCH_SIZE, NUM_LOOKS = 100, 10


def examples(split, num):
    return first_examples(RECIPE.data(split, training=False, labels=True), num)


def encoders(seed, masked):
    """The kernels and biases of the encoders of a stack and of a layer of logits."""
    seed_initializers(seed)
    stack = RECIPE.model(seed, masked or 0.0, EPOCHS_PER_LEVEL)
    classifier = stack.to_classifier(10)
    if masked is not None:
        data = RECIPE.data("train[:50000]", seed=seed, repeat=True)
        epochs = len(stack.levels) * EPOCHS_PER_LEVEL
        RECIPE.compile(stack, epochs * STEPS_PER_EPOCH)
        options = {"steps_per_epoch": STEPS_PER_EPOCH, "verbose": 0}
        stack.fit(data, epochs=epochs, **options)
    return classifier.get_weights()


def chosen(labels, num, seed):
    """The first images of each class in a random order, equally many of each."""
    order = permutation(len(labels), seed, "labels").numpy()
    if num == len(labels):
        return order
    classes = [order[labels[order] == label][: num // 10] for label in range(10)]
    return np.concatenate(classes)


def outputs(weights, x):
    """Logits of shape `(networks, images, 10)`; images may be one set for all."""
    for index in range(0, len(weights), 2):
        x = tf.matmul(x, weights[index]) + weights[index + 1][:, None]
        if index < len(weights) - 2:
            x = tf.sigmoid(x)
    return x


def errors_of(weights, x, labels):
    """The percentage of wrong images for each network."""
    logits = [outputs(weights, x[i : i + 1000][None]) for i in range(0, len(x), 1000)]
    found = np.concatenate([part.numpy().argmax(axis=-1) for part in logits], axis=1)
    return 100 * np.mean(found != labels, axis=1)


def fine_tuned(start, rate, num, training, validation):
    """The best weights of each network and their errors on validation images."""
    x, labels = training
    variables = [keras.Variable(weight) for weight in start]
    weights = [variable.value for variable in variables]
    optimizer = keras.optimizers.Adam(rate)
    optimizer.build(variables)
    images, classes = tf.constant(x), tf.constant(labels)

    @tf.function(jit_compile=True)
    def update(rows):
        with tf.GradientTape() as tape:
            logits = outputs(weights, tf.gather(images, rows))
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(
                tf.gather(classes, rows), logits
            )
            # The networks share no weight, so each has the gradient of its mean.
            loss = tf.reduce_sum(tf.reduce_mean(losses, axis=1))
        optimizer.apply(tape.gradient(loss, weights), variables)

    subsets = [chosen(labels, num, seed) for seed in range(NUM_SEEDS)]
    best = np.full(len(start[0]), np.inf)
    kept = [np.array(weight) for weight in start]
    for step in range(UPDATES[num]):
        draws = Rows(NUM_SEEDS, 0, step=step).uniform((BATCH_SIZE,), "rows").numpy()
        picked = (draws * num).astype(int)
        rows = np.stack([subset[p] for subset, p in zip(subsets, picked, strict=True)])
        update(tf.constant(np.tile(rows, (len(MASKED), 1)), tf.int32))
        if (step + 1) % (UPDATES[num] // NUM_LOOKS) == 0:
            found = errors_of(weights, *validation)
            better = found < best
            best = np.minimum(best, found)
            for old, new in zip(kept, weights, strict=True):
                old[better] = new.numpy()[better]
    return kept, best


def measured():
    """Rows of labels, initialization, seed, rate, validation error, test error."""
    training = [part[:50_000] for part in examples("train", 50_000)]
    training[0] = training[0].reshape(50_000, -1)
    validation = [part[-5000:] for part in examples("train", 60_000)]
    test = examples("test", 10_000)
    validation[0], test[0] = (p[0].reshape(len(p[0]), -1) for p in (validation, test))
    starts = []
    for name, masked in MASKED.items():
        for seed in range(NUM_SEEDS):
            starts.append(encoders(seed, masked))
            print(f"{name} weights of seed {seed}", flush=True)
    start = [np.stack(parts) for parts in zip(*starts, strict=True)]
    for num in UPDATES:
        tried = {r: fine_tuned(start, r, num, training, validation) for r in RATES}
        tests = {rate: errors_of(kept, *test) for rate, (kept, _) in tried.items()}
        for index, name in enumerate(MASKED):
            block = slice(index * NUM_SEEDS, (index + 1) * NUM_SEEDS)
            means = {rate: best[block].mean() for rate, (_, best) in tried.items()}
            rate = min(means, key=means.get)
            found = zip(tried[rate][1][block], tests[rate][block], strict=True)
            for seed, (valid, wrong) in enumerate(found):
                yield num, name, seed, rate, round(valid, 3), round(wrong, 3)
            print(num, name, f"{tests[rate][block].mean():.2f}%", flush=True)


def draw(rows, path):
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.6, 4.0), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    for name in MASKED:
        errors = np.array(
            [[r[5] for r in rows if r[:2] == (num, name)] for num in UPDATES]
        )
        deviation = errors.std(axis=1, ddof=1)
        options = {"marker": "o", "capsize": 3, "label": name, "linewidth": 1.2}
        axes.errorbar(list(UPDATES), errors.mean(axis=1), deviation, **options)
    axes.set(xscale="log", yscale="log", xlabel="labels", ylabel="test error (%)")
    axes.set_xticks(list(UPDATES), [f"{num:,}" for num in UPDATES])
    ticks = [2, 5, 10, 20, 50]
    axes.set_yticks(ticks, map(str, ticks))
    axes.minorticks_off()
    axes.legend(frameon=False)
    figure.savefig(path, dpi=100, metadata={"Software": None})


def main(folder):
    Path(folder).mkdir(parents=True, exist_ok=True)
    rows = list(measured())
    with open(Path(folder) / "labels.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(
            ["labels", "weights", "seed", "rate", "validation_error", "test_error"]
        )
        writer.writerows(rows)
    draw(rows, Path(folder) / "labels.png")


if __name__ == "__main__":
    main(sys.argv[1])
