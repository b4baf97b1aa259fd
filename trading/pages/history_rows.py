"""Rows of the history as the pages show them: the selectors' rows in the words of the wire."""

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from trading.accounting import entry_price
from trading.pages.documents import Row
from trading.selectors.history import FillHistoryRow, LedgerRow, OrderHistoryRow
from trading.wire import decimal_text, milliseconds, optional_text, present


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
        account=row.account,
        clientOrderId=row.client_order_id,
        symbol=row.symbol,
        type=row.type,
        side=row.side,
        price=optional_text(row.price),
        triggerPrice=optional_text(row.trigger_price),
        amount=decimal_text(row.amount),
        filled=decimal_text(row.filled),
        average=optional_text(entry_price(row.filled, row.cost)),
        status=row.status,
        timeInForce=row.time_in_force,
        rejectReason=row.reject_reason or None,
        timestamp=milliseconds(row.created_at),
        lastUpdateTimestamp=milliseconds(row.updated_at),
        beforeReset=row.before_reset,
    )


def fill_row(row: FillHistoryRow) -> Row:
    """Return a fill's cells."""
    return {
        "id": str(row.id),
        "account": row.account,
        "order": str(row.order_id),
        "symbol": row.symbol,
        "side": row.side,
        "price": decimal_text(row.price),
        "amount": decimal_text(row.amount),
        "cost": decimal_text(row.cost),
        "fee": decimal_text(row.fee),
        "realizedPnl": decimal_text(row.realized_pnl),
        "netPnl": decimal_text(row.net_pnl),
        "takerOrMaker": row.taker_or_maker,
        "timestamp": milliseconds(row.created_at),
        "beforeReset": row.before_reset,
    }


def order_fill_row(row: OrderFill) -> Row:
    """Return the cells of a fill on its order's page."""
    return {
        "price": decimal_text(row.price),
        "amount": decimal_text(row.amount),
        "cost": decimal_text(row.cost),
        "fee": decimal_text(row.fee),
        "realizedPnl": decimal_text(row.realized_pnl),
        "takerOrMaker": row.taker_or_maker,
        "timestamp": milliseconds(row.created_at),
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
