"""The hint that a user's rows have changed. Losing one costs latency, never correctness."""

import asyncio
import atexit
import logging
import os
import threading
from collections.abc import Iterable
from typing import Any

from django.db import transaction

from pushers.layer import PUSHERS_GROUP, Layer, Message

logger = logging.getLogger(__name__)

COALESCE = 0.002  # seconds: the nudges of one burst travel as one message
AT_EXIT = 1.0  # seconds that a short-lived process waits for its last nudges to leave
MOST_USERS = 1000  # per message


def nudge(user_ids: Iterable[Any], feeds: Iterable[str] | None = None) -> None:
    """Have the pushers read these users at once, when the current transaction commits.

    `feeds` names those whose rows changed; None stands for all. A user is read only if he watches one of them. Returns
    at once and never raises for a channel layer that is away: the rows are pushed within their interval anyway.
    """
    users = [str(user_id) for user_id in user_ids]
    names = None if feeds is None else frozenset(feeds)
    if users:
        # No partial: Django names the failed function by its __qualname__, and would raise for want of one.
        transaction.on_commit(lambda: _hand_to_sender(users, names), robust=True)


class NudgeSender:
    """A thread with an event loop of its own, so that a service neither waits for the layer nor opens a connection."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self._lock = threading.Lock()
        self._pending: dict[frozenset[str] | None, set[str]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._idle = threading.Event()  # all that was put has been sent, not only taken
        self._idle.set()
        self._ready = threading.Event()
        threading.Thread(target=lambda: asyncio.run(self._run()), name="nudges", daemon=True).start()
        self._ready.wait(AT_EXIT)
        atexit.register(self.flush)

    def put(self, users: list[str], feeds: frozenset[str] | None) -> None:
        with self._lock:
            self._pending.setdefault(feeds, set()).update(users)
            self._idle.clear()
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._filled.set)

    def flush(self) -> None:
        """Wait until what was put has been sent, but not longer than a second."""
        if self.pid == os.getpid():
            self._idle.wait(AT_EXIT)

    async def _run(self) -> None:
        self._loop, self._filled = asyncio.get_running_loop(), asyncio.Event()
        layer = Layer("nudge")
        self._ready.set()
        while True:
            await self._filled.wait()
            await asyncio.sleep(COALESCE)
            self._filled.clear()
            with self._lock:
                pending, self._pending = self._pending, {}
            for message in _messages(pending):
                await layer.send_group(PUSHERS_GROUP, message)
            with self._lock:
                if not self._pending:
                    self._idle.set()


def _messages(pending: dict[frozenset[str] | None, set[str]]) -> list[Message]:
    messages: list[Message] = []
    for feeds, users in pending.items():
        named, ordered = None if feeds is None else sorted(feeds), sorted(users)
        for start in range(0, len(ordered), MOST_USERS):
            messages.append({"type": "nudge", "users": ordered[start : start + MOST_USERS], "feeds": named})
    return messages


_sender: NudgeSender | None = None
_starting = threading.Lock()


def _hand_to_sender(users: list[str], feeds: frozenset[str] | None) -> None:
    global _sender
    with _starting:
        if _sender is None or _sender.pid != os.getpid():  # a forked server starts its own
            _sender = NudgeSender()
    _sender.put(users, feeds)
