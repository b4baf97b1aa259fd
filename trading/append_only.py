"""Ledger entries, fills and the audit trail are append-only: the database itself refuses UPDATE and DELETE by triggers.

So neither a service with a mistake, nor `QuerySet.update()`, nor a hand in `psql` can change what has happened. There
is one deliberate way out: an account's rows may be deleted once it has a row in the table of erasures, which is what
`account_erase` does. From the audit trail nothing is ever deleted. Emptying a table whole (TRUNCATE, `manage.py flush`)
is left to who may also drop it.

Whatever violates this raises IntegrityError on both databases.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction

# Table -> what identifies a row of it. SQLite's INSERT OR REPLACE deletes the row it collides with, and without a word
# to the triggers on DELETE: that is why it is refused by these.
TABLES = {"trading_ledgerentry": ("id",), "trading_fill": ("id", "trade_id"), "trading_auditentry": ("id",)}
ERASABLE = ("trading_ledgerentry", "trading_fill")  # whose rows belong to an account
ERASURES = "trading_accounterasure"
REFUSAL = "is append-only: rows are neither changed nor deleted. Correct with an adjustment; see account_erase."

POSTGRESQL_FUNCTION = f"""
CREATE OR REPLACE FUNCTION trading_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND TG_ARGV[0] = 'erasable' THEN
        IF EXISTS (SELECT 1 FROM {ERASURES} WHERE account_id = OLD.account_id) THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION '% {REFUSAL}', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$
"""
POSTGRESQL = {
    "no_update": "CREATE TRIGGER {name} BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION trading_append_only()",
    "no_delete": "CREATE TRIGGER {name} BEFORE DELETE ON {table} FOR EACH ROW"
    " EXECUTE FUNCTION trading_append_only('{erasable}')",
}
SQLITE = {
    "no_update": "CREATE TRIGGER {name} BEFORE UPDATE ON {table} BEGIN SELECT RAISE(ABORT, '{table} {refusal}'); END",
    "no_delete": "CREATE TRIGGER {name} BEFORE DELETE ON {table}{unless_erased}"
    " BEGIN SELECT RAISE(ABORT, '{table} {refusal}'); END",
    "no_replace": "CREATE TRIGGER {name} BEFORE INSERT ON {table}"
    " WHEN EXISTS (SELECT 1 FROM {table} WHERE {collides})"
    " BEGIN SELECT RAISE(ABORT, '{table} {refusal}'); END",
}
UNLESS_ERASED = f" WHEN NOT EXISTS (SELECT 1 FROM {ERASURES} WHERE account_id = OLD.account_id)"
TRIGGERS = {"postgresql": POSTGRESQL, "sqlite": SQLITE}


def trigger_names(vendor: str) -> list[str]:
    """Return the names of the triggers that a database of this vendor must have."""
    return [f"{table}_{kind}" for table in TABLES for kind in TRIGGERS[vendor]]


def create(connection: Any) -> None:
    """Create the triggers of the tables that exist, which a migration may be older than, over those that they have."""
    drop(connection)
    tables = connection.introspection.table_names()
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(POSTGRESQL_FUNCTION)
        for table in [name for name in TABLES if name in tables]:
            words = {
                "table": table,
                "refusal": REFUSAL,
                "erasable": "erasable" if table in ERASABLE else "never",
                "unless_erased": UNLESS_ERASED if table in ERASABLE else "",
                "collides": " OR ".join(f"{key} = NEW.{key}" for key in TABLES[table]),
            }
            for kind, statement in TRIGGERS[connection.vendor].items():
                cursor.execute(statement.format(name=f"{table}_{kind}", **words))


def drop(connection: Any) -> None:
    """Drop the triggers, as far as they exist."""
    on_table = " ON {table}" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        for table in TABLES:
            for kind in TRIGGERS[connection.vendor]:
                cursor.execute(f"DROP TRIGGER IF EXISTS {table}_{kind}{on_table.format(table=table)}")
        if connection.vendor == "postgresql":
            cursor.execute("DROP FUNCTION IF EXISTS trading_append_only()")


def missing(connection: Any) -> list[str]:
    """Return the names of the triggers that are not there, or switched off; none before the tables exist."""
    if not {*TABLES, ERASURES} <= set(connection.introspection.table_names()):
        return []
    found = present(connection)
    return [name for name in trigger_names(connection.vendor) if name not in found]


def present(connection: Any) -> set[str]:
    """Return the names of the triggers that are there and switched on."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'")
        else:
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        found = {name for (name,) in cursor.fetchall()}
    return found & set(trigger_names(connection.vendor))


def restore(connection: Any) -> None:
    """Create the triggers where some are missing.

    SQLite changes a table by copying it, and the copy has no triggers: so this runs after every `migrate`.
    """
    if missing(connection):
        create(connection)


@contextmanager
def lifted(connection: Any) -> Iterator[None]:
    """Take the triggers away meanwhile, in one transaction; for emptying the database, and for tests that break it."""
    with transaction.atomic(using=connection.alias):
        drop(connection)
        yield
        create(connection)
