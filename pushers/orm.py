"""The care that a long-running thread must take of Django's database connections.

`close_old_connections()` looks only at the connections of the thread that calls it, so it is called here, in the
thread that does the work, before and after every iteration: a restarted database costs one iteration.
"""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar

from django.db import DEFAULT_DB_ALIAS, close_old_connections, connections, transaction

P = ParamSpec("P")
T = TypeVar("T")


@contextmanager
def orm_scope() -> Iterator[None]:
    """Surround one iteration's ORM work in the thread that does it."""
    close_old_connections()
    try:
        yield
    finally:
        close_old_connections()


@contextmanager
def read_snapshot(seconds: float, using: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """Make all reads inside see one state of the database, read-only and, on PostgreSQL, for `seconds` at most."""
    connection = connections[using]
    if connection.in_atomic_block:
        yield  # a caller's transaction is the snapshot
    elif connection.vendor == "postgresql":
        with transaction.atomic(using=using), connection.cursor() as cursor:
            cursor.execute(
                "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;"
                f"SET LOCAL statement_timeout = {int(seconds * 1000)}"
            )
            yield
    elif connection.vendor == "sqlite":
        with _deferred(connection), transaction.atomic(using=using):
            yield
            transaction.set_rollback(True, using=using)
    else:
        with transaction.atomic(using=using):
            yield


@contextmanager
def _deferred(connection: Any) -> Iterator[None]:
    """Begin without the write lock where the project asks for IMMEDIATE; a reader needs none."""
    connection.ensure_connection()  # which sets the mode that the project asks for
    mode, connection.transaction_mode = connection.transaction_mode, "DEFERRED"
    try:
        yield
    finally:
        connection.transaction_mode = mode


def keep_connections() -> None:
    """Have this process's threads each keep one connection, checked before use. Call it before the first query.

    A thread of ours reads for as long as the process lives, so a pool between would only be a place where connections
    wait for a restart of the database to kill them: each dead one costs who meets it seconds. A file (SQLite) is opened
    anew each time: a kept one would go on reading a file that was replaced by a backup.
    """
    for alias in connections:
        settings = connections.settings[alias]
        if "sqlite" in settings["ENGINE"]:
            continue
        settings["OPTIONS"] = {name: value for name, value in settings["OPTIONS"].items() if name != "pool"}
        settings.update(CONN_MAX_AGE=None, CONN_HEALTH_CHECKS=True)


class OrmThread:
    """One thread for one loop's ORM work, so that a slow feed delays no other. `close` ends it and its connections."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._executor = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._last: Future[object] | None = None

    @property
    def busy(self) -> bool:
        """Whether work that somebody stopped waiting for is still under way."""
        return self._last is not None and not self._last.done()

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call `function` in the thread, inside `orm_scope()`."""

        def scoped() -> T:
            with orm_scope():
                return function(*args, **kwargs)

        future = self._executor.submit(scoped)
        self._last = future  # type: ignore[assignment]
        return await asyncio.wrap_future(future)

    def close(self, seconds: float = 5.0) -> None:
        """Close the thread's connections and end it; wait at most `seconds` for work under way."""
        closing = self._executor.submit(connections.close_all)
        self._executor.shutdown(wait=False)
        wait([closing], timeout=seconds)
