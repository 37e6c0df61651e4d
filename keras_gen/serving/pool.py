"""Worker processes, and batches of the requests that wait for a worker."""

import asyncio
import contextlib
import itertools
import pickle
import time
from pathlib import Path

import numpy as np

from keras_gen.export.standalone_sampler import sampler_path
from keras_gen.serving.metrics import (
    BATCH_ROWS,
    BATCH_SECONDS,
    QUEUE,
    QUEUE_BYTES,
    WAIT_SECONDS,
    WORKERS_BUSY,
)
from keras_gen.serving.processes import Process

# Of the inputs of requests that wait or run.
_MAX_BYTES = 256 * 2**20
_WORKER = Path(__file__).with_name("worker.py")


class WorkerError(Exception):
    """A worker could not run a job."""


class QueueFullError(Exception):
    """Too many requests wait."""


class DeadlineError(Exception):
    """A request has waited, or run, for too long."""


class Worker:
    """A process that runs models, one job at a time.

    If the process has died, it is replaced when the next job comes. A job over which a
    process died runs once more, with the same result: outputs depend on inputs only.

    Args:
        sampler: Path of the file that runs `.tflite` files. Defaults to the one of this
            package.
    """

    def __init__(self, sampler=None):
        self._sampler = str(sampler or sampler_path())
        self._process = Process(_WORKER, "worker")

    async def run(self, path, signature, inputs):
        """The outputs of a signature.

        Args:
            path: String, a `.tflite` file or the folder of a SavedModel.
            signature: String.
            inputs: Dict of arrays by name.

        Returns:
            Dict of arrays by name.

        Raises:
            WorkerError: If the model raises, or two processes have died over it.
        """
        job = pickle.dumps((self._sampler, path, signature, inputs))
        answer = await self._process.answer(job) or await self._process.answer(job)
        if answer is None:
            raise WorkerError(f"Two workers have died over {signature!r} of {path!r}.")
        answer = pickle.loads(answer)
        if isinstance(answer, str):
            raise WorkerError(answer)
        return answer

    async def close(self):
        """Lets the process end."""
        await self._process.close()


class Pool:
    """A number of workers, and the limits of what waits for them.

    Args:
        num_workers: Integer of at least 1.
        sampler: As for `Worker`.
        queue: Integer of at least 1, requests of all models that may wait or run.
        deadline: Float, seconds for a request.
    """

    def __init__(self, num_workers, sampler=None, queue=1024, deadline=60.0):
        self.num_workers = num_workers
        self.deadline = deadline
        self._free_requests = queue
        self._free_bytes = _MAX_BYTES
        self._free = asyncio.Queue()
        for _ in range(num_workers):
            self._free.put_nowait(Worker(sampler))

    @contextlib.contextmanager
    def place(self, inputs):
        """A place in the queue for the time of a block.

        Raises:
            QueueFullError: If there is none.
        """
        num_bytes = sum(values.nbytes for values in inputs.values())
        if not self._free_requests or self._free_bytes < num_bytes:
            raise QueueFullError("Too many requests wait. Try again in a second.")
        self._take(1, num_bytes)
        try:
            yield
        finally:
            self._take(-1, -num_bytes)

    @contextlib.asynccontextmanager
    async def free_worker(self):
        """A `Worker` that is free now."""
        worker = await self._free.get()
        WORKERS_BUSY.inc()
        try:
            yield worker
        finally:
            WORKERS_BUSY.dec()
            self._free.put_nowait(worker)

    def _take(self, num, num_bytes):
        self._free_requests -= num
        self._free_bytes -= num_bytes
        QUEUE.inc(num)
        QUEUE_BYTES.inc(num_bytes)

    async def close(self):
        """Lets each process end once it is free."""
        for _ in range(self.num_workers):
            worker = await self._free.get()
            await worker.close()


class Batches:
    """Runs a signature for many requests, in batches.

    When a worker is free, all waiting requests are one batch. A request never waits for
    others to arrive.

    Args:
        pool: `Pool`.
        path: String, a `.tflite` file or the folder of a SavedModel.
        signature: String.
        max_rows: Integer, the largest number of rows in a batch.
        name: Optional string, under which batches are counted. Defaults to the
            signature.
    """

    def __init__(self, pool, path, signature, max_rows, name=None):
        self._pool = pool
        self._waited = WAIT_SECONDS.labels(name or signature)
        self._rows = BATCH_ROWS.labels(name or signature)
        self._seconds = BATCH_SECONDS.labels(name or signature)
        self._job = (path, signature)
        self._max_rows = max_rows
        # Inputs, and when they came, by futures, in the order in which they came.
        self._waiting = {}
        # Of workers, to come for a batch.
        self._num_calls = 0
        self._tasks = set()

    async def open(self, inputs):
        """Runs inputs in every worker, so that the model is open there."""

        async def run_in_one():
            async with self._pool.free_worker() as worker:
                await worker.run(*self._job, inputs)

        await asyncio.gather(*[run_in_one() for _ in range(self._pool.num_workers)])

    async def run(self, inputs):
        """The outputs for some rows.

        Args:
            inputs: Dict of arrays by name, all of as many rows, at most `max_rows`.

        Returns:
            Dict of arrays by name.

        Raises:
            QueueFullError: If too many requests wait already.
            DeadlineError: If it takes longer than a request may.
            WorkerError: If the model raises, or two processes have died over it.
        """
        with self._pool.place(inputs):
            future = asyncio.get_running_loop().create_future()
            self._waiting[future] = inputs, time.monotonic()
            self._call_worker()
            try:
                async with asyncio.timeout(self._pool.deadline):
                    return await future
            except TimeoutError:
                raise self._too_late() from None
            finally:
                # What is given up does not wait on.
                self._waiting.pop(future, None)

    def _call_worker(self):
        if not self._waiting or self._num_calls >= self._pool.num_workers:
            return
        self._num_calls += 1
        # Not awaited: a cancelled request must not cancel the others of its batch.
        task = asyncio.create_task(self._run_batch())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run_batch(self):
        async with self._pool.free_worker() as worker:
            self._num_calls -= 1
            batch = self._take_batch()
            self._call_worker()
            if not batch:
                return
            try:
                merged = {
                    name: np.concatenate([inputs[name] for inputs, _ in batch])
                    for name in batch[0][0]
                }
                self._rows.observe(_rows(merged))
                with self._seconds.time():
                    async with asyncio.timeout(self._pool.deadline):
                        outputs = await worker.run(*self._job, merged)
            except Exception as error:
                if isinstance(error, TimeoutError):
                    error = self._too_late()
                for _, future in batch:
                    if not future.done():
                        future.set_exception(error)
                return
            first = 0
            for inputs, future in batch:
                last = first + _rows(inputs)
                if not future.done():
                    part = {
                        name: values[first:last] for name, values in outputs.items()
                    }
                    future.set_result(part)
                first = last

    def _too_late(self):
        return DeadlineError(
            f"The request was not answered within {self._pool.deadline:g} s."
        )

    def _take_batch(self):
        batch, rows = [], 0
        now = time.monotonic()
        for future, (inputs, came) in list(
            itertools.islice(self._waiting.items(), self._max_rows)
        ):
            if rows + _rows(inputs) > self._max_rows:
                break
            del self._waiting[future]
            if not future.done():
                batch.append((inputs, future))
                self._waited.observe(now - came)
                rows += _rows(inputs)
        return batch


def _rows(inputs):
    return len(next(iter(inputs.values())))
