"""Who is watching what, as the hubs say it. Only watched users cost anything.

Interest is only added and expires: there is no leave message, which a page's reload would overtake.
"""

from collections.abc import Iterable


class Watchers:
    """The interest of all hubs in (user, feed), by the caller's monotonic clock."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._expires: dict[str, dict[str, float]] = {}  # user -> feed -> when the interest ends
        self._users: dict[str, set[str]] = {}  # feed -> users

    def add(self, user: str, feeds: Iterable[str], now: float) -> set[str]:
        """Note or renew an interest; return those feeds that nobody watched until now."""
        new = set()
        for feed in feeds:
            known = self._expires.setdefault(user, {})
            if feed not in known:
                new.add(feed)
                self._users.setdefault(feed, set()).add(user)
            known[feed] = now + self.seconds
        return new

    def users(self, feed: str) -> set[str]:
        """Return the users who watch `feed`. Not to be changed by the caller."""
        return self._users.get(feed, set())

    def feeds(self, user: str) -> frozenset[str]:
        return frozenset(self._expires.get(user, ()))

    def count(self) -> int:
        """Return how many users are watched."""
        return len(self._expires)

    def sweep(self, now: float) -> list[tuple[str, str]]:
        """End what nobody renewed; return the (user, feed) pairs that were ended."""
        ended = [
            (user, feed) for user, feeds in self._expires.items() for feed, expires in feeds.items() if expires <= now
        ]
        for user, feed in ended:
            del self._expires[user][feed]
            self._users[feed].discard(user)
            if not self._expires[user]:
                del self._expires[user]
        return ended
