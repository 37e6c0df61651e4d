import asyncio
import contextlib
import os
from pathlib import Path

import numpy as np
import pytest
from contracts import make_tiny
from prometheus_client import REGISTRY

from keras_gen.export import export_saved_model
from keras_gen.models import GAN
from keras_gen.serving import pool as pool_module
from keras_gen.serving.pool import (
    Batches,
    DeadlineError,
    Pool,
    QueueFullError,
    Worker,
    WorkerError,
)

# Runs a file in place of the sampler of the package. A row is doubled, and the size of
# its batch is told. -1 kills the process that has not met one before, -2 each; -3 does
# not end, and -4 stops the process.
SAMPLER = """
import os, pathlib, signal
import numpy as np

class Sampler:
    def __init__(self, path, num_threads):
        self.met = pathlib.Path(path)
        assert num_threads == 1

    def run(self, signature, x):
        if signature != "double":
            raise ValueError(f"no {signature}")
        if (x == -2).any() or (x == -1).any() and not self.met.exists():
            self.met.touch()
            os._exit(3)
        if (x == -3).any():
            signal.pause()
        if (x == -4).any():
            os.kill(os.getpid(), signal.SIGSTOP)
        print("a library that prints")
        return {"y": 2 * x, "rows": np.full(len(x), len(x)), "pid": 0 * x + os.getpid()}
"""


@pytest.fixture
def path(tmp_path):
    (tmp_path / "double.py").write_text(SAMPLER)
    return str(tmp_path / "double.tflite")


def sampler_of(path):
    return Path(path).with_suffix(".py")


def answers(path, *jobs):
    """What one worker answers to jobs (signature, inputs) in turn, or its error."""

    async def run():
        worker, found = Worker(sampler_of(path)), []
        for signature, inputs in jobs:
            try:
                found.append(await worker.run(path, signature, inputs))
            except WorkerError as error:
                found.append(error)
        await worker.close()
        return found

    return asyncio.run(run())


def double(*x):
    return "double", {"x": np.array(x)}


def batch_runs(path, requests, num_workers=1, max_rows=8):
    """The outputs of requests that come at once."""

    async def run():
        pool = Pool(num_workers, sampler_of(path))
        batches = Batches(pool, path, "double", max_rows)
        try:
            await batches.open({"x": np.zeros(1)})
            tasks = [asyncio.create_task(batches.run({"x": x})) for x in requests]
            await asyncio.sleep(0)
            tasks[0].cancel()
            return await asyncio.gather(*tasks, return_exceptions=True)
        finally:
            await pool.close()

    return asyncio.run(run())


@pytest.mark.parametrize("num_workers", [1, 3])
def test_requests_that_wait_together_run_together(path, num_workers):
    requests = [np.arange(i, i + i % 4 + 1) for i in range(30)]
    cancelled, *found = batch_runs(path, requests, num_workers)
    assert isinstance(cancelled, asyncio.CancelledError)
    for x, answer in zip(requests[1:], found, strict=True):
        np.testing.assert_array_equal(answer["y"], 2 * x)
    rows = [answer["rows"][0] for answer in found]
    assert max(rows) <= 8
    assert np.mean(rows) > 4
    pids = {answer["pid"][0] for answer in found}
    assert len(pids) == num_workers


def test_a_job_that_a_process_dies_over_is_done_again(path):
    before, answer = answers(path, double(1), double(-1, 4))
    np.testing.assert_array_equal(answer["y"], [-2, 8])
    assert answer["pid"][0] != before["pid"]


def test_a_job_that_kills_every_process_is_given_up(path):
    error, answer = answers(path, double(-2), double(1))
    assert isinstance(error, WorkerError)
    assert "Two workers have died over 'double'" in str(error)
    assert answer["y"] == 2


def replaced(caplog, reason, pid):
    """Whether the log and the metrics say once that a worker was replaced."""
    text = {"died": f"{pid} has died with code", "stopped": f"{pid} was stopped"}
    found = [text[reason] in line for line in caplog.messages]
    value = REGISTRY.get_sample_value(
        "keras_gen_processes_replaced_total", {"kind": "worker", "reason": reason}
    )
    return sum(found) == 1, value


