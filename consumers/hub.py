"""The hub: one per server process, between the channel layer and this process's sockets.

It joins the group of every user who has a socket here, passes the pushers' frames on, and keeps asking the owners
until every socket is where they are. What it must not do is wait: nothing here awaits a socket.
"""

import asyncio
import logging
import time
import weakref
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

from consumers.access_watch import AccessWatch
from consumers.close_codes import CloseCode
from consumers.conf import consumer_settings
from consumers.connection import Connection, Place
from consumers.frames import server_frame
from consumers.membership import Membership
from consumers.metrics import OPENED, REPAIR, observe, passed_on
from consumers.owners import Owners
from consumers.presence import Presence
from consumers.symbol_board import SymbolBoard
from consumers.watched_user import WatchedUser
from pushers.clock import now_ms
from pushers.console_log import name_outages_once
from pushers.layer import Layer, Message
from pushers.stream import Entry, Position

logger = logging.getLogger(__name__)

COALESCE = 0.003  # seconds: the questions of a burst of sockets travel as one message
DIGEST = 2.0  # seconds between digests, which renew the interest and ask for confirmation
EARLY = 0.25  # of the time between heartbeats: one due so soon goes along with a push
SWEEP = 0.5  # seconds between looks for who lacks what, who is stale, who stalls

_hubs: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Hub]" = weakref.WeakKeyDictionary()
observe(_hubs.values)


