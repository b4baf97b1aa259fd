"""`manage.py apitoken USERNAME`: make an API token and show it once."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from trading.errors import TradingError
from trading.models import User
from trading.services import token_create


class Command(BaseCommand):
    help = "Make an API token for a user and print it. It is shown once: only its digest is stored."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", help="the user that the token signs in")
        parser.add_argument("--name", default="command line", help="what the token is for (default: %(default)s)")
        parser.add_argument("--scopes", default="read", help="read, or read,trade (default: %(default)s)")
        parser.add_argument("--days", type=int, help="how long it is valid (default: until it is revoked)")

    def handle(self, *, username: str, name: str, scopes: str, days: int | None, **options: Any) -> None:
        user = User.objects.filter(username=username).first()
        if user is None:
            raise CommandError(f"There is no user {username!r}.")
        if days is not None and days < 1:
            raise CommandError(f"--days must be at least 1; found {days}.")
        expires_at = None if days is None else timezone.now() + timedelta(days=days)
        wanted = [scope.strip() for scope in scopes.split(",") if scope.strip()]
        try:
            token, secret = token_create(user=user, name=name, scopes=wanted, expires_at=expires_at)
        except TradingError as error:
            raise CommandError(error.message) from error
        # The token alone goes to stdout, so that a script can take it from there.
        self.stderr.write(f"Token for {user} ({', '.join(token.scopes)}); it is not shown again.")
        self.stderr.write("Send it as the header  Authorization: Token ...  with the token in place of the dots:")
        self.stdout.write(secret)
