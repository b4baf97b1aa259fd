"""A process that only says what it would push: it owns nothing and sends nothing."""

import asyncio
import logging
import math
from collections.abc import Collection

from pushers.clock import now_ms
from pushers.layer import Message
from pushers.lease import Leases, Standing
from pushers.ownership import Fence

logger = logging.getLogger("pushers.push")


class NoLeases(Leases):
    """The leases of a process that sends nothing and so needs none; it never touches the database."""

    def step(self) -> Standing:
        """Pretend to hold everything, for ever."""
        if not self._epochs:
            epochs = dict.fromkeys(range(self.count), now_ms())
            self._deadlines.update(dict.fromkeys(epochs, math.inf))
            self._epochs.update(epochs)
        return Standing(1)

    def owners(self) -> set[str]:
        """Leave the others alone."""
        return set()

    def release(self) -> None:
        """Have nothing to give back."""


class LogSender:
    """Logs each document or patch in the place of sending it: its size, or with `texts` the whole of it.

    The rows of the symbol feed, which are many and change all the time, are a line per tick.
    """

    def __init__(self, *, texts: bool = False) -> None:
        self._texts = texts
        self._symbols: list[str] = []  # of the tick that is under way

    def to_group(self, fences: Collection[Fence], group: str, message: Message) -> None:
        if message["type"] == "push":
            for feed, (_, seq, snapshot, text) in message["feeds"].items():
                kind = "snapshot" if snapshot else "patch"
                logger.info("Would push %s to user %s: %s %d, %s.", feed, message["user"], kind, seq, self._what(text))
        elif message["type"] == "ticker" and message["text"]:
            if not self._symbols:  # a tick sends its rows without a pause: afterwards all are there
                asyncio.get_running_loop().call_soon(self._say_symbols)
            self._symbols.append(message["symbol"])

    def to_channel(self, fences: Collection[Fence], channel: str, message: Message) -> None:
        if message["type"] != "answer":
            return
        for user, feeds in message["users"].items():
            for feed, (_, seq, text, _, _, stale) in feeds.items():
                if stale:
                    logger.info("Would call %s stale for user %s: %s.", feed, user, stale[0])
                elif text:
                    logger.info("Would send %s to user %s: snapshot %d, %s.", feed, user, seq, self._what(text))

    def _what(self, text: str) -> str:
        return text if self._texts else f"{len(text)} bytes"

    def _say_symbols(self) -> None:
        logger.info("Would push the rows of %s.", ", ".join(sorted(self._symbols)))
        self._symbols.clear()
