"""Reading feeds: all of some users' documents in one database snapshot, whatever goes wrong.

What went wrong is a result too: `FeedStale` in the place of the document. A database that is away fails the whole
read; one user's poisoned row costs only that user, who is found by halving the batch, named in the log once and
tried again on his own, at growing distances.
"""

import logging
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from django.contrib.auth import get_user_model
from django.db import InterfaceError, InternalError, OperationalError, ProgrammingError, close_old_connections

from pushers import registry
from pushers.clock import now_ms
from pushers.conf import pusher_settings
from pushers.feed import Document, Feed, FeedStale
from pushers.metrics import feed_failed
from pushers.orm import read_snapshot

logger = logging.getLogger(__name__)

FETCH_FAILED = "fetch_failed"
DATABASE = ""  # stands among the failing feeds for what fails them all
RETRY_FIRST, RETRY_LAST = 5.0, 60.0  # seconds until a poisoned user is tried again: at first, and at most
BACKOFF_FIRST, BACKOFF_LAST = 0.25, 5.0  # seconds until a feed that failed for everybody is tried again, likewise
KEYS = 2**16  # users whose key is remembered as Python has it
HALVINGS = 64  # failed fetches per read; more than a handful of poisoned users is a broken feed, not a bad row

Result = Document | FeedStale
Wanted = Mapping[str, frozenset[str]]  # user id -> feed names
Versions = Mapping[str, Mapping[str, object]]  # feed name -> user id -> what the feed's `versions` returned
NOTHING_KNOWN: Versions = {}


@dataclass(frozen=True, slots=True)
class Reading:
    """What one read found: user id -> feed name -> document or FeedStale.

    `versions`, feed name -> user id -> version, are those of the feeds of which it was told what is known; None stands
    for an unknown one. A document of the known version was not fetched, and is missing in `results`.
    """

    began: float  # monotonic
    ended: float
    ts: int  # ms UTC at the start: nothing in it is older than that
    results: dict[str, dict[str, Result]]
    away: bool = False  # the database could not be reached for all of it
    versions: Versions = field(default_factory=dict)


@dataclass(slots=True)
class _Outage:
    """A failure that hits everybody: since when, and when it is tried again. Monotonic times."""

    since: float
    due: float
    distance: float


@dataclass(slots=True)
class _Attempt:
    """What one read is told and may still try, and what it met."""

    known: Versions = field(default_factory=dict)
    versions: dict[str, dict[str, object]] = field(default_factory=dict)
    halvings: int = HALVINGS
    again: bool = True  # a connection that broke within it may be made anew
    away: bool = False


class FetchFailedError(Exception):
    """One feed's fetch raised; `feed` is its name, the cause is what it raised."""

    def __init__(self, feed: str, error: Exception) -> None:
        super().__init__(f"{feed}: {type(error).__name__}: {error}")
        self.feed, self.error = feed, error

    @property
    def hits_everybody(self) -> bool:
        """Whether no row is to blame: a query that took too long, a lost connection, a missing table."""
        return isinstance(self.error, OperationalError | InterfaceError | ProgrammingError | InternalError)

    @property
    def may_be_the_connection(self) -> bool:
        """Whether another connection may do better."""
        return isinstance(self.error, OperationalError | InterfaceError)


class DatabaseAwayError(Exception):
    """No snapshot could be opened (or closed); the message says why."""


