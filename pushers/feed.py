"""The feed contract: what a Django project writes to have its rows pushed.

A feed reads documents; it knows nothing of sockets, groups or sequence numbers. `fetch` gets every due user at once
and costs a fixed number of queries however many they are. A document is a JSON object of objects, strings, integers
(times, in milliseconds UTC) and booleans; collections are objects keyed by id; an absent value is an absent key.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar

Document = dict[str, Any]


class FeedStale(Exception):
    """What a feed raises, or returns for one user or symbol, when it can read but must not vouch for what it reads.

    `reason` is one of the wire's stale reasons, for example `market_stale`. `document`, which only a returned one can
    have, is shown, marked stale, to whoever has nothing yet; who has a document keeps it.
    """

    def __init__(self, reason: str, document: Document | None = None) -> None:
        self.reason, self.document = str(reason), document  # a lazy translation can't travel
        super().__init__(self.reason)


class Feed:
    """One kind of document per user, read every `interval` seconds for the users who watch it.

    Subclass it in the module `feeds` of an installed app, set `name` and `interval`, write `fetch`, and decorate it
    with `pushers.register`.
    """

    name: ClassVar[str]
    interval: ClassVar[float]  # seconds; settings.PUSHERS["INTERVALS"][name] overrides it
    volatile: ClassVar[frozenset[str]] = frozenset()
    """Keys, at any depth, that move with the market alone. A change of only these is pushed by the feed's own tick;
    any other change makes the engine read all of the user's feeds in one database snapshot."""

    def may_watch(self, user: Any) -> bool:
        """Say whether this user may subscribe, and may stay subscribed. Called in a thread that may use the ORM."""
        return True

    def may_watch_many(self, users: Sequence[Any]) -> Collection[Any]:
        """Return those of `users` who may watch. Write it too where `may_watch` takes a query and one can tell for all.

        The access of open sockets is checked by it, for hundreds of users at a time.
        """
        return [user for user in users if self.may_watch(user)]

    def fetch(self, user_ids: Sequence[Any]) -> Mapping[Any, Document | FeedStale]:
        """Return a document for every one of `user_ids`: `{}` where there is nothing; a missing id is a failure.

        Called in a thread with a database connection of its own, inside one read-only database snapshot.
        Whatever it raises marks the feed stale for its watchers and keeps the last good documents.
        """
        raise NotImplementedError(f"{type(self).__name__} must define fetch(user_ids).")

    def versions(self, user_ids: Sequence[Any]) -> Mapping[Any, object]:
        """Return a value per user that differs (`!=`) from the one before wherever his document does. Optional.

        It makes a tick cheap: `fetch` is called, in the same database snapshot, for those only whose value is another
        or who are left out here (or None). So it must depend on all that the document does, the time included; one that
        differs for no reason only costs a fetch. `pushers.row_texts` makes such values in the database.
        """
        return {}

    def refetch(self, before: Mapping[Any, object], now: Mapping[Any, object]) -> Mapping[Any, Document | FeedStale]:
        """Return what `fetch` would for the users of `now`, whose version is another than before. Optional.

        `now` has what `versions` returned in this very snapshot, None for a user it left out, and `before` the version
        of the document that is recorded, where it is known. A version may hold what a document is made of: then only
        what has changed needs to be read, or nothing.
        """
        return self.fetch(list(now))


class SymbolFeed:
    """A feed that is not per user: one row per symbol, the same for everybody who subscribes to the symbol.

    A project has at most one; its rows travel as `ticker` frames.
    """

    name: ClassVar[str]
    interval: ClassVar[float]

    def may_watch(self, user: Any) -> bool:
        """Say whether this user may subscribe to symbols, and may stay subscribed."""
        return True

    def may_watch_many(self, users: Sequence[Any]) -> Collection[Any]:
        """Return those of `users` who may watch, as Feed.may_watch_many does."""
        return [user for user in users if self.may_watch(user)]

    def known(self, symbols: Sequence[str]) -> set[str]:
        """Return those of `symbols` that exist. May use the ORM."""
        raise NotImplementedError(f"{type(self).__name__} must define known(symbols).")

    def fetch(self, symbols: Sequence[str]) -> Mapping[str, Document | FeedStale]:
        """Return the whole row of each symbol; a symbol without a row yet is left out."""
        raise NotImplementedError(f"{type(self).__name__} must define fetch(symbols).")
