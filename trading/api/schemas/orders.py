"""Orders and fills."""

from typing import Literal

from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from trading.api.schemas.values import AccountName, DecimalText, Id, Incoming, Outgoing, Symbol, Timestamp

Side = Literal["buy", "sell"]
OrderType = Literal["market", "limit", "stop_market", "stop_limit"]
TimeInForce = Literal["GTC", "IOC", "FOK", "DAY"]
Status = Literal["open", "closed", "canceled", "rejected", "expired"]


class OrderTerms(Incoming):
    """What is asked for: the amount in units (`amount`) or in the quote currency (`quoteAmount`), one of the two."""

    account: AccountName = "paper"
    symbol: Symbol
    side: Side
    type: OrderType
    amount: DecimalText | None = Field(None, description="In units of the instrument.")
    quote_amount: DecimalText | None = Field(
        None, description="In the quote currency instead; rounded down to the step size."
    )
    price: DecimalText | None = Field(None, description="Of limit and stop_limit orders.")
    trigger_price: DecimalText | None = Field(None, description="Of stop orders: the mark that wakes them.")
    time_in_force: TimeInForce = "GTC"
    post_only: bool = Field(False, description="Refuse rather than take.")
    reduce_only: bool = Field(False, description="Only close, never open.")
    take_profit: DecimalText | None = Field(None, description="Put on the position when the order fills.")
    stop_loss: DecimalText | None = Field(None, description="Likewise.")
    leverage: int | None = Field(None, ge=1, le=32_767, description="Set for the symbol before the order is placed.")


class OrderRequest(OrderTerms):
    """An order to place."""

    client_order_id: str | None = Field(
        None,
        min_length=1,
        max_length=64,
        examples=["mine-1"],
        description="Unique per account for ever: the same id with the same body returns the order it made.",
    )


class AmendRequest(Incoming):
    """What an open order is to have instead; what is absent stays."""

    price: DecimalText | None = None
    amount: DecimalText | None = Field(None, description="The whole amount, what is filled already included.")
    trigger_price: DecimalText | None = None


class CancelAllRequest(Incoming):
    """Which open orders to cancel: the account's, or only those of one symbol."""

    account: AccountName = "paper"
    symbol: Symbol | None = None


class OrderDocument(Outgoing):
    """One order; `open` is what can still fill, `closed` is filled completely."""

    id: Id
    account: AccountName
    client_order_id: str | SkipJsonSchema[None] = None
    symbol: Symbol
    type: OrderType
    side: Side
    price: DecimalText | SkipJsonSchema[None] = None
    trigger_price: DecimalText | SkipJsonSchema[None] = None
    amount: DecimalText
    filled: DecimalText
    remaining: DecimalText
    cost: DecimalText = Field(description="Sum of price times amount of its fills.")
    average: DecimalText | SkipJsonSchema[None] = None
    status: Status
    time_in_force: TimeInForce
    post_only: bool
    reduce_only: bool
    take_profit: DecimalText | SkipJsonSchema[None] = None
    stop_loss: DecimalText | SkipJsonSchema[None] = None
    origin: str = Field(description="Who placed it: user, close, take_profit, stop_loss, liquidation or reset.")
    reject_reason: str | SkipJsonSchema[None] = Field(None, examples=["insufficient_margin"])
    triggered: Timestamp | SkipJsonSchema[None] = Field(None, description="When its trigger was reached, in ms UTC.")
    before_reset: bool = Field(description="Whether the account has been reset since.")
    timestamp: Timestamp
    last_update_timestamp: Timestamp


class FillDocument(Outgoing):
    """One execution; one with `closedAmount` above 0 is a trade of the summaries."""

    id: Id
    account: AccountName
    order: Id
    symbol: Symbol
    side: Side
    price: DecimalText
    amount: DecimalText
    closed_amount: DecimalText
    cost: DecimalText
    fee: DecimalText
    realized_pnl: DecimalText = Field(description="Gross: what it closed earned before fees.")
    net_pnl: DecimalText = Field(description="realizedPnl - fee")
    taker_or_maker: Literal["taker", "maker"]
    before_reset: bool = Field(description="Whether the account has been reset since.")
    timestamp: Timestamp


class Reason(Outgoing):
    """Why an order would be refused."""

    code: str = Field(examples=["insufficient_margin"])
    detail: str


class PreviewDocument(Outgoing):
    """What an order would do now, filled in full at `price`; without `reasons` it would not be refused."""

    amount: DecimalText
    price: DecimalText
    notional: DecimalText = Field(description="price * amount")
    margin: DecimalText = Field(description="What its opening part needs.")
    fee: DecimalText
    liquidation_price: DecimalText | SkipJsonSchema[None] = Field(
        None, description="The mark at which the position would be liquidated, all else equal."
    )
    free_after: DecimalText = Field(description="Free money once it is filled, or rests.")
    reasons: list[Reason]


class Orders(Outgoing):
    """A page of orders, newest first."""

    items: list[OrderDocument]
    next_cursor: str | SkipJsonSchema[None] = None


class CanceledOrders(Outgoing):
    """The orders that were canceled, newest first."""

    items: list[OrderDocument]


class Fills(Outgoing):
    """A page of fills, newest first."""

    items: list[FillDocument]
    next_cursor: str | SkipJsonSchema[None] = None
