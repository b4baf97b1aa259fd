"""The demo's processes under one roof: honcho starts, prefixes and stops them; a leash covers what it does not."""

import os
import signal
import sys
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from honcho.manager import SYSTEM_PRINTER_NAME, Manager
from honcho.printer import Message, Printer
from honcho.process import Popen, Process

from tradingsite.leash import die_with_parent


class LeashedProcess(Process):
    """A honcho process given as an argument list, which is gone at once when the demo is killed with -9.

    honcho puts a relay between itself and the program, which ignores signals: both are on the leash.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._leash = die_with_parent(signal.SIGKILL)

    def run(self, events: Any = None, ignore_signals: bool = False) -> None:
        """Start the program and relay its output; runs in the relay."""
        self._leash()
        self._child_ctor = partial(Popen, shell=False, preexec_fn=die_with_parent(signal.SIGKILL))
        super().run(events, ignore_signals)


class ProcessManager(Manager):
    """A honcho manager whose processes belong together: when one ends, all do, and that is a failure.

    It also survives a signal while they are starting, and runs `watchers`, each in a thread, beside them.
    """

    def __init__(self, watchers: list[Callable[["ProcessManager"], None]]) -> None:
        super().__init__(Printer(sys.stdout, time_format=""))  # the programs' own lines have the time
        self._process_ctor = LeashedProcess
        self._watchers = watchers
        self._failure = ""

    def run(self) -> int:
        """Run all to their end; return 0 after Ctrl-C or SIGTERM, else 1, the reason being the last line."""
        # honcho knows the other two: a closed terminal stops everything as SIGTERM does.
        signal.signal(signal.SIGHUP, lambda number, frame: os.kill(os.getpid(), signal.SIGTERM))
        self.loop()
        if not self._failure:
            return 0
        self._system_print(f"Stopped because {self._failure}")
        return 1

    def say(self, text: str) -> None:
        """Print `text` among the processes' lines; may be called from any thread."""
        now = self._clock.now()
        self.events.put(Message(type="line", data=text, time=now, name=SYSTEM_PRINTER_NAME, colour=None))

    def fail(self, reason: str) -> None:
        """Stop all processes because of `reason`, unless they are stopping already; may be called from any thread."""
        if not self._terminating:
            self._failure = reason
            self.say(reason)
            os.kill(os.getpid(), signal.SIGTERM)

    def terminate(self) -> None:
        """Stop all processes; while they are still starting, as soon as they have."""
        if self._terminating or not super()._all_started():
            return
        ended = {name: process["returncode"] for name, process in self._processes.items() if "returncode" in process}
        if ended and not self._failure:
            codes = " and ".join(f"{name} ended (rc={code})" for name, code in ended.items())
            self._failure = f"{codes}; what it said last is above"
            self.say(f"{' and '.join(ended)} ended, so the rest is stopped too")
        super().terminate()

    def _start(self) -> None:
        super()._start()
        for watcher in self._watchers:  # not earlier: a fork must not happen in the middle of a thread's work
            threading.Thread(target=watcher, args=(self,), daemon=True).start()

    def _all_started(self) -> bool:
        started: bool = super()._all_started()
        if started and self.returncode is not None:  # a signal came before
            self.terminate()
        return started
