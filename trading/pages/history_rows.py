"""Rows of the history as the pages show them: the selectors' rows in the words of the wire."""

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from trading.pages.documents import Row
from trading.selectors.history import FillHistoryRow, LedgerRow, OrderHistoryRow
from trading.wire import decimal_text, milliseconds, present
from trading.wire_rows import fill_figures, order_figures


class OrderFill(NamedTuple):
    """One fill of the order whose page shows it."""

    created_at: datetime
    price: Decimal
    amount: Decimal
    cost: Decimal
    fee: Decimal
    realized_pnl: Decimal
    taker_or_maker: str


def order_row(row: OrderHistoryRow) -> Row:
    """Return an order's cells."""
    return present(
        id=str(row.id),
        status=row.status,
        rejectReason=row.reject_reason or None,
        beforeReset=row.before_reset,
        **order_figures(row),
    )


def fill_row(row: FillHistoryRow) -> Row:
    """Return a fill's cells."""
    return {
        **fill_figures(row),
        "id": str(row.id),
        "account": row.account,
        "order": str(row.order_id),
        "symbol": row.symbol,
        "side": row.side,
        "netPnl": decimal_text(row.net_pnl),
        "beforeReset": row.before_reset,
    }


def ledger_row(row: LedgerRow) -> Row:
    """Return a ledger entry's cells."""
    return present(
        id=str(row.id),
        kind=row.kind,
        amount=decimal_text(row.amount),
        balanceAfter=decimal_text(row.balance_after),
        fill=None if row.fill_id is None else str(row.fill_id),
        symbol=row.symbol,
        note=row.note or None,
        timestamp=milliseconds(row.created_at),
        beforeReset=row.before_reset,
    )
