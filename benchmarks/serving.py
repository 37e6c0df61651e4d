"""What a server costs beside the sampler that it runs, as ratios in one run.

Run as `python -m benchmarks.serving` from the root of the repository, on a machine that
does nothing else, with the extra `serve`. Models are untrained, which changes no speed.
Compared are

- requests of 16 clients to a gated PixelCNN, one image each, with `sampler.py` that
  draws as many images one by one in one process;
- the longest waiting times (p99) of these requests with the median;
- requests a second to generators of about a millisecond, in batches and one by one: a
  DCGAN, whose arithmetic takes most of it, and a GAN of dense layers, where reading the
  weights does. Beside them stands the processor time that the server and its workers
  spend on a request, which other work on the machine disturbs less.

`--num` says how many requests of each kind, `--workers` how many processes run models.
"""

import argparse
import http.client
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

CLIENTS = 16
PORT = 8180
NAMES = ("generator", "dense", "pixels")


def untrained_models():
    """The models by name."""
    from keras_gen.distributions import BernoulliLikelihood
    from keras_gen.models import DCGAN, GAN, GatedPixelCNN
    from keras_gen.networks import mlp
    from keras_gen.random import seed_initializers

    seed_initializers(0)
    shape = (28, 28, 1)
    dense = mlp((64,), [2048, 2048], shape, output_activation="tanh")
    return {
        "generator": DCGAN(shape, filters=[128, 64], latent_dim=64),
        "dense": GAN(dense, mlp(shape, [16], (1,))),
        "pixels": GatedPixelCNN(shape, BernoulliLikelihood(), filters=32, num_layers=6),
    }


def save_models(folder):
    """The models in files, and their paths."""
    models = untrained_models()
    paths = [folder / f"{name}.keras" for name in NAMES]
    for name, path in zip(NAMES, paths, strict=True):
        models[name].save(path)
    return paths


def without_batches(repository):
    """Limits all batches to one row."""
    for path in repository.glob("*/model-settings.json"):
        settings = json.loads(path.read_text(encoding="utf-8"))
        settings["max_batch_size"] = 1
        path.write_text(json.dumps(settings), encoding="utf-8")


class Server:
    """`keras-gen serve` on a repository, for the time of a block."""

    def __init__(self, repository, workers):
        self.arguments = [*NAMES, f"--port={PORT}", f"--workers={workers}"]
        self.arguments += [f"--out={repository}"]

    def __enter__(self):
        command = [sys.executable, "-m", "keras_gen.cli", "serve", *self.arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        while not self.is_ready():
            if self.process.poll() is not None:
                raise RuntimeError("The server has ended.")
            time.sleep(0.1)
        return self

    def processor_seconds(self):
        """What the server and its workers have used so far."""
        pids, total = [self.process.pid], 0
        while pids:
            process = Path(f"/proc/{pids.pop()}")
            used = (process / "stat").read_text().rsplit(")", 1)[1].split()[11:13]
            total += sum(map(int, used))
            for children in process.glob("task/*/children"):
                pids += map(int, children.read_text().split())
        return total / os.sysconf("SC_CLK_TCK")

    def is_ready(self):
        connection = http.client.HTTPConnection("127.0.0.1", PORT)
        try:
            connection.request("GET", "/v2/health/ready")
            return connection.getresponse().status == 200
        except ConnectionError:
            return False
        finally:
            connection.close()

    def __exit__(self, *error):
        self.process.terminate()
        self.process.wait()


class Served(NamedTuple):
    """What requests took.

    Attributes:
        rate: Float, requests a second of all clients.
        times: List of floats, the seconds of each.
        processor: Float, seconds of processors for each, in the server and its workers.
    """

    rate: float
    times: list
    processor: float


def requests(server, name, num):
    """Sends requests for one image each from all clients: `Served`."""

    def client(rows):
        connection = http.client.HTTPConnection("127.0.0.1", PORT)
        times = []
        for row in rows:
            seed = {"name": "seed", "datatype": "INT32", "shape": [1, 2]}
            body = json.dumps({"inputs": [seed | {"data": [0, row]}]})
            headers = {"Content-Type": "application/json"}
            start = time.perf_counter()
            connection.request("POST", f"/v2/models/{name}/infer", body, headers)
            response = connection.getresponse()
            response.read()
            times.append(time.perf_counter() - start)
            assert response.status == 200
        return times

    with ThreadPoolExecutor(CLIENTS) as threads:
        shares = [range(first, num, CLIENTS) for first in range(CLIENTS)]
        list(threads.map(client, [share[:2] for share in shares]))
        start, used = time.perf_counter(), server.processor_seconds()
        times = [t for share in threads.map(client, shares) for t in share]
        seconds = time.perf_counter() - start
        return Served(num / seconds, times, (server.processor_seconds() - used) / num)


def opened(path):
    """The sampler of a file, on one thread."""
    spec = importlib.util.spec_from_file_location("s", path.with_name("sampler.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Sampler(path, num_threads=1)


def images_a_second(path, num):
    """Of the sampler alone, one image at a time."""
    sampler = opened(path)
    sampler.run("sample", seed=[[0, 0]])
    start = time.perf_counter()
    for row in range(num):
        sampler.run("sample", seed=[[0, row]])
    return num / (time.perf_counter() - start)


def main():
    from keras_gen.serving import write_repository

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--num", type=int, default=2000)
    parser.add_argument("--workers", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        repository = folder / "repository"
        write_repository(save_models(folder), repository)
        alone = {
            name: images_a_second(repository / name / f"{name}.tflite", given.num)
            for name in NAMES
        }
        with Server(repository, given.workers) as server:
            served = {name: requests(server, name, given.num) for name in NAMES}
        without_batches(repository)
        with Server(repository, given.workers) as server:
            single = {name: requests(server, name, given.num) for name in NAMES[:2]}
    for name in NAMES:
        rate, times, _ = served[name]
        p99, median = statistics.quantiles(times, n=100)[98], statistics.median(times)
        print(
            f"{name}: {rate:.0f} requests a second / {alone[name]:.0f} images a second "
            f"of the sampler alone = {rate / alone[name]:.2f}; p99 / median: "
            f"{p99 * 1e3:.0f} ms / {median * 1e3:.0f} ms = {p99 / median:.1f}"
        )
    for name, one in single.items():
        many = served[name]
        print(
            f"{name}, in batches / one by one: {many.rate:.0f} / {one.rate:.0f} "
            f"requests a second = {many.rate / one.rate:.2f}; processor time of one: "
            f"{many.processor * 1e3:.2f} / {one.processor * 1e3:.2f} ms"
        )


if __name__ == "__main__":
    main()
