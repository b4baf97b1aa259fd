"""Orders and fills as documents: what the feeds push, and what the pages of the history show."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from trading.accounting import entry_price
from trading.wire import decimal_text, milliseconds, optional_text, present


class OrderFigures(Protocol):
    """What every reader of an order's row reads."""

    @property
    def account(self) -> str: ...
    @property
    def client_order_id(self) -> str | None: ...
    @property
    def symbol(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def side(self) -> str: ...
    @property
    def price(self) -> Decimal | None: ...
    @property
    def trigger_price(self) -> Decimal | None: ...
    @property
    def amount(self) -> Decimal: ...
    @property
    def filled(self) -> Decimal: ...
    @property
    def cost(self) -> Decimal: ...
    @property
    def time_in_force(self) -> str: ...
    @property
    def created_at(self) -> datetime: ...
    @property
    def updated_at(self) -> datetime: ...


class FillFigures(Protocol):
    """What every reader of a fill's row reads."""

    @property
    def price(self) -> Decimal: ...
    @property
    def amount(self) -> Decimal: ...
    @property
    def cost(self) -> Decimal: ...
    @property
    def fee(self) -> Decimal: ...
    @property
    def realized_pnl(self) -> Decimal: ...
    @property
    def taker_or_maker(self) -> str: ...
    @property
    def created_at(self) -> datetime: ...


def order_figures(row: OrderFigures) -> dict[str, Any]:
    """Return an order without its id and state, in ccxt's words; `average` is the mean price of what is filled."""
    return present(
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
        timeInForce=row.time_in_force,
        timestamp=milliseconds(row.created_at),
        lastUpdateTimestamp=milliseconds(row.updated_at),
    )


def fill_figures(row: FillFigures) -> dict[str, Any]:
    """Return what a fill was, without whose; `realizedPnl` is gross."""
    return {
        "price": decimal_text(row.price),
        "amount": decimal_text(row.amount),
        "cost": decimal_text(row.cost),
        "fee": decimal_text(row.fee),
        "realizedPnl": decimal_text(row.realized_pnl),
        "takerOrMaker": row.taker_or_maker,
        "timestamp": milliseconds(row.created_at),
    }
