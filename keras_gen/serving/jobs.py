"""What a process does that answers jobs of the server, in turn."""

import os
import pickle
import signal
import sys
import traceback


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
