"""Notices SIGTERM, which a scheduler sends before it kills a process."""

import signal
import threading


class Termination:
    """Notices SIGTERM, so that a training can end at a point where it can be resumed.

    A second SIGTERM has its usual effect. Only the main thread of a process can notice
    signals; in other threads `requested` stays False.

    Attributes:
        requested: Boolean, whether the process was asked to end.
    """

    def __init__(self):
        self.requested = False
        self._before = None

    def start(self) -> None:
        """Handles the signal from now on, in place of the handler before."""
        self.requested = False
        if threading.current_thread() is threading.main_thread():
            # A handler such as TensorFlow's is None here, which cannot be set again.
            self._before = signal.getsignal(signal.SIGTERM) or signal.SIG_DFL
            signal.signal(signal.SIGTERM, self._notice)

    def stop(self) -> None:
        """Restores the handler before."""
        if self._before is not None:
            signal.signal(signal.SIGTERM, self._before)
            self._before = None

    def pass_on(self) -> None:
        """Restores the handler before, and repeats a signal that was not handled."""
        self.stop()
        if self.requested:
            signal.raise_signal(signal.SIGTERM)

    def _notice(self, *_):
        self.requested = True
        signal.signal(signal.SIGTERM, self._before)
