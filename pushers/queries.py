"""Queries of feeds with thousands of users: the users as one parameter, and each user's rows as one text."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connections
from django.db.models import (
    Aggregate,
    BinaryField,
    Expression,
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


class _Users(tuple[()]):  # a tuple, of which Django makes another one on its way
    """Stands for the users in a query that is built before they are known."""


USERS = _Users()


class _Prepared(NamedTuple):
    """Stands for them among the parameters, with what makes a key of theirs a value of the column."""

    to_column: Callable[[Any, Any], Any]


class _Given(Expression):
    """Stands in such a query for another value, which is given by name."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def as_sql(self, compiler: SQLCompiler, connection: Any) -> tuple[str, Any]:
        return "%s", [self]


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
            return f"{left} = ANY(%s)", [
                *params,
                users_parameter(connection, self.rhs if isinstance(self.rhs, _Users) else list(self.rhs)),
            ]
        to_column = self.lhs.output_field.get_db_prep_value
        if isinstance(self.rhs, _Users):
            return f"{left} IN (SELECT value FROM json_each(%s))", [*params, _Prepared(to_column)]
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


class Selection:
    """Rows of some users, by SQL that Django builds once instead of at every call.

        rows = Selection(lambda users: Order.objects.filter(account__user__any_of=users).values_list("id", "price"))
        rows([7, 9])

    To build it costs more than to ask for the rows of one user. The function gets the users and what else is given by
    name; it may hand them to `any_of`, to lookups and to RawSQL, but must not look at them: it is called once, with
    what stands for them. On a database other than PostgreSQL and SQLite it is called each time.
    """

    def __init__(self, build: Callable[..., QuerySet[Any, Any]]) -> None:
        self._build = build
        self._built: _Built | None = None

    def __call__(self, user_ids: Sequence[Any], **given: Any) -> Iterable[Sequence[Any]]:
        """Return the rows of the users, each with its values in the order of the columns, in one query."""
        if self._built is None:
            rows = self._build(USERS, **{name: _Given(name) for name in given})
            if connections[rows.db].vendor not in ("postgresql", "sqlite"):
                return self._build(user_ids, **given)
            self._built = _Built(rows)
        return self._built.rows(user_ids, given)


class _Built:
    """The SQL of a query with what stands for the values, and what Django makes of each column it brings."""

    def __init__(self, rows: QuerySet[Any, Any]) -> None:
        self._using = rows.db
        compiler = rows.query.get_compiler(self._using)
        self._sql, self._params = compiler.as_sql()
        columns = [column for column, *_ in compiler.select[: compiler.col_count]]
        self._converters = list(compiler.get_converters(columns).items())

    def rows(self, user_ids: Sequence[Any], given: Mapping[str, Any]) -> Iterable[Sequence[Any]]:
        """Ask the database."""
        connection = connections[self._using]
        with connection.cursor() as cursor:
            cursor.execute(self._sql, [_value(param, connection, user_ids, given) for param in self._params])
            found: list[Sequence[Any]] = cursor.fetchall()
        return self._converted(found, connection) if self._converters else found

    def _converted(self, rows: Iterable[Sequence[Any]], connection: Any) -> Iterator[Sequence[Any]]:
        """Do for each value what Django's compiler does."""
        for row in rows:
            values = list(row)
            for position, (converters, expression) in self._converters:
                value = values[position]
                for converter in converters:
                    value = converter(value, expression, connection)
                values[position] = value
            yield values


def _value(param: Any, connection: Any, user_ids: Sequence[Any], given: Mapping[str, Any]) -> Any:
    """Return what a parameter stands for, as the database wants it."""
    if isinstance(param, _Prepared):
        return json.dumps([param.to_column(user_id, connection) for user_id in user_ids])
    if isinstance(param, _Users):
        return users_parameter(connection, user_ids)
    if isinstance(param, _Given):
        value = given[param.name]
        return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value
    return param


def users_parameter(connection: Any, user_ids: Sequence[Any]) -> Any:
    """Return users as the one parameter of `= ANY(%s)` or, on SQLite and with numbers as keys, of `json_each(%s)`."""
    if isinstance(user_ids, _Users):
        return USERS
    if connection.vendor != "postgresql":
        return json.dumps(list(user_ids))
    if all(type(user_id) is int for user_id in user_ids):
        return f"{{{','.join(map(str, user_ids))}}}"  # an array's own text: psycopg would look at each of them twice
    return list(user_ids)
