"""`manage.py feed`: print a user's document as its feed builds it now."""

import json
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from pushers import FeedStale, read, registry


class Command(BaseCommand):
    help = "Print one user's document of one feed as fetch builds it now."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="the feed")
        parser.add_argument("username")

    def handle(self, *args: Any, name: str, username: str, **options: Any) -> None:
        if name not in registry.feeds():
            raise CommandError(f"There is no feed named {name!r}; there are {', '.join(registry.feeds())}.")
        users = get_user_model()
        try:
            user = users._default_manager.get_by_natural_key(username)
        except users.DoesNotExist:
            raise CommandError(f"There is no user named {username!r}.") from None
        result = read(user.pk, [name])[name]
        if isinstance(result, FeedStale):
            raise CommandError(f"{name} is stale for {username}: {result.reason}. Cause: {result.__cause__!r}")
        self.stdout.write(json.dumps(result, indent=2, sort_keys=True, ensure_ascii=False))
