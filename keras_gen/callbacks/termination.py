"""SIGTERM, which a scheduler sends some time before it kills."""

import signal
import threading


class Termination:
    """Notices SIGTERM, so that a training can end where its state is whole.

    A second one takes its usual course. Only the main thread of a process can notice
    signals; in others `requested` stays False.

    Attributes:
        requested: Boolean, whether the process was asked to end.
    """

    def __init__(self):
        self.requested = False
        self._before = None

    def start(self):
        """Notices from now on, in place of whatever did before."""
        self.requested = False
        if threading.current_thread() is threading.main_thread():
            # None, which cannot be set again, stands for handlers such as TensorFlow's.
            self._before = signal.getsignal(signal.SIGTERM) or signal.SIG_DFL
            signal.signal(signal.SIGTERM, self._notice)

    def stop(self):
        """Gives the signal back to whatever noticed it before."""
        if self._before is not None:
            signal.signal(signal.SIGTERM, self._before)
            self._before = None

    def pass_on(self):
        """Gives the signal back, and repeats one that came and was not heeded."""
        self.stop()
        if self.requested:
            signal.raise_signal(signal.SIGTERM)

    def _notice(self, *_):
        self.requested = True
        signal.signal(signal.SIGTERM, self._before)
