"""`manage.py flush`: Django's own, on a database whose books are append-only."""

from typing import Any

from django.core.management.commands import flush
from django.db import connections

from trading import append_only


class Command(flush.Command):
    """Empties the database. PostgreSQL truncates, which is no DELETE; SQLite deletes, so the triggers step aside."""

    def handle(self, **options: Any) -> None:
        connection = connections[options["database"]]
        if connection.vendor == "postgresql" or not append_only.present(connection):
            super().handle(**options)
            return
        with append_only.lifted(connection):
            super().handle(**options)
