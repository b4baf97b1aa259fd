"""A thread that carries messages to the channel layer for code that must neither wait for it nor open a connection."""

import asyncio
import atexit
import os
import threading
from collections.abc import Iterable
from typing import Any, NamedTuple

from django.db import transaction

from pushers.clock import now_ms
from pushers.layer import Layer, Message

COALESCE = 0.002  # seconds: what one burst says of many users travels as one message
AT_EXIT = 1.0  # seconds that a short-lived process waits for its last messages to leave
MOST_USERS = 1000  # per message


class Letter(NamedTuple):
    """A message about users who are still to be named. `fields` are its other keys; a tuple in them becomes a list."""

    group: str
    fields: tuple[tuple[str, Any], ...]

    def messages(self, users: set[str], ts: int) -> list[Message]:
        """Return the messages that name these users, each of moderate size; `ts`: when it was committed."""
        fixed = {"ts": ts} | {name: list(value) if isinstance(value, tuple) else value for name, value in self.fields}
        ordered = sorted(users)
        parts = [ordered[start : start + MOST_USERS] for start in range(0, len(ordered), MOST_USERS)]
        return [{**fixed, "users": part} for part in parts or [[]]]


def post(letter: Letter, user_ids: Iterable[Any]) -> None:
    """Send a letter about these users when the current transaction commits.

    Returns at once and never raises for a channel layer that is away. A letter about nobody in particular is sent too.
    """
    users = [str(user_id) for user_id in user_ids]
    # No partial: Django names the failed function by its __qualname__, and would raise for want of one.
    transaction.on_commit(lambda: _hand_over(letter, users), robust=True)


class Courier:
    """The thread, with an event loop of its own."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self._lock = threading.Lock()
        self._pending: dict[Letter, tuple[int, set[str]]] = {}  # with the time of the first commit of the burst
        self._loop: asyncio.AbstractEventLoop | None = None
        self._idle = threading.Event()  # all that was put has been sent, not only taken
        self._idle.set()
        self._ready = threading.Event()
        threading.Thread(target=lambda: asyncio.run(self._run()), name="courier", daemon=True).start()
        self._ready.wait(AT_EXIT)
        atexit.register(self.flush)

    def put(self, letter: Letter, users: Iterable[str]) -> None:
        """Take a letter; those of one burst that differ only in their users become one."""
        with self._lock:
            self._pending.setdefault(letter, (now_ms(), set()))[1].update(users)
            self._idle.clear()
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._filled.set)

    def flush(self) -> None:
        """Wait until what was put has been sent, but not longer than a second."""
        if self.pid == os.getpid():
            self._idle.wait(AT_EXIT)

    async def _run(self) -> None:
        self._loop, self._filled = asyncio.get_running_loop(), asyncio.Event()
        layer = Layer("courier")
        self._ready.set()
        while True:
            await self._filled.wait()
            await asyncio.sleep(COALESCE)
            self._filled.clear()
            with self._lock:
                pending, self._pending = self._pending, {}
            for letter, (ts, users) in pending.items():
                for message in letter.messages(users, ts):
                    await layer.send_group(letter.group, message)
            with self._lock:
                if not self._pending:
                    self._idle.set()


_courier: Courier | None = None
_starting = threading.Lock()


def _hand_over(letter: Letter, users: list[str]) -> None:
    global _courier
    with _starting:
        if _courier is None or _courier.pid != os.getpid():  # a forked server starts its own
            _courier = Courier()
    _courier.put(letter, users)
