"""`manage.py reshard`: make the database's number of shards that of the settings."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from pushers.conf import pusher_settings
from pushers.lease import ShardCountError, reshard


class Command(BaseCommand):
    help = (
        "Make the number of shards in the database that of PUSHERS['SHARDS']. Stop all push processes first, set the "
        "number for them and the web servers alike, and start the web servers anew too."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        count = pusher_settings().SHARDS
        try:
            before = reshard(count)
        except ShardCountError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"There are {count} shards; there were {before}.")
