"""Who is at the other end of a socket, and what he may watch. The only ORM work of the socket side."""

from collections.abc import Iterable
from typing import Any

from channels.db import database_sync_to_async

from consumers.conf import consumer_settings
from pushers import registry

READ = "read"  # the token scope that watching takes


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
def allowed_feeds(user: Any, names: Iterable[str]) -> dict[str, str]:
    """Return feed name -> "" where the user may watch it, else the code that says why not."""
    feeds = registry.feeds()
    return {
        name: "unknown_feed" if name not in feeds else "" if feeds[name].may_watch(user) else "forbidden"
        for name in names
    }


@database_sync_to_async
def allowed_symbols(user: Any, symbols: list[str]) -> dict[str, str]:
    """Return symbol -> "" where the user may follow it, else the code that says why not."""
    feed = registry.symbol_feed()
    if feed is None or not symbols:
        return dict.fromkeys(symbols, "unknown_symbol")
    if not feed.may_watch(user):
        return dict.fromkeys(symbols, "forbidden")
    known = feed.known([symbol for symbol in symbols if "\0" not in symbol])  # PostgreSQL raises for a NUL
    return {symbol: "" if symbol in known else "unknown_symbol" for symbol in symbols}


def token_in_header(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """Return the token of an `Authorization: Token ...` header; None without one."""
    for name, value in headers:
        if name == b"authorization":
            scheme, _, token = value.decode("latin-1").partition(" ")
            return token.strip() if scheme.lower() == "token" else None
    return None
