"""Processes that do jobs for the server, one at a time, over pipes."""

import asyncio
import logging
import os
import pickle
import signal
import subprocess
import sys
import traceback

_LOGGER = logging.getLogger("mlserver.keras_gen")
# Written at once to a pipe, between which the event loop does other things.
_PIECE = 2**16


class Process:
    """A process that answers jobs in turn.

    It starts with the first job. If it has died, it is replaced when the next job
    comes. A job that is cancelled ends with the process.

    Args:
        script: Path of a Python file that calls `serve_jobs()`.
        kind: String, for the log.
    """

    def __init__(self, script, kind):
        self._script = script
        self._kind = kind
        self._process = None

    async def start(self):
        """Starts the process, unless it lives."""
        if self._process is not None and self._process.returncode is None:
            return
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
            _LOGGER.warning(
                "%s process %d has died with code %d.",
                self._kind.capitalize(),
                process.pid,
                process.returncode,
            )
            return None
        except asyncio.CancelledError:
            # Otherwise its answer would meet the next job.
            process.kill()
            self._process = None
            raise

    async def close(self):
        """Lets the process end."""
        if self._process is not None:
            self._process.stdin.close()
            await self._process.wait()


def serve_jobs(function):
    """Answers the jobs on standard input until it ends.

    Args:
        function: Function from bytes to something that can be pickled. If it raises,
            the answer is the text of the error.
    """
    # The server decides when to end, also if a terminal interrupts both processes.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    jobs, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    # What libraries print must not get between the answers.
    os.dup2(2, 1)
    while length := jobs.read(8):
        job = memoryview(jobs.read(int.from_bytes(length)))
        try:
            answer = function(job)
        except Exception as error:
            traceback.print_exc()
            answer = f"{type(error).__name__}: {error}"
        del job
        answer = pickle.dumps(answer)
        answers.write(len(answer).to_bytes(8) + answer)
        answers.flush()
        del answer
