"""The action "Export as CSV": the selected rows of a list, all their columns, read and sent part by part."""

import csv
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from decimal import Decimal
from io import StringIO
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from trading.admin.operators import operator_of
from trading.models import AuditEntry
from trading.services import audit_note
from trading.wire import decimal_text

PART = 1000  # rows that are read at once
# A spreadsheet would take a text that begins like this for a formula; numbers, which may begin with a minus, are ours.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")

Action = Callable[[Any, HttpRequest, QuerySet[Any]], StreamingHttpResponse]


def csv_export(*columns: str) -> Action:
    """Return the action that exports these columns; a name with `__` follows a foreign key.

    What is exported is noted in the audit trail. Whoever may see the list may export it.
    """

    @admin.action(description=_("Export selected rows as CSV"), permissions=["view"])
    def export_csv(modeladmin: Any, request: HttpRequest, queryset: QuerySet[Any]) -> StreamingHttpResponse:
        model: type[Model] = queryset.model
        rows = model._default_manager.filter(pk__in=queryset.order_by().values("pk"))
        after = {"model": model._meta.label_lower, "rows": rows.count()}
        audit_note(operator_of(request), AuditEntry.Action.EXPORT, after=after)
        response = StreamingHttpResponse(_lines(rows, columns), content_type="text/csv; charset=utf-8")
        name = f"{model._meta.model_name}-{timezone.now():%Y%m%d-%H%M%S}.csv"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response

    return export_csv


async def _lines(rows: QuerySet[Any], columns: Sequence[str]) -> AsyncIterator[str]:
    """Yield the file, newest rows first. Asynchronous, or the ASGI server would read all of it before it sends any."""
    yield _text([columns])
    before = None
    while True:
        part = await sync_to_async(_part)(rows, columns, before)
        if not part:
            return
        yield _text([[_cell(value) for value in row[1:]] for row in part])
        before = part[-1][0]


def _part(rows: QuerySet[Any], columns: Sequence[str], before: Any) -> list[tuple[Any, ...]]:
    further = rows if before is None else rows.filter(pk__lt=before)
    return list(further.order_by("-pk").values_list("pk", *columns)[:PART])


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds")
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(FORMULA_STARTS) else text


def _text(rows: Sequence[Sequence[str]]) -> str:
    output = StringIO()
    csv.writer(output).writerows(rows)
    return output.getvalue()
