"""Read what has been: orders, fills, closed trades and ledger entries, page by page.

A row with `before_reset` belongs to what the account was before its last reset.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import QuerySet

from trading.models import Fill, LedgerEntry, Order
from trading.selectors.pages import PAGE_SIZE, Page, newest_page
from trading.selectors.resets import before_reset
from trading.selectors.summaries import CLOSING


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryFilter:
    """Which rows are wanted: of these accounts, from `since` on and before `until`; None and () stand for all."""

    account_ids: Sequence[int]
    symbol: str | None = None
    side: str | None = None
    statuses: Sequence[str] = ()  # of orders
    kinds: Sequence[str] = ()  # of ledger entries
    since: datetime | None = None
    until: datetime | None = None

    def conditions(self, **fields: Any) -> dict[str, Any]:
        """Return the lookups that are set; `fields` are those that only some kinds of rows have."""
        lookups = {
            "account_id__in": self.account_ids,
            "created_at__gte": self.since,
            "created_at__lt": self.until,
            **fields,
        }
        return {lookup: value for lookup, value in lookups.items() if value is not None}


class OrderHistoryRow(NamedTuple):
    """One order, open or not."""

    id: int
    account: str
    client_order_id: str | None
    symbol: str
    type: str
    side: str
    price: Decimal | None
    trigger_price: Decimal | None
    amount: Decimal
    filled: Decimal
    cost: Decimal
    status: str
    time_in_force: str
    post_only: bool
    reduce_only: bool
    take_profit: Decimal | None
    stop_loss: Decimal | None
    origin: str
    reject_reason: str
    triggered_at: datetime | None
    created_at: datetime
    updated_at: datetime
    before_reset: bool


class FillHistoryRow(NamedTuple):
    """One fill; `realized_pnl` is gross, what it closed earned before fees."""

    id: int
    account: str
    order_id: int
    symbol: str
    side: str
    price: Decimal
    amount: Decimal
    closed_amount: Decimal
    cost: Decimal
    fee: Decimal
    realized_pnl: Decimal
    taker_or_maker: str
    created_at: datetime
    before_reset: bool

    @property
    def net_pnl(self) -> Decimal:
        """What the fill earned after its fee."""
        return self.realized_pnl - self.fee


class LedgerRow(NamedTuple):
    """One change of an account's total."""

    id: int
    account: str
    kind: str
    amount: Decimal
    balance_after: Decimal
    fill_id: int | None
    symbol: str | None
    note: str
    created_at: datetime
    before_reset: bool


def order_history(wanted: HistoryFilter, *, before: int | None = None, limit: int = PAGE_SIZE) -> Page[OrderHistoryRow]:
    """Return orders, newest first, in one query; `before` is the `next_before` of the page before this one."""
    statuses = list(wanted.statuses) or None
    rows = _orders().filter(
        **wanted.conditions(instrument__symbol=wanted.symbol, side=wanted.side, status__in=statuses)
    )
    columns = _columns(OrderHistoryRow)
    return newest_page(rows.values_list(*columns), OrderHistoryRow._make, before=before, limit=limit, id_column=0)


def order_row(user_id: int, order_id: int) -> OrderHistoryRow | None:
    """Return one order of the user's accounts, or None where he has no such order, in one query."""
    return next(iter(order_rows(user_id, [order_id])), None)


def order_rows(user_id: int, order_ids: Sequence[int]) -> list[OrderHistoryRow]:
    """Return those of the orders that are of the user's accounts, newest first, in one query."""
    rows = _orders().filter(account__user_id=user_id, id__in=order_ids).order_by("-id")
    return [OrderHistoryRow._make(row) for row in rows.values_list(*_columns(OrderHistoryRow))]


def fill_history(wanted: HistoryFilter, *, before: int | None = None, limit: int = PAGE_SIZE) -> Page[FillHistoryRow]:
    """Return fills, newest first, in one query."""
    return _fills(_wanted_fills(wanted), before, limit)


def trade_history(wanted: HistoryFilter, *, before: int | None = None, limit: int = PAGE_SIZE) -> Page[FillHistoryRow]:
    """Return trades, which are the fills that closed quantity, newest first, in one query."""
    return _fills(_wanted_fills(wanted).filter(CLOSING), before, limit)


def ledger_history(wanted: HistoryFilter, *, before: int | None = None, limit: int = PAGE_SIZE) -> Page[LedgerRow]:
    """Return ledger entries, newest first, in one query."""
    kinds = list(wanted.kinds) or None
    rows = LedgerEntry.objects.annotate(before_reset=before_reset("last_entry_id")).filter(
        **wanted.conditions(fill__instrument__symbol=wanted.symbol, fill__side=wanted.side, kind__in=kinds)
    )
    columns = _columns(LedgerRow, symbol="fill__instrument__symbol")
    return newest_page(rows.values_list(*columns), LedgerRow._make, before=before, limit=limit, id_column=0)


def _orders() -> QuerySet[Any]:
    return Order.objects.annotate(before_reset=before_reset("last_order_id"))


def _wanted_fills(wanted: HistoryFilter) -> QuerySet[Any]:
    fills = Fill.objects.annotate(before_reset=before_reset("last_fill_id"))
    return fills.filter(**wanted.conditions(instrument__symbol=wanted.symbol, side=wanted.side))


def _fills(rows: QuerySet[Any], before: int | None, limit: int) -> Page[FillHistoryRow]:
    columns = _columns(FillHistoryRow)
    return newest_page(rows.values_list(*columns), FillHistoryRow._make, before=before, limit=limit, id_column=0)


def _columns(row: type[Any], **other: str) -> list[str]:
    """Return the columns of a row type: its fields' own names, but for the joined ones."""
    joined = {"account": "account__name", "symbol": "instrument__symbol", **other}
    return [joined.get(name, name) for name in row._fields]
