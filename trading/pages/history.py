"""The history of orders and of fills: filtered, page by page, and as CSV."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from trading.pages.csv_export import csv_response
from trading.pages.documents import Row
from trading.pages.history_filter import HistoryForm, OrderHistoryForm
from trading.pages.history_rows import fill_row, order_row
from trading.pages.trader import trader, trader_page
from trading.selectors.history import fill_history, order_history
from trading.selectors.pages import LARGEST_PAGE

ORDER_COLUMNS = (
    "id", "account", "clientOrderId", "symbol", "side", "type", "timeInForce", "price", "triggerPrice", "amount",
    "filled", "average", "status", "rejectReason", "timestamp", "lastUpdateTimestamp", "beforeReset",
)  # fmt: skip
FILL_COLUMNS = (
    "id", "order", "account", "symbol", "side", "price", "amount", "cost", "fee", "realizedPnl", "netPnl",
    "takerOrMaker", "timestamp", "beforeReset",
)  # fmt: skip


@dataclass(frozen=True)
class History:
    """One kind of rows: how they are filtered, read, shown and exported."""

    noun: str
    title: Any
    empty: Any
    unlike: Any  # said where the filter lets nothing through
    last: Any  # said after the last page
    form: type[HistoryForm]
    read: Callable[..., Any]
    row: Callable[[Any], Row]
    columns: tuple[str, ...]


ORDERS = History(
    noun="orders",
    title=_("Order history"),
    empty=_("No orders yet."),
    unlike=_("No order is like this."),
    last=_("There are no older orders."),
    form=OrderHistoryForm,
    read=order_history,
    row=order_row,
    columns=ORDER_COLUMNS,
)
FILLS = History(
    noun="fills",
    title=_("Fill history"),
    empty=_("No fills yet."),
    unlike=_("No fill is like this."),
    last=_("There are no older fills."),
    form=HistoryForm,
    read=fill_history,
    row=fill_row,
    columns=FILL_COLUMNS,
)


@require_safe
@trader_page
def _history_page(request: HttpRequest, history: History) -> HttpResponse:
    """Show a page of the history, newest first."""
    form = history.form(trader(request), request.GET)
    rows: list[Row] = []
    older = None
    if form.is_valid():
        page = history.read(form.wanted(), before=form.cleaned_data["before"])
        rows = [history.row(found) for found in page.rows]
        older = page.next_before
    context = {
        "history": history,
        "title": history.title,
        "csv": reverse(f"{history.noun}-csv"),
        "form": form,
        "rows": rows,
        "wrong": not form.is_valid(),
        "filtered": not form.is_valid() or form.filtered,
        "query": _address(request.GET, before=None),
        "older": _address(request.GET, before=older) if older is not None else "",
        "paged": bool(request.GET.get("before")),
    }
    return render(request, f"trading/history_{history.noun}.html", context)


@require_safe
@trader_page
def _history_csv(request: HttpRequest, history: History) -> HttpResponseBase:
    """Stream everything that the filter lets through, newest first; a wrong filter lets nothing through."""
    form = history.form(trader(request), request.GET)
    wanted = form.wanted() if form.is_valid() else None

    def read(before: int | None) -> tuple[list[Row], int | None]:
        if wanted is None:
            return [], None
        page = history.read(wanted, before=before, limit=LARGEST_PAGE)
        return [history.row(found) for found in page.rows], page.next_before

    name = f"{history.noun}-{timezone.localdate():%Y-%m-%d}.csv"
    return csv_response(name, history.columns, read, zone=timezone.get_current_timezone())


orders_history = partial(_history_page, history=ORDERS)
fills_history = partial(_history_page, history=FILLS)
orders_csv = partial(_history_csv, history=ORDERS)
fills_csv = partial(_history_csv, history=FILLS)


def _address(query: QueryDict, *, before: int | None) -> str:
    """Return the query of the address that shows the same filter from elsewhere on, without what is empty."""
    again = {name: value for name, value in query.items() if value and name != "before"}
    return urlencode(again if before is None else {**again, "before": before})
