"""History: orders, fills, trades and the ledger, page by page, newest first."""

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Query
from pydantic import Field

from trading.api.auth import caller
from trading.api.documents import fill_document, ledger_document, order_document
from trading.api.lookups import own_account_ids
from trading.api.pagination import PageQuery, cursor_text
from trading.api.routers.router import DocumentRouter
from trading.api.schemas.history import Ledger
from trading.api.schemas.orders import Fills, Orders, Side, Status
from trading.api.schemas.values import AccountName, Symbol, Timestamp, moment
from trading.models import OPEN_STATUSES, OrderStatus, User
from trading.selectors.history import (
    HistoryFilter,
    fill_history,
    ledger_history,
    order_history,
    trade_history,
)

router = DocumentRouter("History")
STORED: dict[str, tuple[str, ...]] = {
    "open": tuple(OPEN_STATUSES),
    "closed": (OrderStatus.FILLED,),
    "canceled": (OrderStatus.CANCELED,),
    "rejected": (OrderStatus.REJECTED,),
    "expired": (OrderStatus.EXPIRED,),
}


class HistoryQuery(PageQuery):
    """Which rows are wanted; what is absent is no limit."""

    account: AccountName | None = None
    symbol: Symbol | None = None
    side: Side | None = None
    since: Annotated[Timestamp | None, Field(description="From this moment on, ms UTC.")] = None
    until: Annotated[Timestamp | None, Field(description="Before this moment, ms UTC.")] = None

    def wanted(self, user: User, **more: Any) -> HistoryFilter:
        """Return the filter of a selector, over the user's own accounts only."""
        return HistoryFilter(
            account_ids=own_account_ids(user, self.account),
            symbol=self.symbol,
            side=self.side,
            since=moment(self.since),
            until=moment(self.until),
            **more,
        )


class OrderQuery(HistoryQuery):
    """Orders of one status, or of all."""

    status: Status | None = None


class LedgerQuery(HistoryQuery):
    """Entries of one kind, or of all."""

    kind: Literal["deposit", "withdrawal", "realized_pnl", "fee", "adjustment"] | None = None


@router.get("/history/orders", response=Orders, summary="Order history")
def order_history_list(request: HttpRequest, query: Query[OrderQuery]) -> Any:
    """All orders, open ones included."""
    wanted = query.wanted(caller(request), statuses=STORED.get(query.status or "", ()))
    page = order_history(wanted, before=query.before("orders"), limit=query.limit)
    return {"items": [order_document(row) for row in page.rows], "next_cursor": cursor_text("orders", page.next_before)}


@router.get("/fills", response=Fills, summary="Fills")
def fill_list(request: HttpRequest, query: Query[HistoryQuery]) -> Any:
    """All executions."""
    page = fill_history(query.wanted(caller(request)), before=query.before("fills"), limit=query.limit)
    return {"items": [fill_document(row) for row in page.rows], "next_cursor": cursor_text("fills", page.next_before)}


@router.get("/history/pnl", response=Fills, summary="PnL history")
def pnl_history_list(request: HttpRequest, query: Query[HistoryQuery]) -> Any:
    """The trades: the fills that closed quantity, with what each of them earned."""
    page = trade_history(query.wanted(caller(request)), before=query.before("trades"), limit=query.limit)
    return {"items": [fill_document(row) for row in page.rows], "next_cursor": cursor_text("trades", page.next_before)}


@router.get("/history/ledger", response=Ledger, summary="Ledger")
def ledger_list(request: HttpRequest, query: Query[LedgerQuery]) -> Any:
    """Every change of an account's total; their sum is the total. `symbol` and `side` are those of an entry's fill."""
    wanted = query.wanted(caller(request), kinds=() if query.kind is None else (query.kind,))
    page = ledger_history(wanted, before=query.before("ledger"), limit=query.limit)
    return {
        "items": [ledger_document(row) for row in page.rows],
        "next_cursor": cursor_text("ledger", page.next_before),
    }
