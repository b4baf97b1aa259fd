"""Instruments, tickers and candles."""

from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from trading.api.schemas.values import DecimalText, Outgoing, Symbol, Timestamp


class Precision(Outgoing):
    """The grids that amounts and prices lie on."""

    amount: DecimalText = Field(description="Step size.")
    price: DecimalText = Field(description="Tick size.")


class Range(Outgoing):
    """Bounds, as far as there are any."""

    min: DecimalText | SkipJsonSchema[None] = None
    max: DecimalText | SkipJsonSchema[None] = None


class Limits(Outgoing):
    """Bounds of an order."""

    cost: Range = Field(description="Of price times amount.")
    leverage: Range


class InstrumentDocument(Outgoing):
    """One linear contract and its rules; rates are fractions."""

    symbol: Symbol
    name: str
    quote: str = Field(examples=["USD"])
    active: bool = Field(description="Whether it is traded now; a halted one is not.")
    precision: Precision
    limits: Limits
    maker: DecimalText = Field(description="Fee rate of resting orders.")
    taker: DecimalText = Field(description="Fee rate of orders that fill at once.")
    slippage: DecimalText = Field(description="By how much a taker's price is worse than the quote.")
    maintenance_margin: DecimalText = Field(description="Of a position's value at the mark.")


class TickerDocument(Outgoing):
    """The newest prices, as the socket pushes them; `stale` says why they must not be traded on."""

    symbol: Symbol
    bid: DecimalText
    ask: DecimalText
    last: DecimalText
    mark_price: DecimalText
    open: DecimalText
    high: DecimalText
    low: DecimalText
    change: DecimalText = Field(description="Since the previous close.")
    percentage: DecimalText | SkipJsonSchema[None] = None
    base_volume: DecimalText
    market_time: Timestamp | SkipJsonSchema[None] = Field(None, description="Time in the replayed market, in ms UTC.")
    timestamp: Timestamp
    stale: str | SkipJsonSchema[None] = Field(None, examples=["market_stale"])


class CandleDocument(Outgoing):
    """One interval, which begins at `timestamp` in the market's own time."""

    timestamp: Timestamp
    open: DecimalText
    high: DecimalText
    low: DecimalText
    close: DecimalText
    volume: DecimalText


class Symbols(Outgoing):
    """All symbols, in their order."""

    items: list[Symbol]


class Instruments(Outgoing):
    """All instruments, by symbol."""

    items: list[InstrumentDocument]


class Tickers(Outgoing):
    """The symbols that have a quote."""

    items: list[TickerDocument]


class Candles(Outgoing):
    """In the order of time."""

    symbol: Symbol
    interval: str
    items: list[CandleDocument]
