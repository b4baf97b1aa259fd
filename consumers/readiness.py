"""Whether this web process can serve: each check bounded in time, the whole of them made once a second at most.

What hangs must not hang the answer, so the database is asked in a thread of its own. A check that is still waiting
when the next poll comes is not started again.
"""

import asyncio
import logging
import time
import weakref
from collections.abc import Awaitable, Callable
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.executor import MigrationExecutor
from django.db.models.functions import Now

from pushers.clock import now_ms
from pushers.conf import pusher_settings
from pushers.layer import Layer, Message
from pushers.models import PushLease, PushProcess
from pushers.orm import OrmThread
from pushers.registry import intervals

logger = logging.getLogger(__name__)

CACHED = 1.0  # seconds that an answer is given again: a poll costs nothing then
DATABASE_SECONDS = 2.0  # for everything that the database is asked
LAYER_SECONDS = 2.0  # for a message to ourselves
INTERVALS, GRACE = 2, 5.0  # a feed's last tick is at most so many intervals old, and so many seconds
MOST_NAMED = 10  # shards in one answer

Problem = str  # what is wrong; "" where nothing is
Problems = dict[str, Problem]  # by check


class DatabaseChecks:
    """What the database is asked. Called in a thread; raises what the database raises."""

    def __init__(self) -> None:
        self._migrated = False  # once it was so, it is: looking costs more than all the rest

    def run(self) -> Problems:
        """Return the problems by check: database, migrations, shards, feeds."""
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
        found = {"database": "", "migrations": self._migrations()}
        # Without the tables there is nothing to ask.
        unknown = {"shards": "unknown before the migrations", "feeds": "unknown before the migrations"}
        return found | (unknown if found["migrations"] else {"shards": shards_problem(), "feeds": feeds_problem()})

    def _migrations(self) -> Problem:
        if not self._migrated:
            executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
            plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
            if plan:
                return f"{len(plan)} migrations are not applied, first {plan[0][0]}: run manage.py migrate"
            self._migrated = True
        return ""


def shards_problem() -> Problem:
    """Say which shards no push process owns."""
    count = pusher_settings().SHARDS
    owned = set(PushLease.objects.filter(expires_at__gt=Now()).values_list("shard", flat=True))
    free = [str(shard) for shard in range(count) if shard not in owned]
    if not free:
        return ""
    more = ", ..." if len(free) > MOST_NAMED else ""
    return f"{len(free)} of {count} shards have no owner ({', '.join(free[:MOST_NAMED])}{more}): is runpushers running?"


def feeds_problem() -> Problem:
    """Say which feeds no push process has read for too long, by what the processes write into their rows."""
    statuses = list(PushProcess.objects.filter(expires_at__gt=Now()).values_list("status", flat=True))
    problems, now = [], now_ms()
    for name in intervals():
        known = [status["feeds"][name] for status in statuses if name in status.get("feeds", {})]
        if not known:
            problems.append(f"{name}: no push process runs it")
            continue
        newest = max(known, key=lambda feed: feed["tickedAt"])
        bound = INTERVALS * newest["interval"] + GRACE
        age = (now - newest["tickedAt"]) / 1000
        if age > bound:
            said = f"{age:.0f} s ago" if newest["tickedAt"] else "never"
            problems.append(f"{name}: last read {said}, expected within {bound:.0f} s")
    return "; ".join(problems)


class LayerCheck:
    """Sends a message to itself through the channel layer."""

    def __init__(self) -> None:
        self._layer: Layer | None = None
        self._number = 0

    async def run(self) -> Problem:
        """Return the problem, "" for a message that came back; raise what the layer raises."""
        try:
            if self._layer is None:
                layer = Layer("readyz")
                await layer.open()
                self._layer = layer
            self._number += 1
            sent: Message = {"type": "probe", "number": self._number}
            if not await self._layer.send_channel(self._layer.channel, sent):
                self._layer = None
                return "a message could not be sent"
            while (await self._layer.receive()).get("number") != self._number:
                continue  # one that came too late for the check before
        except BaseException:  # a timeout too: the layer drops the channel of who stops receiving
            self._layer = None
            raise
        return ""


class Readiness:
    """The checks of one event loop, with their last answer."""

    def __init__(self) -> None:
        self._thread = OrmThread("readyz")
        self._database, self._layer = DatabaseChecks(), LayerCheck()
        self._lock = asyncio.Lock()
        self._answer: Problems = {}
        self._until = 0.0
        self._said: Problems = {}

    @classmethod
    def current(cls) -> "Readiness":
        """Return that of the running event loop."""
        return _current.setdefault(asyncio.get_running_loop(), cls())

    async def check(self) -> Problems:
        """Return the problem of each check, "" where there is none; an answer is kept for a second."""
        async with self._lock:
            if time.monotonic() >= self._until:
                database, layer = await asyncio.gather(self._ask_database(), self._ask_layer())
                self._answer = database | layer
                self._until = time.monotonic() + CACHED
                self._say()
            return self._answer

    async def _ask_database(self) -> Problems:
        names = ("database", "migrations", "shards", "feeds")
        if self._thread.busy:
            return dict.fromkeys(names, "the database has not answered an earlier check yet")
        found = await _bounded(lambda: self._thread.run(self._database.run), DATABASE_SECONDS, "the database")
        return found if isinstance(found, dict) else dict.fromkeys(names, found)

    async def _ask_layer(self) -> Problems:
        return {"layer": await _bounded(self._layer.run, LAYER_SECONDS, "the channel layer")}

    def _say(self) -> None:
        """Log what has changed."""
        for name, problem in self._answer.items():
            if bool(problem) != bool(self._said.get(name)):
                logger.log(logging.WARNING if problem else logging.INFO, "Check %s: %s", name, problem or "well again")
        self._said = self._answer


async def _bounded(ask: Callable[[], Awaitable[Any]], seconds: float, what: str) -> Any:
    """Await the answer for so many seconds; else return a problem, without the error's text: it may name hosts."""
    try:
        async with asyncio.timeout(seconds):
            return await ask()
    except TimeoutError:
        return f"{what} did not answer within {seconds:g} s"
    except Exception as error:
        logger.debug("A check failed.", exc_info=True)
        return f"{what} failed: {type(error).__name__}"


_current: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Readiness]" = weakref.WeakKeyDictionary()
