"""Queries of feeds with thousands of users: the users as one parameter, and each user's rows as one text."""

import json
from collections.abc import Sequence
from typing import Any

from django.db import connections
from django.db.models import (
    Aggregate,
    BinaryField,
    Field,
    FloatField,
    ForeignObject,
    Func,
    Lookup,
    Q,
    QuerySet,
    TextField,
)
from django.db.models.expressions import Combinable
from django.db.models.sql.compiler import SQLCompiler


@Field.register_lookup
@ForeignObject.register_lookup  # which does not take on those of its parent
class AnyOf(Lookup):
    """`column__any_of=values`: what `__in` finds, at the cost of one parameter instead of thousands.

    The values are keys as Python has them: integers, text or UUIDs.
    """

    lookup_name = "any_of"
    prepare_rhs = False

    def as_sql(self, compiler: SQLCompiler, connection: Any) -> tuple[str, Any]:
        left, params = self.process_lhs(compiler, connection)
        if connection.vendor == "postgresql":
            return f"{left} = ANY(%s)", [*params, list(self.rhs)]
        to_column = self.lhs.output_field.get_db_prep_value
        values = [to_column(value, connection) for value in self.rhs]
        if connection.vendor == "sqlite":
            return f"{left} IN (SELECT value FROM json_each(%s))", [*params, json.dumps(values)]
        placeholders = ", ".join(["%s"] * len(values))
        return (f"{left} IN ({placeholders})", [*params, *values]) if values else ("1 = 0", [])


class RowText(Aggregate):
    """The rows of a group as one text, which is another whenever a value of them is.

    Made by the database, which gives one value per group instead of one per column and row. PostgreSQL is told to put
    the rows in order: several workers would bring them in another one each time.
    """

    output_field = TextField()
    allow_distinct = False
    template = "group_concat(json_array(%(expressions)s), '')"

    def as_sqlite(self, compiler: SQLCompiler, connection: Any, **more: Any) -> Any:
        """JSON has no bytes, and SQLite writes its numbers with 15 digits: two that differ after those would be one."""
        exact = self.copy()
        exact.set_source_expressions(
            [
                Func(column, function="quote", output_field=TextField())
                if column is not None and isinstance(column.output_field, BinaryField | FloatField)
                else column
                for column in self.get_source_expressions()
            ]
        )
        return super(RowText, exact).as_sql(compiler, connection, **more)

    def as_postgresql(self, compiler: SQLCompiler, connection: Any, **more: Any) -> Any:
        row = "ROW(%(expressions)s)::text"
        template = f"string_agg({row}, '' ORDER BY {row} COLLATE \"C\")"
        sql, params = super().as_sql(compiler, connection, template=template, **more)
        return sql, [*params, *params]


def row_texts(
    rows: QuerySet[Any], user_ids: Sequence[Any], user: str, *columns: str | Combinable | Q
) -> dict[Any, str]:
    """Return user id -> the text of these columns of his rows, "" for a user without rows; in one query.

    `user` is the path from a row to its user's id, and `columns` are paths or expressions. This is what a feed's
    `versions` may return. On a database other than PostgreSQL and SQLite it is empty: nothing is known.
    """
    if connections[rows.db].vendor not in ("postgresql", "sqlite"):
        return {}
    own = rows.filter(**{f"{user}__any_of": user_ids}).order_by().values(user)
    return dict.fromkeys(user_ids, "") | dict(own.annotate(row_text=RowText(*columns)).values_list(user, "row_text"))
