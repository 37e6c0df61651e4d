"""Processes that do jobs for the server, one at a time, over pipes."""

import asyncio
import logging
import subprocess
import sys

from keras_gen.serving.metrics import REPLACED

_LOGGER = logging.getLogger("mlserver.keras_gen")
# Written at once to a pipe, between which the event loop does other things.
_PIECE = 2**16


class Process:
    """A process that answers jobs in turn.

    It starts with the first job. If it has died, it is replaced when the next job
    comes. A job that is cancelled ends with the process. The log names each process
    that starts, and says why one is replaced.

    Args:
        script: Path of a Python file that calls
            `keras_gen.serving.jobs.serve_jobs()`.
        kind: String, for the log.
    """

    def __init__(self, script, kind):
        self._script = script
        self._kind = kind
        self._process = None
        for reason in ("died", "stopped"):
            REPLACED.labels(kind, reason)

    async def start(self):
        """Starts the process, unless it lives."""
        if self._process is not None:
            if self._process.returncode is None:
                return
            self._lose("died", f"has died with code {self._process.returncode}")
        # Pipes of the event loop. A thread would have to wait for the interpreter
        # before and after each job if the loop is busy.
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            str(self._script),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            limit=2**20,
        )
        _LOGGER.info("Started %s process %d.", self._kind, self._process.pid)

    async def answer(self, *job):
        """The answer to a job as bytes; None if the process died over it.

        Args:
            *job: The parts of the job, bytes or memoryviews.
        """
        await self.start()
        process = self._process
        try:
            length = sum(map(len, job))
            process.stdin.write(length.to_bytes(8))
            for part in job:
                for first in range(0, len(part), _PIECE):
                    process.stdin.write(part[first : first + _PIECE])
                    await process.stdin.drain()
            length = await process.stdout.readexactly(8)
            return await process.stdout.readexactly(int.from_bytes(length))
        except (ConnectionError, asyncio.IncompleteReadError):
            await process.wait()
            self._lose("died", f"has died with code {process.returncode} over a job")
            return None
        except asyncio.CancelledError:
            # Otherwise its answer would meet the next job.
            process.kill()
            self._lose("stopped", "was stopped: its job took too long")
            raise

    def _lose(self, reason, sentence):
        _LOGGER.warning(
            "%s process %d %s. It is replaced when the next job comes.",
            self._kind.capitalize(),
            self._process.pid,
            sentence,
        )
        REPLACED.labels(self._kind, reason).inc()
        self._process = None

    async def close(self):
        """Lets the process end."""
        if self._process is not None:
            self._process.stdin.close()
            await self._process.wait()
