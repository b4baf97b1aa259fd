"""Ledger entries, summaries and the equity curve."""

from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from trading.api.schemas.values import AccountName, DecimalText, Id, Outgoing, Symbol, Timestamp


class LedgerDocument(Outgoing):
    """One change of an account's total."""

    id: Id
    account: AccountName
    kind: str = Field(description="deposit, withdrawal, realized_pnl, fee or adjustment")
    amount: DecimalText = Field(description="Signed: what the total changed by.")
    balance_after: DecimalText
    fill: Id | SkipJsonSchema[None] = None
    symbol: Symbol | SkipJsonSchema[None] = None
    note: str | SkipJsonSchema[None] = None
    before_reset: bool = Field(description="Whether the account has been reset since.")
    timestamp: Timestamp


class SummaryDocument(Outgoing):
    """The figures of one period or symbol.

    A trade is a fill that closed quantity; its result is its realized PnL less its fee, a win above 0, a loss below 0.
    netPnl is realizedPnl - fees, where fees are those of all fills, opening ones included.
    """

    fills: int
    trades: int
    wins: int
    losses: int
    volume: DecimalText = Field(description="Sum of price times amount of all fills.")
    realized_pnl: DecimalText
    fees: DecimalText
    net_pnl: DecimalText
    win_rate: DecimalText | SkipJsonSchema[None] = Field(None, description="Wins in percent of trades.")
    average_win: DecimalText | SkipJsonSchema[None] = None
    average_loss: DecimalText | SkipJsonSchema[None] = Field(None, description="Not above 0.")
    best: DecimalText | SkipJsonSchema[None] = Field(None, description="Result of the best trade.")
    worst: DecimalText | SkipJsonSchema[None] = Field(None, description="Result of the worst trade.")


class PeriodSummary(SummaryDocument):
    """The figures since `since`, which is absent for `all`."""

    since: Timestamp | SkipJsonSchema[None] = None


class Summaries(Outgoing):
    """Each period up to now; days begin at midnight in `timeZone`, weeks on Monday."""

    account: AccountName
    time_zone: str
    today: PeriodSummary
    week: PeriodSummary
    month: PeriodSummary
    year: PeriodSummary
    all: PeriodSummary


class SymbolSummary(SummaryDocument):
    """The figures of one symbol."""

    symbol: Symbol


class Stats(Outgoing):
    """One period by symbol."""

    account: AccountName
    period: str
    time_zone: str
    since: Timestamp | SkipJsonSchema[None] = None
    items: list[SymbolSummary]


class EquityDocument(Outgoing):
    """What an account was worth at one moment."""

    timestamp: Timestamp
    equity: DecimalText


class Ledger(Outgoing):
    """A page of ledger entries, newest first."""

    items: list[LedgerDocument]
    next_cursor: str | SkipJsonSchema[None] = None


class EquityCurve(Outgoing):
    """Points in the order of time; where one is missing, the equity was as before."""

    account: AccountName
    interval: str
    items: list[EquityDocument]
