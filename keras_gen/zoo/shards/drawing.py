"""Sampling at scale: shards, drawn by several processes."""

import contextlib
import fcntl
import itertools
import json
import os
import selectors
import subprocess
import sys
from pathlib import Path

from keras_gen.arguments import check_count
from keras_gen.domains import Labels
from keras_gen.files import remove_partials, write_json
from keras_gen.models.base import ONE_BY_DEFAULT, marks_of
from keras_gen.random import check_seed, fresh_seed
from keras_gen.zoo.shards.files import intact, num_shards, read_index, shard_name
from keras_gen.zoo.shelf.loading import open_model, weights_sha256

#: The parts of a request. A folder is continued only by an equal request.
_REQUEST = (
    "model",
    "weights_sha256",
    "seed",
    "labels",
    *ONE_BY_DEFAULT,
    "num_samples",
    "shard_size",
)


def sample_shards(
    name,
    num_samples,
    out,
    seed=None,
    num_workers=1,
    shard_size=1024,
    labels=None,
    temperature=None,
    truncation=None,
    progress=None,
) -> dict:
    """Draws samples into a folder of shards, by several processes.

    Sample `i` is sample `i` of `model.sample(num_samples, seed)`, whichever process
    draws it. Each process has one thread, so that the files do not depend on the number
    of processes. A shard is written whole or not at all. If the folder has shards of
    the same request already, only missing and damaged ones are drawn.
    `keras_gen.zoo.read_shards()` reads the samples.

    Args:
        name: String, a zoo entry, the path of a saved model or the folder of a run.
        num_samples: Integer of at least 1.
        out: Path of the folder. It must be empty, must not exist, or must hold shards
            of the same request.
        seed: Optional integer in [0, 2**31). Defaults to the seed of the shards in the
            folder, or else to a fresh one.
        num_workers: Integer of at least 1, the number of processes.
        shard_size: Integer of at least 1, the number of samples in a shard.
        labels: For models with classes: optional list of integers, the classes of the
            samples in turn. Defaults to all classes.
        temperature: For autoregressive models: optional positive float.
        truncation: For `BigGAN`: optional float in (0, 1].
        progress: Optional function, called at the start and after each shard with the
            number of shards that are written and the number of all shards.

    Returns:
        The index; see `keras_gen.zoo.shards.files.read_index()`.

    Raises:
        ValueError: If an argument is not as stated, the model does not sample, another
            process writes into the folder, or the folder holds something else.
        ChildProcessError: If a process dies or cannot write.
    """
    check_count(num_samples, "num_samples", 1)
    check_count(num_workers, "num_workers", 1)
    check_count(shard_size, "shard_size", 1)
    model = open_model(name)
    request = {
        "name": str(name),
        "model": type(model).__name__,
        "weights_sha256": weights_sha256(name),
        "seed": seed if seed is None else check_seed(seed),
        **_conditions(
            model, name, labels, {"temperature": temperature, "truncation": truncation}
        ),
        "num_samples": num_samples,
        "shard_size": shard_size,
        "shape": list(model.x_domain.shape),
    }
    folder = Path(out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(f"`out` cannot be a folder: {error}") from error
    with _alone_in(folder):
        index = _index_of(folder, request)
        write_json(folder / "index.json", index)
        count = num_shards(index)
        missing = [n for n in range(count) if shard_name(n) not in index["sha256"]]
        if progress is not None:
            progress(count - len(missing), count)
        with contextlib.closing(_drawn(index, folder, missing, num_workers)) as drawn:
            for number, sha256 in drawn:
                index["sha256"][shard_name(number)] = sha256
                index["sha256"] = dict(sorted(index["sha256"].items()))
                write_json(folder / "index.json", index)
                if progress is not None:
                    progress(len(index["sha256"]), count)
    return index


def _conditions(model, name, labels, scales):
    """The conditions of the samples, as an index stores them."""
    kind, marks = type(model).__name__, marks_of(model)
    if "sample" not in marks:
        raise ValueError(f"{name} ({kind}) does not sample.")
    domain = model.domain_of("y")
    if domain is not None and not isinstance(domain, Labels):
        raise ValueError(f"Samples of {name} ({kind}) depend on {domain.noun}.")
    if labels is None and domain is not None:
        labels = range(domain.num_classes)
    if labels is not None and domain is None:
        raise ValueError(f"`labels` must be left out: {name} ({kind}) has none.")
    if labels is not None:
        labels = [int(label) for label in labels]
        domain.check(labels, "labels")
    given = dict(scales)
    for scale, value in scales.items():
        if value is None:
            continue
        if scale not in marks["sample"].takes:
            raise ValueError(f"`{scale}` must be left out: {name} ({kind}) has none.")
        given[scale] = float(value)
        model.conditions(1, **{scale: given[scale]})
    return {"labels": labels, **given}


@contextlib.contextmanager
def _alone_in(folder):
    """Locks a folder against other processes, and removes unfinished shards."""
    held = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ValueError(
                f"Another process draws shards into {str(folder)!r}."
            ) from error
        try:
            yield
        finally:
            remove_partials(folder)
    finally:
        os.close(held)


def _index_of(folder, request):
    """The index of a folder for a request, with the shards that are whole."""
    if not (folder / "index.json").exists():
        if any(folder.iterdir()):
            raise ValueError(
                f"The folder {str(folder)!r} is not empty, and holds no shards: name "
                "another."
            )
        seed = fresh_seed() if request["seed"] is None else request["seed"]
        return {**request, "seed": seed, "sha256": {}}
    before = read_index(folder)
    if request["seed"] is None:
        request = {**request, "seed": before.get("seed")}
    differences = [
        f"{key} {before.get(key)!r}, not {request[key]!r}"
        for key in _REQUEST
        if before.get(key) != request[key]
    ]
    if differences:
        raise ValueError(
            f"The folder {str(folder)!r} holds other samples: {'; '.join(differences)}."
        )
    whole = {
        shard_name(number): before["sha256"][shard_name(number)]
        for number in range(num_shards(request))
        if intact(folder, before, number) is not None
    }
    return {**request, "sha256": whole}


def _drawn(index, folder, missing, num_workers):
    """Yields the number and the sha256 of each shard when a worker has written it."""
    waiting = iter(missing)
    with contextlib.ExitStack() as stack:
        answers = stack.enter_context(selectors.DefaultSelector())
        for number in itertools.islice(waiting, num_workers):
            worker = stack.enter_context(_worker())
            _send(worker, {**index, "folder": str(folder)})
            _send(worker, number)
            answers.register(worker.stdout, selectors.EVENT_READ, worker)
        while answers.get_map():
            for key, _ in answers.select():
                yield _answer(key.data)
                number = next(waiting, None)
                if number is None:
                    answers.unregister(key.fileobj)
                else:
                    _send(key.data, number)


@contextlib.contextmanager
def _worker():
    found_here = os.pathsep.join(path or os.getcwd() for path in sys.path)
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "keras_gen.zoo.shards.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": found_here},
    )
    try:
        yield process
    except BaseException:
        process.kill()
        raise
    finally:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        process.wait()
        process.stdout.close()


def _send(worker, message):
    # `_answer()` reports a worker that has died.
    with contextlib.suppress(BrokenPipeError):
        worker.stdin.write(json.dumps(message) + "\n")
        worker.stdin.flush()


def _answer(worker):
    line = worker.stdout.readline()
    if not line:
        raise ChildProcessError(
            f"A process that draws shards has died with code {worker.wait()}. Finished "
            "shards are kept: call again to draw the others, with fewer workers if "
            "memory was short."
        )
    answer = json.loads(line)
    if "error" in answer:
        raise ChildProcessError(f"A shard could not be drawn: {answer['error']}")
    return answer["number"], answer["sha256"]
