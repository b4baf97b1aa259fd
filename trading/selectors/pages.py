"""Pages of long lists: rows with growing ids, read from the newest backwards.

A page begins below an id and not at a number of rows, so what is added meanwhile neither repeats a row nor hides one.
An account's rows are written under its lock, so their ids grow in the order of their commits.
"""

from collections.abc import Callable
from typing import Any, Generic, NamedTuple, TypeVar

from django.db.models import QuerySet

PAGE_SIZE = 50
LARGEST_PAGE = 500

Row = TypeVar("Row")


class Page(NamedTuple, Generic[Row]):
    """Some rows, newest first; `next_before` begins the page after, and is None on the last one."""

    rows: list[Row]
    next_before: int | None


def newest_page(
    rows: QuerySet[Any, tuple[Any, ...]],
    make: Callable[[tuple[Any, ...]], Row],
    *,
    before: int | None,
    limit: int,
    id_column: int,
) -> Page[Row]:
    """Return at most `limit` of `rows` (a `values_list`) with ids below `before`, in one query."""
    if before is not None:
        rows = rows.filter(id__lt=before)
    found = list(rows.order_by("-id")[: limit + 1])
    more = len(found) > limit
    found = found[:limit]
    return Page([make(row) for row in found], found[-1][id_column] if more else None)
