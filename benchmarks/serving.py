"""What a server costs beside the sampler that it runs, as ratios in one run.

Run as `python -m benchmarks.serving` from the root of the repository, on a machine that
does nothing else, with the extra `serve`. Models are untrained, which changes no speed.
Compared are

- requests of 16 clients to a gated PixelCNN, one image each, with `sampler.py` that
  draws as many images one by one in one process;
- the longest waiting times (p99) of these requests with the median;
- requests a second to a generator of about a millisecond, in batches and one by one.

`--num` says how many requests of each kind, `--workers` how many processes run models.
"""

import argparse
import http.client
import importlib.util
import json
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

CLIENTS = 16
PORT = 8180
NAMES = ("generator", "pixels")


def save_models(folder):
    """The two models, and their paths."""
    from keras_gen.distributions import BernoulliSites
    from keras_gen.models import DCGAN, GatedPixelCNN
    from keras_gen.random import seed_initializers

    seed_initializers(0)
    models = {
        "generator": DCGAN((28, 28, 1), filters=[128, 64], latent_dim=64),
        "pixels": GatedPixelCNN(
            (28, 28, 1), BernoulliSites(), filters=32, num_layers=6
        ),
    }
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


def requests(name, num):
    """Requests a second of all clients, and the seconds that each request took."""

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
        start = time.perf_counter()
        times = [t for share in threads.map(client, shares) for t in share]
        return num / (time.perf_counter() - start), times


def images_a_second(path, num):
    """Of the sampler alone, one image at a time, on one thread."""
    spec = importlib.util.spec_from_file_location("s", path.with_name("sampler.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sampler = module.Sampler(path, num_threads=1)
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
        with Server(repository, given.workers):
            served = {name: requests(name, given.num) for name in NAMES}
        without_batches(repository)
        with Server(repository, given.workers):
            single = requests("generator", given.num)[0]
    for name in NAMES:
        rate, times = served[name]
        p99, median = statistics.quantiles(times, n=100)[98], statistics.median(times)
        print(
            f"{name}: {rate:.0f} requests a second / {alone[name]:.0f} images a second "
            f"of the sampler alone = {rate / alone[name]:.2f}; p99 / median: "
            f"{p99 * 1e3:.0f} ms / {median * 1e3:.0f} ms = {p99 / median:.1f}"
        )
    rate = served["generator"][0]
    print(
        f"generator, in batches / one by one: {rate:.0f} / {single:.0f} requests a "
        f"second = {rate / single:.2f}"
    )


if __name__ == "__main__":
    main()
