"""A clean end: SIGTERM and SIGINT as a flag that also ends a wait."""

import os
import select
import signal
from types import FrameType
from typing import Any, Self


class StopSignals:
    """Within the block, the first SIGTERM or SIGINT sets `stopped`; a second one does what it does by default.

    The wait is on a pipe: setting a threading.Event in a handler can deadlock with the wait that it interrupts.
    """

    NUMBERS = (signal.SIGTERM, signal.SIGINT)

    def __init__(self) -> None:
        self.stopped = False
        self._previous: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        self._reader, self._writer = os.pipe()
        for number in self.NUMBERS:
            self._previous[number] = signal.signal(number, self._stop)
        return self

    def __exit__(self, *error: object) -> None:
        self._restore()
        os.close(self._reader)
        os.close(self._writer)

    def wait(self, seconds: float) -> None:
        """Return after so many seconds, or at once when a signal has come."""
        select.select([self._reader], [], [], max(0.0, seconds))

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.stopped = True
        os.write(self._writer, b"\0")
        self._restore()

    def _restore(self) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        self._previous = {}
