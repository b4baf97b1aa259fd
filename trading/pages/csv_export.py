"""Long tables as CSV: read and sent page by page, so that neither the memory nor a time limit ends them."""

import csv
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, tzinfo
from io import StringIO
from typing import Any

from asgiref.sync import sync_to_async
from django.http import StreamingHttpResponse

from trading.pages.documents import Row

TIMES = ("timestamp", "lastUpdateTimestamp")
# Words that people or programs choose. A spreadsheet would take one that begins like this for a formula; numbers, which
# may begin with a minus, are ours.
CHOSEN = ("account", "clientOrderId", "note")
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")

Reader = Callable[[int | None], tuple[list[Row], int | None]]


def csv_response(name: str, columns: Sequence[str], read: Reader, *, zone: tzinfo) -> StreamingHttpResponse:
    """Return a download of the rows that `read` gives, page by page: it is called with the cursor of the next one."""
    response = StreamingHttpResponse(_lines(columns, read, zone), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


async def _lines(columns: Sequence[str], read: Reader, zone: tzinfo) -> AsyncIterator[str]:
    yield _text([list(columns)])
    before: int | None = None
    while True:
        rows, before = await sync_to_async(read)(before)
        yield _text([[csv_cell(column, row.get(column), zone) for column in columns] for row in rows])
        if before is None:
            return


def csv_cell(column: str, value: Any, zone: tzinfo) -> str:
    """Return the text of a cell: times with their offset, and nothing that a spreadsheet takes for a formula."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else ""
    if column in TIMES:
        return datetime.fromtimestamp(value / 1000, UTC).astimezone(zone).isoformat(timespec="milliseconds")
    text = str(value)
    return f"'{text}" if column in CHOSEN and text.startswith(FORMULA_STARTS) else text


def _text(rows: list[list[str]]) -> str:
    output = StringIO()
    csv.writer(output).writerows(rows)
    return output.getvalue()
