"""A clock of which a thousand seconds take one, and what is due on it; processes that stop and die on it."""

import heapq
import random
from collections.abc import Callable, Coroutine
from typing import Any


class Clock:
    """Time that jumps to whatever is due next. It stands in for the module `time`."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.now = 100.0
        self._number = 0
        self._due: list[tuple[float, int, Callable[..., Any], tuple[Any, ...]]] = []

    def monotonic(self) -> float:
        return self.now

    def after(self, seconds: float, function: Callable[..., Any], *arguments: Any) -> None:
        self._number += 1
        heapq.heappush(self._due, (self.now + seconds, self._number, function, arguments))

    def run(self, until: float) -> None:
        """Do all that is due until then."""
        while self._due and self._due[0][0] <= until:
            self.now, _, function, arguments = heapq.heappop(self._due)
            function(*arguments)
        self.now = until


class Process:
    """Whose time goes on only while it is neither dead nor stopped; what was due meanwhile is done when it goes on."""

    def __init__(self, clock: Clock, name: str) -> None:
        self.clock, self.name = clock, name
        self.alive, self.stopped_until = True, 0.0
        self.last: dict[Any, float] = {}  # lane -> when the last message in it arrives

    @property
    def runs(self) -> bool:
        return self.alive and self.clock.now >= self.stopped_until

    def after(self, seconds: float, function: Callable[..., Any], *arguments: Any) -> None:
        self.clock.after(seconds, self.do, function, *arguments)

    def do(self, function: Callable[..., Any], *arguments: Any) -> None:
        """Call it, now or as soon as the process goes on."""
        if not self.alive:
            return
        if self.runs:
            function(*arguments)
        else:
            pause = self.stopped_until - self.clock.now + 1e-4 * self.clock.random.random()
            self.clock.after(pause, self.do, function, *arguments)

    def every(self, seconds: float, function: Callable[[], Any]) -> None:
        def tick() -> None:
            self.after(seconds, tick)
            function()

        self.after(seconds * self.clock.random.random(), tick)


def run_now(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine that waits for nothing but its turn."""
    while True:
        try:
            coroutine.send(None)
        except StopIteration as stop:
            return stop.value
