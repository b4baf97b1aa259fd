"""`manage.py feed`: print a user's document, or a symbol's row, as its feed builds it now."""

import json
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from pushers import Document, FeedStale, SymbolFeed, read, registry


class Command(BaseCommand):
    help = "Print one user's document of one feed, or one row of the symbol feed, as fetch builds it now."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="the feed")
        parser.add_argument("username", help="of the user; for the symbol feed a symbol")

    def handle(self, *args: Any, name: str, username: str, **options: Any) -> None:
        symbols = registry.symbol_feed()
        if symbols is not None and name == symbols.name:
            self._print(_row(symbols, username))
            return
        if name not in registry.feeds():
            names = ", ".join(feed.name for feed in registry.everything())
            raise CommandError(f"There is no feed named {name!r}; there are {names}.")
        users = get_user_model()
        try:
            user = users._default_manager.get_by_natural_key(username)
        except users.DoesNotExist:
            raise CommandError(f"There is no user named {username!r}.") from None
        result = read(user.pk, [name])[name]
        if isinstance(result, FeedStale):
            raise CommandError(f"{name} is stale for {username}: {result.reason}. Cause: {result.__cause__!r}")
        self._print(result)

    def _print(self, document: Document) -> None:
        self.stdout.write(json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False))


def _row(feed: SymbolFeed, symbol: str) -> Document:
    if symbol not in feed.known([symbol]):
        raise CommandError(f"{feed.name} is a feed per symbol, not per user, and there is no symbol {symbol!r}.")
    row = feed.fetch([symbol]).get(symbol)
    if row is None or isinstance(row, FeedStale):
        raise CommandError(f"{feed.name} is stale for {symbol}: {row.reason if row else 'it has no row yet'}.")
    return row
