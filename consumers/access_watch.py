"""The watch over open sockets: what their users may still do is looked at again and again, and at once when told."""

import asyncio
import logging
import math
import random
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from consumers.access_check import Claim, Verdict, check_claims
from consumers.close_codes import CloseCode
from consumers.conf import consumer_settings
from consumers.connection import Connection
from consumers.frames import server_frame
from consumers.proof import Proof, unseal
from pushers import registry
from pushers.layer import Message
from pushers.orm import OrmThread

if TYPE_CHECKING:
    from consumers.hub import Hub

logger = logging.getLogger(__name__)

BATCH = 500  # sockets per check: a constant number of queries, and some 50 ms of one thread
LOOK = 0.5  # seconds between looks for whose check is due
MOMENTS = 15  # in the time between a socket's checks: many are due at each, and most of a check costs the same for one
GRACE = 0.6  # seconds: a session that seems over may be under way to its new key (middleware.py)
RETRY = 1.0  # seconds until the database is asked again after it did not answer
AT_END = 1.0  # seconds that a check under way may hold up the end


class AccessWatch:
    """Closes the sockets whose users may not go on, and takes the feeds that they may not watch any more.

    The checks have a thread and a connection of their own, so a slow database delays no push. One that is away
    postpones them and closes nothing.
    """

    def __init__(self, hub: "Hub") -> None:
        self._hub, self._period = hub, consumer_settings().ACCESS_SECONDS
        self._thread = OrmThread("access")
        self._changed = asyncio.Event()
        self._away = False
        self._unknown: set[str] = set()  # users who could not be checked, each named once
        self._closing: set[asyncio.Task[None]] = set()

    def on_message(self, message: Message) -> None:
        """Do what pushers.disconnect, pushers.access_changed and the middleware ask."""
        if message["type"] == "disconnect":
            for connection in self._sockets(message["users"]):
                self._end(connection, message["code"])
        elif message["type"] == "renewed":
            self._renew(message)
        else:
            self._on_change(message)

    def _on_change(self, message: Message) -> None:
        ended = set(message["ended"])
        for connection in self._hub.all_sockets() if message["all"] else self._sockets(message["users"]):
            if connection.proof is not None and connection.proof.session in ended:
                self._end(connection, CloseCode.SIGNED_OUT)
            else:
                connection.check_due = -math.inf
        self._changed.set()

    def _renew(self, message: Message) -> None:
        """Have the sockets of a session go on under its new key; whether that one is good is checked like any other."""
        for connection in self._sockets(message["users"]):
            proof = connection.proof
            if proof is not None and proof.session_key is not None and proof.session == message["session"]:
                connection.proof = replace(proof, session_key=unseal(message["sealed"], under=proof.session_key))
                connection.check_due, connection.doubted = -math.inf, None
        self._changed.set()

    async def run(self) -> None:
        """Check for ever."""
        try:
            while True:
                self._changed.clear()
                due = self._due(time.monotonic())
                if due and not await self._check(due):
                    await asyncio.sleep(RETRY)
                elif len(due) < BATCH:  # of thousands some are always due: they are checked together at the next look
                    with suppress(TimeoutError):
                        # Not wait_for: on Python 3.11 it loses a cancellation that comes together with the event.
                        async with asyncio.timeout(LOOK):
                            await self._changed.wait()
        finally:
            self._thread.close(AT_END)

    def _sockets(self, users: Iterable[str]) -> list[Connection]:
        return [connection for user in users for connection in self._hub.held_by(user)]

    def _due(self, now: float) -> list[Connection]:
        """Return the next batch, those of whom something was told first."""
        everybody = self._hub.users.values()  # looked through twice a second: no lists are made of them
        sockets = (socket for watched in everybody for socket in watched.connections if socket.check_due <= now)
        due = [socket for socket in sockets if socket.proof is not None]
        return sorted(due, key=lambda connection: connection.check_due)[:BATCH]

    def _next_check(self, now: float) -> float:
        """Return when a socket that is checked now is due again, well within the period."""
        step = self._period / MOMENTS
        return math.ceil((now + self._period * random.uniform(0.65, 0.85)) / step) * step

    async def _check(self, connections: list[Connection]) -> bool:
        """Check a batch and do what follows; False where the database does not answer."""
        now, symbol_feed = time.monotonic(), registry.symbol_feed()
        claims = []
        for connection in connections:
            # Set before, not after: a hint that comes during the check makes it due again.
            connection.check_due = self._next_check(now)
            feeds = set(connection.places)
            if symbol_feed is not None and connection.symbols:
                feeds.add(symbol_feed.name)
            assert connection.proof is not None
            claims.append(Claim(connection.proof, frozenset(feeds), connection.watched))
        try:
            verdicts = await self._thread.run(check_claims, claims)
        except Exception as error:  # noqa: BLE001 - of the database's many ways to be away, none may end the watch
            self._postpone(connections, error)
            return False
        if self._away:
            self._away = False
            logger.info("The access of open sockets is checked again.")
        for connection, claim, verdict in zip(connections, claims, verdicts, strict=True):
            self._act(connection, claim.proof, verdict)
        return True

    def _postpone(self, connections: list[Connection], error: Exception) -> None:
        for connection in connections:
            connection.check_due = -math.inf
        if not self._away:
            self._away = True
            logger.error(
                "The access of open sockets can't be checked; they stay open, and it is tried again: %s: %s",
                type(error).__name__,
                str(error).strip(),
            )

    def _act(self, connection: Connection, proof: Proof, verdict: Verdict) -> None:
        user = connection.user_id
        if verdict.error is None:
            self._unknown.discard(user)
        elif user not in self._unknown:
            self._unknown.add(user)
            logger.error("The access of user %s can't be checked; his sockets stay open.", user, exc_info=verdict.error)
        if (
            verdict.code is CloseCode.SIGNED_OUT
            and proof.session_key is not None
            and self._has_grace(connection, proof)
        ):
            return
        connection.doubted = None
        if verdict.code is not None:
            self._end(connection, verdict.code)
        elif verdict.lost:
            self._take(connection, verdict.lost)

    def _has_grace(self, connection: Connection, proof: Proof) -> bool:
        """Say whether a session that seems over may still go on: under a key that has come, or is about to."""
        if connection.proof != proof:
            return True  # it has come meanwhile, and is checked next
        now = time.monotonic()
        connection.doubted = now if connection.doubted is None else connection.doubted
        connection.check_due = min(connection.check_due, connection.doubted + GRACE)
        return now < connection.doubted + GRACE

    def _take(self, connection: Connection, lost: Iterable[str]) -> None:
        """Unsubscribe what a socket may not watch any more, and say so in a frame that no overflow drops."""
        feeds = [name for name in lost if name in connection.places]
        symbol_feed = registry.symbol_feed()
        symbols = list(connection.symbols) if symbol_feed is not None and symbol_feed.name in lost else []
        self._hub.unsubscribe(connection, feeds)
        self._hub.unsubscribe_symbols(connection, symbols)
        refusal = {"ok": False, "code": "forbidden"}
        names = {"feeds": dict.fromkeys(feeds, refusal), "symbols": dict.fromkeys(symbols, refusal)}
        if feeds or symbols:
            connection.write(server_frame("unsubscribed", **names), keep=True)

    def _end(self, connection: Connection, code: int) -> None:
        """Close a socket; from here on nothing more is sent to it."""
        self._hub.close(connection)
        task = asyncio.create_task(connection.close(code))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