class Hub:
    """The sockets of this process by user. `current()` starts it in the running event loop when it is first needed."""

    def __init__(self) -> None:
        self.users: dict[str, WatchedUser] = {}
        self.watches: set[Connection] = set()  # those that show a user's state to another
        self._settings = consumer_settings()
        self._early = EARLY * self._settings.HEARTBEAT_SECONDS
        self._beats: OrderedDict[Connection, None] = OrderedDict()  # all sockets, in the order of their next heartbeats
        self._writing: set[Connection] = set()  # those whose frames wait for the ones before
        self._layer = Layer("hub")
        self._board = SymbolBoard()
        self._owners = Owners(self._layer, self.users)
        self._membership = Membership(self._layer, self.users.values, self._board.symbols)
        self._access = AccessWatch(self)
        self._to_ask: set[str] = set()
        self._asking = asyncio.Event()
        self._task = asyncio.create_task(self._run(), name="hub")
        self._task.add_done_callback(_log_death)

    @classmethod
    def current(cls) -> "Hub":
        loop = asyncio.get_running_loop()
        hub = _hubs.get(loop)
        if hub is None or hub._task.done():
            hub = _hubs[loop] = cls()
        return hub

    # Sockets

    def open(self, connection: Connection) -> None:
        """Take a signed-in socket; it receives nothing but heartbeats until it subscribes."""
        watched = self.users.get(connection.user_id)
        if watched is None:
            watched = self.users[connection.user_id] = WatchedUser(connection.user_id)
            self._membership.changed()
        OPENED.inc()
        watched.connections.append(connection)
        if connection.watched is not None:
            self.watches.add(connection)
        connection.on_overflow, connection.writing = self._resync, self._writing
        self._put_off_heartbeat(connection, time.monotonic())

    def close(self, connection: Connection) -> None:
        """Let a socket go. The interest of its user simply runs out."""
        connection.abandon()
        watched = self._watched_by(connection)
        if watched is None:
            return
        watched.connections.remove(connection)
        self._beats.pop(connection, None)
        self.watches.discard(connection)
        self._board.close(connection)
        if not watched.connections:
            del self.users[connection.user_id]
        self._membership.changed()

    def sockets(self, user_id: str) -> int:
        """Return how many sockets a user has here."""
        return len(self.held_by(user_id))

    def held_by(self, user_id: str) -> list[Connection]:
        """Return the sockets that a user opened here: not those that show his state to another."""
        watched = self.users.get(user_id)
        own = [one for one in watched.connections if one.watched is None] if watched is not None else []
        return own + [one for one in self.watches if one.holder == user_id]

    def all_sockets(self) -> list[Connection]:
        """Return all sockets that are open here."""
        return [connection for watched in self.users.values() for connection in watched.connections]

    def subscribe(self, connection: Connection, feeds: dict[str, Position | None]) -> None:
        """Start (or start again) feeds of one socket; what it lacks is asked for."""
        watched, now = self._watched_by(connection), time.monotonic()
        if watched is None:
            return
        for feed, have in feeds.items():
            connection.places[feed] = Place(have, now)
        watched.ask_afresh()
        self._ask(connection.user_id)
        self._tell_stale(watched, now)

    def unsubscribe(self, connection: Connection, feeds: Iterable[str]) -> None:
        for feed in feeds:
            connection.places.pop(feed, None)

    def subscribe_symbols(self, connection: Connection, symbols: Iterable[str]) -> None:
        """Start symbols of one socket: the newest rows at once where they are known, else as soon as they come."""
        watched, now = self._watched_by(connection), time.monotonic()
        if watched is None:
            return
        frames = self._board.open(connection, symbols, now)
        self._tell_stale(watched, now)  # first, so that a stale price is never shown as live
        for frame in frames:
            connection.write(frame)
        self._membership.changed()
        self._asking.set()

    def unsubscribe_symbols(self, connection: Connection, symbols: Iterable[str]) -> None:
        self._board.close(connection, symbols)
        self._membership.changed()

    def request_snapshot(self, connection: Connection, feeds: list[str]) -> None:
        """Do what a client asks that finds itself behind."""
        if watched := self.users.get(connection.user_id):
            REPAIR["client"].inc()
            watched.on_snapshot_request(connection, feeds, time.monotonic())
            self._ask(connection.user_id)

    def _watched_by(self, connection: Connection) -> WatchedUser | None:
        """Return the user of an open socket; None once the hub has let the socket go."""
        watched = self.users.get(connection.user_id)
        return watched if watched is not None and connection in watched.connections else None

    # Messages of the layer

    def on_message(self, message: Message) -> None:
        kind = message["type"]
        if kind == "push":
            self._on_push(message)
        elif kind == "answer":
            for user, answer in message["users"].items():
                self._on_answer(user, answer, message["asked"], docs=message["docs"], cut=message["cuts"][user])
        elif kind == "confirm":
            self._on_confirm(message)
        elif kind == "ticker":
            self._on_ticker(message)
        elif kind == "beat":
            self._on_beat(message)
        elif kind == "probe" and message["hub"] == self._layer.channel:
            self._on_probe(message["user"])
        elif kind in ("access", "disconnect", "renewed"):
            self._access.on_message(message)

    def _on_push(self, message: Message) -> None:
        user = message["user"]
        watched = self.users.get(user)
        epoch = next(iter(message["feeds"].values()))[0]  # of all its entries: they have one owner
        if watched is None or self._owners.is_fenced(user, epoch):
            return
        entries = {
            feed: Entry(Position(epoch, seq), snapshot, text)
            for feed, (epoch, seq, snapshot, text) in message["feeds"].items()
        }
        if message["stale"]:
            watched.on_stale(message["stale"], time.monotonic())
            self._tell_stale(watched, time.monotonic())  # first, so that what is new is not shown beside what is old
        if watched.on_push(message["ts"], entries, message["cut"]):
            REPAIR["gap"].inc()
            self._ask(user)
        for connection in watched.connections:
            if connection.heartbeat_due - self._early < (now := time.monotonic()):
                self._heartbeat(watched, connection, now)  # it travels with the push, and wakes nobody by itself
        passed_on(message)

    def _on_answer(
        self, user: str, answer: dict[str, list[Any]], asked: float, *, docs: bool, cut: int | None = None
    ) -> None:
        watched = self.users.get(user)
        if watched is None or any(self._owners.is_fenced(user, entry[0]) for entry in answer.values() if entry[1]):
            return
        watched.on_words(answer, asked)
        self._tell_stale(watched, time.monotonic())  # first, so that a stale document is never shown as live
        if watched.on_answer(answer, asked, docs=docs, cut=cut):
            self._ask(user)
        self._tell_stale(watched, time.monotonic())

    def _on_confirm(self, message: Message) -> None:
        """Take an owner's answer to a digest: whole shards confirmed but for exceptions, or a list to be sent."""
        asked, shards = message["asked"], {shard: rest for shard, *rest in message["shards"]}
        for shard, users in self._owners.by_shard(shards).items():
            epoch, as_of, exceptions = shards[shard]
            if self._owners.is_replaced(shard, epoch):
                continue
            for user, watched in users.items():
                excepted = exceptions.get(user, {})
                watched.on_confirm(as_of, asked, excepted)
                if excepted:
                    self._on_answer(user, excepted, asked, docs=False)
                elif time.monotonic() >= watched.well_until:
                    self._tell_stale(watched, time.monotonic())
        if message["differ"]:
            REPAIR["digest"].inc()
            self._send_list(message["differ"])

    def _on_ticker(self, message: Message) -> None:
        now = time.monotonic()
        followers = self._board.on_ticker(message, now)
        for user in {connection.user_id for connection in followers}:
            self._tell_stale(self.users[user], now)

    def _on_beat(self, message: Message) -> None:
        if new := self._owners.on_beat(message):
            REPAIR["owner"].inc()
            for users in self._owners.by_shard(new).values():
                for watched in users.values():
                    watched.ask_afresh()
            self._send_list(new)

    def _send_list(self, shards: Iterable[int]) -> None:
        asyncio.create_task(self._owners.send_list(shards))  # noqa: RUF006 - short, and the next digest asks for it again

    def _on_probe(self, user: str) -> None:
        if watched := self.users.get(user):
            if not watched.ready:  # what was said of his access before then has not arrived
                for connection in watched.connections:
                    connection.check_soon()
            watched.ready = True
            self._ask(user)

    # Tasks

    async def _run(self) -> None:
        name_outages_once()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._access.run())
            if self._settings.PRESENCE:
                group.create_task(Presence(self).run())
            await self._open_layer()
            for work in (
                self._receive,
                self._membership.run,
                self._ask_owners,
                self._digest_forever,
                self._sweep_forever,
            ):
                group.create_task(work())

    async def _open_layer(self) -> None:
        said = False
        while True:
            try:
                await self._layer.open()
            except Exception as error:  # noqa: BLE001 - it may come up after us; meanwhile every feed is stale
                if not said:
                    logger.error("The channel layer does not answer, trying again: %s: %s", type(error).__name__, error)
                said = True
                self._sweep(time.monotonic())
                await asyncio.sleep(SWEEP)
            else:
                return

    async def _receive(self) -> None:
        await self._layer.listen(self.on_message)

    def _ask(self, user: str) -> None:
        self._to_ask.add(user)
        self._asking.set()

    async def _ask_owners(self) -> None:
        """Ask for what sockets lack: all users of a burst in one message."""
        while True:
            await self._asking.wait()
            await asyncio.sleep(COALESCE)
            self._asking.clear()
            users, self._to_ask = self._to_ask, set()
            now = time.monotonic()
            questions = {}
            for user in users:
                if (watched := self.users.get(user)) and (question := watched.question(now)):
                    questions[user] = question
            await self._owners.want(questions)
            await self._owners.want_symbols(self._board.unanswered(now), asking=True)

    async def _digest_forever(self) -> None:
        while True:
            await asyncio.sleep(DIGEST)
            await self._owners.send_digest()
            await self._owners.want_symbols(self._board.symbols(), asking=False)

    async def _sweep_forever(self) -> None:
        while True:
            await asyncio.sleep(SWEEP)
            self._sweep(time.monotonic())

    def _sweep(self, now: float) -> None:
        symbols_are_well = self._board.is_well(now)
        for watched in list(self.users.values()):
            if now >= watched.well_until or not (symbols_are_well or watched.has_no_symbols()):
                self._look_at(watched, now)
        while self._beats and (connection := next(iter(self._beats))).heartbeat_due <= now:
            self._heartbeat(self.users[connection.user_id], connection, now)
        for connection in [one for one in self._writing if one.stalled(now) > self._settings.SLOW_SECONDS]:
            self._drop_slow(connection)
        self._asking.set()  # also asks again for symbols of which nothing was heard

    def _look_at(self, watched: WatchedUser, now: float) -> None:
        """Do what time alone asks for: ask again for what is missing, and call stale what nobody confirmed."""
        if watched.lacks_for_long(now):
            self._ask(watched.user_id)
        self._tell_stale(watched, now)
        watched.settle()

    # What sockets are told

    def _tell_stale(self, watched: WatchedUser, now: float) -> None:
        """Send a heartbeat at once to the sockets for which a feed became stale or live again."""
        for connection in watched.connections:
            changed = False
            for feed, place in connection.places.items():
                stale = watched.stale_of(feed, place, now)
                if stale != place.stale:
                    place.stale, changed = stale, True
            symbols_stale = self._board.stale_of(connection, now)
            if symbols_stale != connection.symbols_stale:
                connection.symbols_stale, changed = symbols_stale, True
            if changed:
                self._heartbeat(watched, connection, now)

    def _heartbeat(self, watched: WatchedUser, connection: Connection, now: float) -> None:
        self._put_off_heartbeat(connection, now)
        feeds = watched.heartbeat(connection) | self._board.heartbeat(connection)
        connection.write(server_frame("heartbeat", ts=now_ms(), feeds=feeds))

    def _put_off_heartbeat(self, connection: Connection, now: float) -> None:
        """Have the next heartbeat come an interval from now, so behind all others'."""
        connection.heartbeat_due = now + self._settings.HEARTBEAT_SECONDS
        self._beats[connection] = None
        self._beats.move_to_end(connection)

    def _resync(self, connection: Connection) -> None:
        """A slow reader's queue was dropped, with what it was told of stale feeds: it gets the newest state instead."""
        watched = self._watched_by(connection)
        if watched is None:
            return
        REPAIR["overflow"].inc()
        connection.lose(connection.places)
        now = time.monotonic()
        for feed, place in connection.places.items():
            place.stale = watched.stale_of(feed, place, now)
        self._heartbeat(watched, connection, now)  # first, so that nothing stale is shown as live
        for frame in self._board.frames(connection.symbols):
            connection.write(frame)
        watched.ask_afresh()
        self._ask(connection.user_id)

    def _drop_slow(self, connection: Connection) -> None:
        logger.warning(
            "A socket of user %s did not read for %g s; closing it.", connection.user_id, self._settings.SLOW_SECONDS
        )
        self.close(connection)
        asyncio.create_task(connection.close(CloseCode.SLOW_READER))  # noqa: RUF006 - the transport ends it


def _log_death(task: "asyncio.Task[None]") -> None:
    """Say why a hub ended. Its sockets hear nothing more and reconnect, to a new hub, after two heartbeats."""
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.critical("The hub ended: %r", error, exc_info=error)