class Reader:
    """Reads feeds and remembers what fails, so that a failure is logged once and does not cost the others."""

    def __init__(self, feeds: Mapping[str, Feed], *, seconds: float = 10.0) -> None:
        self.feeds = feeds
        self.seconds = seconds
        self._to_pk = lru_cache(maxsize=KEYS)(get_user_model()._meta.pk.to_python)
        self._poisoned: dict[tuple[str, str], tuple[float, float]] = {}  # (feed, user) -> (try again at, distance)
        self._failing: dict[str, _Outage] = {}  # by feed, or DATABASE

    def read(self, wanted: Wanted, known: Versions = NOTHING_KNOWN) -> Reading:
        """Read the wanted feeds of the wanted users. Uses the ORM in the calling thread; never raises for a feed.

        A feed that is named in `known` is asked for its versions first, and only those documents are fetched whose
        version is another than the known one; the others are left out.
        """
        began, ts = time.monotonic(), now_ms()
        results: dict[str, dict[str, Result]] = {user: {} for user in wanted}
        wanted = self._set_failing_apart(wanted, results)
        healthy, retried = self._set_poisoned_apart(wanted, results)
        attempt = _Attempt(known)
        for group in [healthy, *({user: names} for user, names in retried.items())]:
            if group:
                self._cut(group, results, attempt)
        return Reading(began, time.monotonic(), ts, results, attempt.away, attempt.versions)

    def _set_failing_apart(self, wanted: Wanted, results: dict[str, dict[str, Result]]) -> Wanted:
        """Split off the feeds that fail for everybody; until they are tried again they are stale right here.

        So a feed whose query hangs does not hold up the others each time that one of its users is refreshed.
        """
        now = time.monotonic()
        waiting = {feed for feed, outage in list(self._failing.items()) if feed != DATABASE and now < outage.due}
        if not waiting:
            return wanted
        for user, names in wanted.items():
            results[user].update({feed: FeedStale(FETCH_FAILED) for feed in names & waiting})
        return {user: names - waiting for user, names in wanted.items()}

    def _set_poisoned_apart(self, wanted: Wanted, results: dict[str, dict[str, Result]]) -> tuple[Wanted, Wanted]:
        """Split off the users with a known poisoned feed; what is not due yet is answered as stale right here."""
        if not self._poisoned:
            return wanted, {}
        now = time.monotonic()
        healthy, retried = dict(wanted), {}
        for (feed, user), (due, _) in list(self._poisoned.items()):  # a copy: the reader serves several threads
            if user in healthy:
                retried[user] = healthy.pop(user)
            if user not in retried or feed not in retried[user]:
                continue
            if now < due:
                retried[user] -= {feed}
                results[user][feed] = FeedStale(FETCH_FAILED)
        return healthy, retried

    def _cut(
        self, wanted: Wanted, results: dict[str, dict[str, Result]], attempt: _Attempt, *, probe: bool = False
    ) -> None:
        """Read one database snapshot of `wanted` into `results`; on a failure, smaller ones.

        With `probe` the database is asked even where nothing is wanted of it, to see whether it is there at all.
        """
        began = time.monotonic()
        try:
            found = self._snapshot(wanted, attempt, probe=probe)
        except DatabaseAwayError as away:
            attempt.away = True
            for user, names in wanted.items():
                results[user].update({name: FeedStale(FETCH_FAILED) for name in names})
            for outage in list(self._failing.values()):  # a copy: the reader serves several threads
                outage.due = 0.0  # at once: it was not the feed's failure
            self._fails(DATABASE, f"The database does not answer; all documents are kept, marked stale. Cause: {away}")
            return
        except FetchFailedError as failed:
            if attempt.again and failed.may_be_the_connection and time.monotonic() - began < self.seconds / 2:
                # Else the other feeds would be read in another snapshot, and shown beside what this one had before.
                attempt.again = False
                close_old_connections()
                self._cut(wanted, results, attempt)
            else:
                self._after_failure(failed, wanted, results, attempt)
            return
        for user, documents in found.items():
            if not documents:
                continue
            results[user].update(documents)
            if self._poisoned or self._failing:
                for feed, result in documents.items():
                    self._note(feed, user, result)

    def _after_failure(
        self, failed: FetchFailedError, wanted: Wanted, results: dict[str, dict[str, Result]], attempt: _Attempt
    ) -> None:
        attempt.halvings -= 1
        if len(wanted) > 1 and attempt.halvings > 0 and not failed.hits_everybody:
            users = list(wanted)
            for half in (users[: len(users) // 2], users[len(users) // 2 :]):
                self._cut({user: wanted[user] for user in half}, results, attempt)
        else:
            alone = len(wanted) == 1 and not failed.hits_everybody
            if not alone:
                kept = "its watchers keep the last good state, marked stale"
                self._fails(failed.feed, f"Feed {failed.feed} failed; {kept}. Cause: {failed}")
            for user, names in wanted.items():
                if failed.feed in names:
                    results[user][failed.feed] = self._poison(failed, user, alone=alone)
            rest = {user: names - {failed.feed} for user, names in wanted.items()}
            self._cut(rest, results, attempt, probe=failed.hits_everybody)

    def _snapshot(self, wanted: Wanted, attempt: _Attempt, *, probe: bool) -> dict[str, dict[str, Result]]:
        names = frozenset().union(*wanted.values())
        found: dict[str, dict[str, Result]] = {user: {} for user in wanted}
        if not names and not probe:
            return found
        try:
            with read_snapshot(self.seconds):
                for name in sorted(names):
                    users = [user for user, asked in wanted.items() if name in asked]
                    for user, result in self._fetch(name, users, attempt).items():
                        found[user][name] = result
        except (OperationalError, InterfaceError) as error:  # of the snapshot itself, not of a feed in it
            raise DatabaseAwayError(f"{type(error).__name__}: {error}") from error
        return found

    def _fetch(self, name: str, users: list[str], attempt: _Attempt) -> dict[str, Result]:
        """Call one feed; a missing user is that user's failure, anything that is no mapping the feed's."""
        try:
            pks = {user: self._to_pk(user) for user in users}
            documents: Mapping[Any, Result] = {}
            if name in attempt.known:
                pks, documents = self._refetch(name, pks, attempt)
            elif pks:
                documents = _mapping("fetch", self.feeds[name].fetch(list(pks.values())))
        except FeedStale as stale:
            return dict.fromkeys(users, stale)
        except Exception as error:
            raise FetchFailedError(name, error) from error
        results: dict[str, Result] = {}
        for user, pk in pks.items():
            if pk in documents:
                results[user] = documents[pk]
            else:
                missing = KeyError(f"fetch must return a document for every id it gets; {user} is missing.")
                results[user] = self._poison(FetchFailedError(name, missing), user, alone=True)
        return results

    def _refetch(
        self, name: str, pks: Mapping[str, Any], attempt: _Attempt
    ) -> tuple[dict[str, Any], Mapping[Any, Result]]:
        """Return those users (and keys) whose version is not the known one, and the documents by key."""
        changed, known, feed = self._changed(name, pks, attempt), attempt.known[name], self.feeds[name]
        if not changed:
            return changed, {}
        before = {pk: known[user] for user, pk in changed.items() if user in known}
        now = {pk: attempt.versions[name][user] for user, pk in changed.items()}
        return changed, _mapping("refetch", feed.refetch(before, now))

    def _changed(self, name: str, pks: Mapping[str, Any], attempt: _Attempt) -> dict[str, Any]:
        """Ask one feed for its versions; return those users (and keys) whose version is not the known one."""
        found, known = _mapping("versions", self.feeds[name].versions(list(pks.values()))), attempt.known[name]
        versions, changed = attempt.versions.setdefault(name, {}), {}
        for user, pk in pks.items():
            version, before = found.get(pk), known.get(user)
            if version is None or before is None or version != before:
                versions[user], changed[user] = version, pk
            else:
                versions[user] = before  # as the stream has it: quick to compare, and the new one's memory is free
        return changed

    def _poison(self, failed: FetchFailedError, user: str, *, alone: bool) -> FeedStale:
        """Note a user whose read fails; name him in the log the first time."""
        key = (failed.feed, user)
        if alone:
            feed_failed(failed.feed, failed)
            known, now = self._poisoned.get(key), time.monotonic()
            due, distance = known or (now, RETRY_FIRST / 2)
            if now >= due:  # once per try: a halved read meets a user several times
                distance = min(distance * 2, RETRY_LAST)
                self._poisoned[key] = (now + distance, distance)
            if known is None:
                logger.error(
                    "Feed %s failed for user %s; it is stale for that user. Cause: %s", failed.feed, user, failed
                )
        stale = FeedStale(FETCH_FAILED)
        stale.__cause__ = failed.error
        return stale

    def _fails(self, what: str, text: str) -> None:
        """Log a failure that hits everybody when it begins, and put off the next try but the first."""
        feed_failed(what or "database", text)
        now, known = time.monotonic(), self._failing.get(what)
        if known is None:
            self._failing[what] = _Outage(now, now, BACKOFF_FIRST / 2)  # what was over at once costs one read
            logger.error(text)
        elif now >= known.due:  # several threads may have tried at once
            known.distance = min(known.distance * 2, BACKOFF_LAST)
            known.due = now + known.distance

    def _note(self, feed: str, user: str, result: Result) -> None:
        """Clear the memory of failures that are over."""
        if isinstance(result, FeedStale):
            return
        if self._poisoned and self._poisoned.pop((feed, user), None) is not None:
            logger.info("Feed %s works again for user %s.", feed, user)
        for what in (feed, DATABASE) if self._failing else ():
            if (outage := self._failing.pop(what, None)) is not None:
                name = f"Feed {what} works" if what == feed else "The database answers"
                logger.info("%s again after %.1f s.", name, time.monotonic() - outage.since)

    def forget(self, user: str, feed: str) -> None:
        """Drop what is remembered of a user who does not watch the feed any more."""
        self._poisoned.pop((feed, user), None)


def _mapping(method: str, found: object) -> Mapping[Any, Any]:
    """Return what a feed's method returned; raise TypeError where that is no mapping."""
    if not isinstance(found, Mapping):
        raise TypeError(f"{method} must return a mapping of user id to document; found {type(found).__name__}.")
    return found


def read(user_id: Any, names: Iterable[str] | None = None) -> dict[str, Result]:
    """Return what one user would be shown now: feed name -> document, or FeedStale where it can't be vouched for.

    All feeds come from one database snapshot. Raises KeyError for a name that no feed has.
    """
    feeds = registry.feeds()
    wanted = frozenset(feeds if names is None else names)
    if unknown := wanted - feeds.keys():
        raise KeyError(f"No feed named {', '.join(sorted(unknown))}; there are {', '.join(sorted(feeds))}.")
    user = str(user_id)
    reader = Reader(feeds, seconds=pusher_settings().QUERY_SECONDS)
    return reader.read({user: wanted}).results[user]
