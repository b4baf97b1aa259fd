"""The feeds of this project, found in the `feeds` module of every installed app, as the admin finds `admin.py`."""

import re
from typing import TypeVar

from django.core.exceptions import ImproperlyConfigured

from pushers.conf import is_positive_number, pusher_settings
from pushers.feed import Feed, SymbolFeed

NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
FeedClass = TypeVar("FeedClass", bound=type[Feed] | type[SymbolFeed])

_feeds: dict[str, Feed] = {}
_symbol_feeds: dict[str, SymbolFeed] = {}


def register(feed_class: FeedClass) -> FeedClass:
    """Register a Feed or SymbolFeed class (decorator); raise ImproperlyConfigured for one that breaks the contract."""
    _check(feed_class)
    feed = feed_class()
    if isinstance(feed, SymbolFeed):
        if _symbol_feeds:
            raise ImproperlyConfigured(
                f"There is one symbol feed already, {next(iter(_symbol_feeds))}; found a second, {feed.name}."
            )
        _symbol_feeds[feed.name] = feed
    else:
        _feeds[feed.name] = feed
    return feed_class


def unregister(name: str) -> None:
    """Take a feed out again (tests, and projects that replace one of an installed app)."""
    _feeds.pop(name, None)
    _symbol_feeds.pop(name, None)


def feeds() -> dict[str, Feed]:
    """Return the per-user feeds by name."""
    return dict(_feeds)


def symbol_feed() -> SymbolFeed | None:
    """Return the project's symbol feed, if it has one."""
    return next(iter(_symbol_feeds.values()), None)


def everything() -> list[Feed | SymbolFeed]:
    """Return all feeds, the symbol feed last."""
    return [*_feeds.values(), *_symbol_feeds.values()]


def intervals() -> dict[str, float]:
    """Return feed name -> seconds: settings.PUSHERS["INTERVALS"] where it names the feed, else the feed's own."""
    wanted = pusher_settings().INTERVALS
    return {feed.name: wanted.get(feed.name, feed.interval) for feed in everything()}


def _check(feed_class: type) -> None:
    where = f"{feed_class.__module__}.{feed_class.__qualname__}"
    if not issubclass(feed_class, Feed | SymbolFeed):
        raise ImproperlyConfigured(f"{where} must subclass pushers.Feed or pushers.SymbolFeed.")
    name = getattr(feed_class, "name", None)
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise ImproperlyConfigured(f"{where}.name must match {NAME.pattern}; found {name!r}.")
    interval = getattr(feed_class, "interval", None)
    if not is_positive_number(interval):
        raise ImproperlyConfigured(f"{where}.interval must be a number of seconds above 0; found {interval!r}.")
    base = Feed if issubclass(feed_class, Feed) else SymbolFeed
    for method in ("fetch",) if base is Feed else ("known", "fetch"):
        if getattr(feed_class, method) is getattr(base, method):
            raise ImproperlyConfigured(f"{where} must define {method}().")
    taken = _feeds.get(name) or _symbol_feeds.get(name)
    if taken is not None:
        raise ImproperlyConfigured(
            f"{where}: the name {name!r} is taken by {type(taken).__module__}.{type(taken).__qualname__}."
        )
