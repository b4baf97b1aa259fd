"""Change capture on PostgreSQL: triggers that tell the pushers whose rows a statement has changed, whoever ran it.

A service says so itself with `nudge`. Raw SQL, the admin of another program and somebody in `psql` do not: for them,
a project names the models and the path from each to its user, and installs the triggers in a migration.

    CAPTURED = {"Parcel": "owner_id", "Stop": "parcel__owner_id"}

    def install(apps, schema_editor):  # for migrations.RunPython
        capture.install(schema_editor.connection, capture.models_of(apps, "parcels", CAPTURED))

    class ParcelsConfig(AppConfig):
        def ready(self):
            capture.declare(capture.models_of(apps, "parcels", CAPTURED))  # for the listener and the system check

What they tell is a hint, as a nudge is: a lost one costs latency, never correctness. On other databases nothing of it
exists, and the intervals are what there is.
"""

from collections.abc import Mapping
from typing import Any

from django.db.backends.utils import truncate_name
from django.db.models import Model

CHANNEL = "pushers_changed"
MOST_USERS = 500  # of one statement; a larger one is left to the tick, which reads everybody at once anyway
LONGEST_NAME = 63  # of PostgreSQL, which cuts off the rest without a word: two tables would share a function
CHUNK = 100  # users per notification, whose limit is 8,000 bytes
EVENTS = {
    "insert": "REFERENCING NEW TABLE AS new_rows",
    "update": "REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows",
    "delete": "REFERENCING OLD TABLE AS old_rows",
}
# The functions find their tables whatever search_path the statement's session has: `pg_restore` has an empty one.
TELL = f"""
CREATE OR REPLACE FUNCTION pushers_tell(users text[]) RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE payload text;
BEGIN
    IF cardinality(users) > {MOST_USERS} THEN
        RETURN;
    END IF;
    FOR part IN 1 .. cardinality(users) BY {CHUNK} LOOP
        payload := array_to_json(users[part : part + {CHUNK - 1}])::text;
        IF octet_length(payload) < 8000 THEN
            PERFORM pg_notify('{CHANNEL}', payload);
        END IF;
    END LOOP;
END $$
"""
USERS = "SELECT {user}::text FROM {rows} changed {joins} WHERE {user} IS NOT NULL"  # a row may be nobody's
TABLE = f"""
CREATE OR REPLACE FUNCTION {{function}}() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM pushers_tell(ARRAY({USERS.replace("{rows}", "new_rows")} GROUP BY 1));
    ELSIF TG_OP = 'DELETE' THEN
        PERFORM pushers_tell(ARRAY({USERS.replace("{rows}", "old_rows")} GROUP BY 1));
    ELSE
        PERFORM pushers_tell(ARRAY({USERS.replace("{rows}", "new_rows")} UNION {USERS.replace("{rows}", "old_rows")}));
    END IF;
    RETURN NULL;
END $$
"""
Paths = Mapping[type[Model], str]  # model -> the path from a row to the id of its user

_declared: dict[type[Model], str] = {}


def models_of(apps: Any, app_label: str, paths: Mapping[str, str]) -> dict[type[Model], str]:
    """Return `paths` by model instead of by the model's name; `apps` is Django's registry, or a migration's."""
    return {apps.get_model(app_label, name): path for name, path in paths.items()}


def declare(paths: Paths) -> None:
    """Say which models this project captures: the pushers listen then, and a system check asks for the triggers."""
    _declared.update(paths)


def declared() -> dict[type[Model], str]:
    """Return what was declared."""
    return dict(_declared)


def install(connection: Any, paths: Paths) -> None:
    """Create the triggers on the models' tables, over those that exist. Does nothing on other databases."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute(TELL)
        for model, path in paths.items():
            table = model._meta.db_table
            user, joins = _user_of(connection, model, path)
            words = {"function": _quoted(connection, _function(table)), "user": user, "joins": joins}
            cursor.execute(TABLE.format(**words))
            for event, rows in EVENTS.items():
                trigger = _quoted(connection, _trigger(table, event))
                cursor.execute(
                    f"CREATE OR REPLACE TRIGGER {trigger} AFTER {event.upper()} ON {_quoted(connection, table)} {rows}"
                    f" FOR EACH STATEMENT EXECUTE FUNCTION {words['function']}()"
                )


def remove(connection: Any, paths: Paths) -> None:
    """Drop the triggers, as far as they exist."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        for model in paths:
            table = model._meta.db_table
            for event in EVENTS:
                trigger = _quoted(connection, _trigger(table, event))
                cursor.execute(f"DROP TRIGGER IF EXISTS {trigger} ON {_quoted(connection, table)}")
            cursor.execute(f"DROP FUNCTION IF EXISTS {_quoted(connection, _function(table))}()")


def missing(connection: Any, paths: Paths) -> list[str]:
    """Return the names of the triggers that are not there, or switched off; none before the tables exist."""
    if connection.vendor != "postgresql":
        return []
    tables = {model._meta.db_table for model in paths}
    if not tables <= set(connection.introspection.table_names()):
        return []
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'")
        found = {name for (name,) in cursor.fetchall()}
    return sorted({_trigger(table, event) for table in tables for event in EVENTS} - found)


def _user_of(connection: Any, model: type[Model], path: str) -> tuple[str, str]:
    """Return the SQL of a changed row's user id, and of the joins that lead there."""
    alias, joins = "changed", ""
    *hops, last = path.split("__")
    for number, hop in enumerate(hops):
        key: Any = model._meta.get_field(hop)
        model, column, target = key.related_model, key.column, key.target_field.column
        table, other = _quoted(connection, model._meta.db_table), f"joined_{number}"
        joins += (
            f" JOIN {table} {other} ON {other}.{_quoted(connection, target)} = {alias}.{_quoted(connection, column)}"
        )
        alias = other
    user: Any = model._meta.get_field(last)
    return f"{alias}.{_quoted(connection, user.column)}", joins


def _function(table: str) -> str:
    return truncate_name(f"pushers_tell_{table}", LONGEST_NAME)


def _trigger(table: str, event: str) -> str:
    return truncate_name(f"{table}_tells_{event}", LONGEST_NAME)


def _quoted(connection: Any, name: str) -> str:
    quoted: str = connection.ops.quote_name(name)
    return quoted
