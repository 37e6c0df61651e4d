"""Speed of sampling and training of autoregressive models, as ratios in one run.

Run as `python -m benchmarks.autoregressive [PART ...]` from the root of the repository,
on a machine that does nothing else. Each part runs in a process of its own:

- reference: the fast sampler of a gated PixelCNN, beside `reference()`, which runs the
  whole network for each site, and beside one pass of the network;
- peers: the same beside `tfd.PixelCNN.sample` of TensorFlow Probability, a loop of
  `predict` calls over the network of Keras' example, both of about as many weights,
  and a loop over the same network in PyTorch, eager and by `torch.compile`;
- one_core: one image at a time on one core, by a network of half a million weights,
  beside a sum of as many numbers for each site, which reads each weight once;
- first: the first 64 digits of `gated_pixel_cnn_mnist` in a process, which trace its
  sampler, and the next 64, both without XLA, as `keras-gen sample` draws them; then
  the same under XLA, where the first also compile;
- memory: what the sampler takes, by batch, width and height of the images;
- training: a step by `fit`, beside 3 x 3 convolutions of plain Keras with as many
  multiplications.

A pass of a network is timed with both settings of XLA, and the shorter time counts.
Every site of an image costs the same, so the loops of peers are timed over `SITES`
sites and multiplied, which the output says; `reference()` and `tfd.PixelCNN.sample` run
whole, once.

PyTorch is not needed by this package. Set `TORCH_PYTHON` to the path of a Python that
has it; without, the one that runs this is tried. `SIZE=8` tries all of it out.
"""

import ctypes
import functools
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from keras_gen import zoo
from keras_gen.distributions import BernoulliLikelihood
from keras_gen.layers import MaskedConv2D
from keras_gen.models import GatedPixelCNN

THREADS = 2
ROUNDS = 5
SIZE = int(os.environ.get("SIZE", 28))
PIXELS = SIZE * SIZE
#: How many of the sites of an image the loops of peers are timed over.
SITES = SIZE
BATCHES = (16, 64)
FILTERS, LAYERS, KERNEL, FIRST_KERNEL = 32, 6, 3, 7


def gated(filters=FILTERS, shape=(SIZE, SIZE, 1)):
    return GatedPixelCNN(
        shape, BernoulliLikelihood(), filters, LAYERS, KERNEL, FIRST_KERNEL, filters
    )


def fastest(function, rounds=ROUNDS):
    """Seconds of the fastest of some rounds, after one that compiles."""
    function()
    return min(once(function) for _ in range(rounds))


def once(function):
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def faster_pass(network, images):
    """A network as a compiled function, by the better setting of XLA, and its time."""
    passes = [tf.function(network, jit_compile=xla) for xla in (False, True)]
    seconds = [fastest(functools.partial(run, images)) for run in passes]
    best = int(np.argmin(seconds))
    return bool(best), seconds[best]


def say(title, ours, theirs, note=""):
    ratio = f"{theirs:.3f} s / {ours:.3f} s = {theirs / ours:.1f}"
    print(f"{title}: {ratio}{note}", flush=True)


def weights_of(model):
    return sum(int(np.prod(tuple(w.shape))) for w in model.trainable_variables)


def reference():
    model = gated()
    print(f"gated PixelCNN: {weights_of(model)} weights", flush=True)
    for batch in BATCHES:
        fast = fastest(functools.partial(model.sample, batch, seed=0))
        images = tf.zeros((batch, SIZE, SIZE, 1))
        xla, one_pass = faster_pass(model.site_parameters, images)
        say(f"batch {batch}: one pass (XLA {xla}) / fast", fast, one_pass)
        say(f"batch {batch}: {PIXELS} passes / fast", fast, PIXELS * one_pass)
        noise = model.noise(batch, seed=0)
        slowly = tf.function(model.from_noise_slowly, autograph=False)
        slowly.get_concrete_function(noise)
        whole = once(functools.partial(slowly, noise))
        say(f"batch {batch}: reference / fast", fast, whole)


