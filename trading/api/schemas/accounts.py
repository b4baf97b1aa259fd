"""Accounts, balances and positions."""

from typing import Literal

from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from trading.api.schemas.values import (
    AccountName,
    DecimalText,
    Id,
    Incoming,
    Outgoing,
    Symbol,
    Timestamp,
)


class UserDocument(Outgoing):
    """Who is signed in."""

    id: Id
    username: str
    time_zone: str = Field(description="Decides when a day begins.", examples=["Europe/Vienna"])


class AccountDocument(Outgoing):
    """One account; total = used + free exactly."""

    account: AccountName
    venue: str = Field(examples=["paper"])
    currency: str = Field(examples=["USD"])
    leverage: int = Field(description="Of new positions, where the symbol has none of its own.")
    total: DecimalText
    used: DecimalText = Field(description="Reservations of open orders plus margin of positions.")
    free: DecimalText
    timestamp: Timestamp = Field(description="When it was opened, in ms UTC.")


class BalanceDocument(Outgoing):
    """The money of one account; total = used + free exactly."""

    account: AccountName
    currency: str = Field(examples=["USD"])
    total: DecimalText
    used: DecimalText
    free: DecimalText


class PositionDocument(Outgoing):
    """One open position; the figures from markPrice on move with the market, and are absent without a mark."""

    id: Id
    account: AccountName
    symbol: Symbol
    side: Literal["long", "short"]
    contracts: DecimalText
    entry_price: DecimalText | SkipJsonSchema[None] = None
    leverage: DecimalText
    take_profit: DecimalText | SkipJsonSchema[None] = None
    stop_loss: DecimalText | SkipJsonSchema[None] = None
    timestamp: Timestamp | SkipJsonSchema[None] = None
    mark_price: DecimalText | SkipJsonSchema[None] = None
    unrealized_pnl: DecimalText | SkipJsonSchema[None] = None
    percentage: DecimalText | SkipJsonSchema[None] = Field(None, description="Unrealized PnL in percent of the margin.")
    liquidation_price: DecimalText | SkipJsonSchema[None] = Field(
        None, description="The mark at which the account would be liquidated, all else equal."
    )


class PnlDocument(Outgoing):
    """What one account has earned; equity = total + unrealizedPnl."""

    account: AccountName
    equity: DecimalText
    unrealized_pnl: DecimalText
    realized_pnl: DecimalText = Field(description="Gross, of all time.")
    day_pnl: DecimalText = Field(description="Equity now less equity at the start of the day, in your time zone.")
    fees: DecimalText


class Accounts(Outgoing):
    """All accounts, by name."""

    items: list[AccountDocument]


class Balances(Outgoing):
    """The balances, by account."""

    items: list[BalanceDocument]


class Positions(Outgoing):
    """`stale` says why the figures that move with the market must not be believed."""

    items: list[PositionDocument]
    stale: str | SkipJsonSchema[None] = Field(None, examples=["market_stale"])


class Pnl(Outgoing):
    """`stale` says why the figures must not be believed."""

    items: list[PnlDocument]
    stale: str | SkipJsonSchema[None] = Field(None, examples=["market_stale"])


class CloseRequest(Incoming):
    """Close a position, or `amount` of it, at the market."""

    account: AccountName = "paper"
    symbol: Symbol
    amount: DecimalText | None = Field(None, description="All of it, if absent.")


class ProtectionRequest(Incoming):
    """The position's take profit and stop loss; what is absent or null is cleared."""

    account: AccountName = "paper"
    symbol: Symbol
    take_profit: DecimalText | None = None
    stop_loss: DecimalText | None = None


class LeverageRequest(Incoming):
    """The leverage of the account's position in a symbol, or of the next one."""

    account: AccountName = "paper"
    symbol: Symbol
    leverage: int = Field(ge=1, le=32_767, examples=[5])


class ProtectionDocument(Outgoing):
    """The prices that now apply."""

    account: AccountName
    symbol: Symbol
    take_profit: DecimalText | SkipJsonSchema[None] = None
    stop_loss: DecimalText | SkipJsonSchema[None] = None


class LeverageDocument(Outgoing):
    """The leverage that now applies."""

    account: AccountName
    symbol: Symbol
    leverage: DecimalText
