"""Rows as documents: what a selector found, in the words of the wire."""

from datetime import datetime
from typing import Any

from trading.accounting import entry_price
from trading.models import OPEN_STATUSES, Account, ApiToken, OrderStatus, Position
from trading.selectors.history import FillHistoryRow, LedgerRow, OrderHistoryRow
from trading.selectors.instruments import InstrumentRow
from trading.selectors.summaries import Summary
from trading.services import OrderPreview
from trading.wire import milliseconds

Document = dict[str, Any]

# As in ccxt: open can still fill, closed is filled completely; the others keep their names.
STATUSES: dict[str, str] = {
    **{status: status.value for status in OrderStatus},
    **dict.fromkeys(OPEN_STATUSES, "open"),
    OrderStatus.FILLED: "closed",
}


def account_document(account: Account) -> Document:
    """Return an account's terms and money."""
    fields = ("venue", "currency", "leverage", "total", "used", "free")
    values = {name: getattr(account, name) for name in fields}
    return {"account": account.name, **values, "timestamp": milliseconds(account.created_at)}


def order_document(row: OrderHistoryRow) -> Document:
    """Return an order."""
    return {
        **row._asdict(),
        "id": str(row.id),
        "status": STATUSES[row.status],
        "remaining": row.amount - row.filled,
        "average": entry_price(row.filled, row.cost),
        "reject_reason": row.reject_reason or None,
        "triggered": optional_milliseconds(row.triggered_at),
        "timestamp": milliseconds(row.created_at),
        "last_update_timestamp": milliseconds(row.updated_at),
    }


def fill_document(row: FillHistoryRow) -> Document:
    """Return a fill."""
    return {
        **row._asdict(),
        "id": str(row.id),
        "order": str(row.order_id),
        "net_pnl": row.net_pnl,
        "timestamp": milliseconds(row.created_at),
    }


def ledger_document(row: LedgerRow) -> Document:
    """Return a ledger entry."""
    return {
        **row._asdict(),
        "id": str(row.id),
        "fill": None if row.fill_id is None else str(row.fill_id),
        "note": row.note or None,
        "timestamp": milliseconds(row.created_at),
    }


def summary_document(summary: Summary) -> Document:
    """Return a summary's figures."""
    derived = ("net_pnl", "win_rate", "average_win", "average_loss")
    return {**summary._asdict(), **{name: getattr(summary, name) for name in derived}}


def instrument_document(row: InstrumentRow) -> Document:
    """Return an instrument's rules as ccxt structures them."""
    return {
        "symbol": row.symbol,
        "name": row.name,
        "quote": row.currency,
        "active": not row.halted,
        "precision": {"amount": row.step_size, "price": row.tick_size},
        "limits": {"cost": {"min": row.minimum_notional}, "leverage": {"min": "1", "max": str(row.maximum_leverage)}},
        "maker": row.maker_fee_rate,
        "taker": row.taker_fee_rate,
        "slippage": row.slippage_rate,
        "maintenance_margin": row.maintenance_margin_rate,
    }


def preview_document(preview: OrderPreview) -> Document:
    """Return what an order would do."""
    fields = ("amount", "price", "notional", "margin", "fee", "liquidation_price", "free_after")
    values = {name: getattr(preview, name) for name in fields}
    return {**values, "reasons": [{"code": reason.code, "detail": reason.message} for reason in preview.reasons]}


def position_terms_document(account: Account, symbol: str, position: Position) -> Document:
    """Return what a trader sets for a position, which may be flat."""
    terms = {"leverage": str(position.leverage), "take_profit": position.take_profit, "stop_loss": position.stop_loss}
    return {"account": account.name, "symbol": symbol, **terms}


def token_document(token: ApiToken) -> Document:
    """Return what may be known of a token."""
    return {
        "id": str(token.pk),
        "name": token.name,
        "prefix": token.prefix,
        "scopes": token.scopes,
        "timestamp": milliseconds(token.created_at),
        "expires": optional_milliseconds(token.expires_at),
        "last_used": optional_milliseconds(token.last_used_at),
        "revoked": optional_milliseconds(token.revoked_at),
    }


def optional_milliseconds(at: datetime | None) -> int | None:
    """Return a moment as a timestamp; None for none."""
    return None if at is None else milliseconds(at)