def keras_example():
    """The network of Keras' example of a PixelCNN, with our masked convolution."""
    features = 68
    images = keras.Input((SIZE, SIZE, 1))
    x = MaskedConv2D(features, 3, 3, 3, "A")(images)
    for _ in range(5):
        inside = keras.layers.Conv2D(features, 1, activation="relu")(keras.ops.relu(x))
        inside = keras.ops.relu(MaskedConv2D(features // 2, 1, 1)(inside))
        x = x + keras.layers.Conv2D(features, 1, activation="relu")(inside)
    for _ in range(2):
        x = keras.layers.Conv2D(features, 1, activation="relu")(x)
    return keras.Model(images, keras.layers.Conv2D(1, 1, activation="sigmoid")(x))


def predict_loop(model, batch):
    """Sites of images as the example draws them."""
    images = np.zeros((batch, SIZE, SIZE, 1), "float32")
    uniform = np.random.default_rng(0).uniform(size=images.shape)
    for site in range(SITES):
        row, column = divmod(site, SIZE)
        white = model.predict(images, batch_size=batch, verbose=0)[:, row, column]
        images[:, row, column] = white > uniform[:, row, column]


def tfd_pixel_cnn(weights):
    """The smallest `tfd.PixelCNN` with at least this number of weights."""
    for filters in range(4, 200, 2):
        found = tfp.distributions.PixelCNN(
            (SIZE, SIZE, 1),
            num_resnet=1,
            num_hierarchies=2,
            num_filters=filters,
            num_logistic_mix=1,
            dropout_p=0.0,
            high=1,
        )
        if weights_of(found.network) >= weights:
            return found
    raise ValueError(f"`weights` is too large. Received: {weights}")


def peers():
    model, batch = gated(), BATCHES[0]
    ours = fastest(lambda: model.sample(batch, seed=0))
    part = f", from {SITES} of {PIXELS} sites"
    example = keras_example()
    seconds = PIXELS / SITES * fastest(lambda: predict_loop(example, batch), rounds=1)
    title = f"loop of predict, {weights_of(example)} weights / fast"
    say(title, ours, seconds, part)
    peer = tfd_pixel_cnn(weights_of(model))
    draw = tf.function(lambda: peer.sample(batch, seed=0)).get_concrete_function()
    title = f"tfd.PixelCNN.sample, {weights_of(peer.network)} weights / fast"
    say(title, ours, once(draw))
    for mode in ("eager", "compiled"):
        seconds = torch_loop(mode, batch, weights_of(model))
        if seconds is not None:
            say(f"PyTorch, {mode} / fast", ours, PIXELS / SITES * seconds, part)


def torch_loop(mode, batch, weights):
    """Seconds of `SITES` sites by a process of PyTorch, or None if there is none."""
    python = os.environ.get("TORCH_PYTHON", sys.executable)
    file = Path(__file__).with_name("autoregressive_torch.py")
    numbers = (THREADS, SIZE, SITES, batch, FILTERS, LAYERS, KERNEL, FIRST_KERNEL)
    with tempfile.TemporaryFile("w+") as errors:
        done = subprocess.run(
            [python, str(file), mode, *map(str, numbers)],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        if done.returncode:
            errors.seek(0)
            reason = errors.read().strip().splitlines()[-1]
            print(f"no torch, {mode}, with {python}: {reason}", flush=True)
            return None
    found, *seconds = done.stdout.split()
    if int(found) != weights:
        raise AssertionError(f"{found} weights in PyTorch, {weights} here")
    return min(map(float, seconds))


def one_core():
    model = gated(filters=64)
    weights = weights_of(model)
    seconds = fastest(lambda: model.sample(1, seed=0))
    numbers = np.ones(weights, "float32")
    floor = fastest(lambda: [numbers.sum() for _ in range(PIXELS)])
    title = f"one image, one core, {weights} weights / reading them for every site"
    say(title, floor, seconds)


def memory():
    for batch, height, width in (
        *((batch, SIZE, SIZE) for batch in (64, 256, 1024)),
        *((256, SIZE, width) for width in (2 * SIZE, 4 * SIZE)),
        *((256, height, SIZE) for height in (2 * SIZE, 4 * SIZE)),
    ):
        model = gated(shape=(height, width, 1))
        model.sample(batch, seed=0, batch_size=batch)
        # What was freed goes back to Linux, whose peak of a process starts anew.
        ctypes.CDLL("libc.so.6").malloc_trim(0)
        Path("/proc/self/clear_refs").write_text("5")
        before = status_mebibytes("VmRSS")
        model.sample(batch, seed=0, batch_size=batch)
        taken = status_mebibytes("VmHWM") - before
        images = batch * height * width * 4 / 2**20
        title = f"memory of {batch} samples of {height} x {width}"
        print(f"{title}: {taken:.0f} MiB, images {images:.1f} MiB", flush=True)


def status_mebibytes(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith(name))
    return int(line.split()[1]) / 1024


def multiplications(model):
    """Of a pixel: every kernel is used once at every pixel."""
    kernels = [w for w in model.trainable_variables if len(w.shape) > 1]
    return sum(int(np.prod(kernel.shape)) for kernel in kernels)


def plain_convolutions(budget):
    """3 x 3 convolutions with this number of multiplications, two a gated layer."""
    count = 2 * LAYERS
    filters = round((budget / (9 * (count - 1))) ** 0.5)
    x = images = keras.Input((SIZE, SIZE, 1))
    for _ in range(count):
        x = keras.layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
    return keras.Model(images, keras.layers.Conv2D(1, 1)(x))


def training():
    batch, steps = BATCHES[1], 20
    images = np.random.default_rng(0).uniform(size=(batch * steps, SIZE, SIZE, 1)) < 0.2
    images = images.astype("float32")
    ours = gated()
    plain = plain_convolutions(multiplications(ours))
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    times = {}
    for xla in (False, True):
        flags = {"jit_compile": xla, "steps_per_execution": steps}
        ours.compile(keras.optimizers.Adam(), **flags)
        plain.compile(keras.optimizers.Adam(), loss=loss, **flags)
        both = (
            lambda: ours.fit(images, batch_size=batch, verbose=0),
            lambda: plain.fit(images, images, batch_size=batch, verbose=0),
        )
        times[xla] = [fastest(function) / steps for function in both]
        say(f"training step, XLA {xla} / plain convolutions", *times[xla][::-1])
    title = f"training step / plain convolutions, {multiplications(plain)} / "
    title += f"{multiplications(ours)} multiplications, each by its better flag"
    say(title, *(min(pair) for pair in list(zip(*times.values(), strict=True))[::-1]))


def first():
    for xla in (False, True):
        model = zoo.load("gated_pixel_cnn_mnist")
        model.compiled_sampling = xla
        draw = functools.partial(model.sample, 64)
        begin, again = (once(functools.partial(draw, seed)) for seed in (0, 1))
        title = f"64 samples of {model.name}, XLA {xla}"
        print(f"{title}: {begin:.2f} s, the next 64: {again:.2f} s", flush=True)


PARTS = {
    part.__name__: part
    for part in (reference, peers, one_core, first, memory, training)
}


def main(names):
    if len(names) != 1:
        for name in names or PARTS:
            command = [sys.executable, "-m", "benchmarks.autoregressive", name]
            subprocess.run(command, check=True)
        return
    (name,) = names
    threads = 1 if name == "one_core" else THREADS
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    if name == "one_core":
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    PARTS[name]()


if __name__ == "__main__":
    main(sys.argv[1:])