def test_a_process_that_died_unnoticed_is_replaced(path, caplog):
    count = replaced(caplog, "died", 0)[1] or 0

    async def run():
        worker = Worker(sampler_of(path))
        pid = int((await worker.run(path, *double(1)))["pid"][0])
        os.kill(pid, 9)
        # Or the loop has waited for it already.
        with contextlib.suppress(ChildProcessError):
            os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        answer = await worker.run(path, *double(1))
        await worker.close()
        return pid, answer["pid"]

    before, after = asyncio.run(run())
    assert before != after
    assert replaced(caplog, "died", before) == (True, count + 1)


def test_an_error_of_a_model_leaves_its_process_alive(path):
    before, error, after = answers(path, double(1), ("halve", {"x": [1]}), double(1))
    assert "ValueError: no halve" in str(error)
    assert after["pid"] == before["pid"]


def test_an_error_reaches_all_requests_of_the_batch(path):
    _, *errors = batch_runs(path, [np.array([-2])] * 5)
    assert all(isinstance(error, WorkerError) for error in errors)


def test_a_worker_runs_a_saved_model(tmp_path):
    model = make_tiny(GAN)
    path = export_saved_model(model, tmp_path / "gan")
    seeds = np.array([(7, 0), (7, 1), (7, 2)], np.int32)
    (answer,) = answers(str(path), ("sample", {"seed": seeds}))
    images = answer["x"]
    expected = model.x_domain.to_bytes(model.sample(3, 7)).astype(int)
    assert images.shape == expected.shape
    assert np.abs(images - expected).max() <= 1


def test_a_full_queue_refuses_at_once(path):
    async def run():
        pool = Pool(1, sampler_of(path), queue=3)
        batches = Batches(pool, path, "double", max_rows=8)
        x = {"x": np.ones(1)}
        found = await asyncio.gather(
            *[batches.run(x) for _ in range(5)], return_exceptions=True
        )
        # The places are free again.
        found.append(await batches.run(x))
        await pool.close()
        return found

    *first, fourth, fifth, after = asyncio.run(run())
    assert all(answer["y"] == [2] for answer in (*first, after))
    assert all(isinstance(error, QueueFullError) for error in (fourth, fifth))


def test_inputs_that_wait_have_a_bounded_length(path, monkeypatch):
    monkeypatch.setattr(pool_module, "_MAX_BYTES", 20)
    _, *found = batch_runs(path, [np.ones(1)] * 3)
    assert [type(answer) for answer in found] == [dict, QueueFullError]


@pytest.mark.parametrize("job", [-3, -4])
def test_a_job_that_does_not_end_is_given_up_and_its_process_replaced(
    path, job, caplog
):
    count = replaced(caplog, "stopped", 0)[1] or 0

    async def run():
        pool = Pool(1, sampler_of(path), deadline=600)
        batches = Batches(pool, path, "double", max_rows=1)
        await batches.open({"x": np.ones(1)})
        before = await batches.run({"x": np.ones(1)})
        pool.deadline = 0.5
        late, behind = await asyncio.gather(
            batches.run({"x": np.full(1, job)}),
            batches.run({"x": np.ones(1)}),
            return_exceptions=True,
        )
        pool.deadline = 600
        after = await batches.run({"x": np.ones(1)})
        await pool.close()
        return before, late, behind, after

    before, late, behind, after = asyncio.run(run())
    assert replaced(caplog, "stopped", int(before["pid"][0])) == (True, count + 1)
    for error in (late, behind):
        assert isinstance(error, DeadlineError)
        assert "not answered within 0.5 s" in str(error)
    assert after["y"] == [2]


def test_requests_that_are_given_up_do_not_wait_on(path):
    async def run():
        pool = Pool(1, sampler_of(path), queue=10)
        batches = Batches(pool, path, "double", max_rows=1)
        async with pool.free_worker():
            for _ in range(100):
                task = asyncio.create_task(batches.run({"x": np.ones(1)}))
                await asyncio.sleep(0)
                task.cancel()
                await asyncio.wait([task])
            assert not batches._waiting
            assert len(batches._tasks) <= 1
        answer = await batches.run({"x": np.ones(1)})
        await pool.close()
        return answer

    assert asyncio.run(run())["y"] == [2]
