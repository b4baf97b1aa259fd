"""Who is at the other end of a new socket, and what he may watch. The ORM work of the consumers."""

import logging
from collections.abc import Iterable
from typing import Any

from channels.db import database_sync_to_async
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import InterfaceError, OperationalError

from consumers.access_check import allowed, may_watch_users
from consumers.conf import READ, consumer_settings
from consumers.connection import Peer
from pushers import registry
from pushers.feed import Feed, SymbolFeed

logger = logging.getLogger(__name__)


@database_sync_to_async
def user_of_token(token: str) -> Any | None:
    """Return the user whose token this is, if it may read; None otherwise."""
    authenticate = consumer_settings().authenticator()
    found = authenticate(token) if authenticate is not None else None
    if found is None:
        return None
    user, scopes = found
    return user if READ in scopes else None


@database_sync_to_async
def user_to_watch(watcher: Any, key: str, peer: Peer) -> Any | None:
    """Return the user whose primary key is written as `key`, if the watcher may see his state now; None otherwise.

    The watcher is read anew, as the handshake's object remembers the permissions of its time, and the project is told
    before anything is shown: an error of its listener shows nothing.
    """
    model, listener = get_user_model(), consumer_settings().watch_listener()
    fresh = model._default_manager.filter(pk=watcher.pk).first()
    if fresh is None or not may_watch_users(fresh):
        return None
    try:
        watched = model._default_manager.filter(pk=key).first()
    except (ValueError, ValidationError, OverflowError):  # no such key can exist
        return None
    if watched is None or listener is None:
        return watched
    try:
        listener(fresh, watched, peer.address, peer.agent)
    except (OperationalError, InterfaceError):  # which the gate answers
        raise
    except Exception:
        logger.exception("WATCH_LISTENER raised, so user %s is not shown to user %s.", watched.pk, fresh.pk)
        return None
    return watched


async def allowed_feeds(user: Any, names: Iterable[str]) -> dict[str, str]:
    """Return feed name -> "" where the user may watch it, else the code that says why not."""
    feeds = registry.feeds()
    codes = {name: "" if name in feeds else "unknown_feed" for name in names}
    if ruled := [feeds[name] for name, code in codes.items() if not code and _has_a_rule(feeds[name])]:
        codes |= await _refusals(ruled, user)
    return codes


async def allowed_symbols(user: Any, symbols: list[str]) -> dict[str, str]:
    """Return symbol -> "" where the user may follow it, else the code that says why not."""
    feed = registry.symbol_feed()
    if feed is None or not symbols:
        return dict.fromkeys(symbols, "unknown_symbol")
    return await _known_symbols(feed, user, symbols)


@database_sync_to_async
def _refusals(feeds: Iterable[Feed], user: Any) -> dict[str, str]:
    return {feed.name: _refusal(feed, user) for feed in feeds}


@database_sync_to_async
def _known_symbols(feed: SymbolFeed, user: Any, symbols: list[str]) -> dict[str, str]:
    if code := _refusal(feed, user):
        return dict.fromkeys(symbols, code)
    known = feed.known([symbol for symbol in symbols if "\0" not in symbol])  # PostgreSQL raises for a NUL
    return {symbol: "" if symbol in known else "unknown_symbol" for symbol in symbols}


def _refusal(feed: Feed | SymbolFeed, user: Any) -> str:
    """Ask the feed about the user as he is now: the handshake's object remembers the permissions of its time."""
    if not _has_a_rule(feed):
        return ""
    fresh = get_user_model()._default_manager.filter(pk=user.pk).first()
    return "" if fresh is not None and allowed(feed, [fresh]) else "forbidden"


def _has_a_rule(feed: Feed | SymbolFeed) -> bool:
    """Say whether not everybody may watch a feed. Where everybody may, no thread need look at the database."""
    base = Feed if isinstance(feed, Feed) else SymbolFeed
    return type(feed).may_watch is not base.may_watch or type(feed).may_watch_many is not base.may_watch_many


def token_in_header(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """Return the token of an `Authorization: Token ...` header; None without one."""
    for name, value in headers:
        if name == b"authorization":
            scheme, _, token = value.decode("latin-1").partition(" ")
            return token.strip() if scheme.lower() == "token" else None
    return None
