"""What the paper venue gives an order: so much at this price, as the newest quote has it.

A quote is there for each account alone: paper traders do not take each other's liquidity, so nothing but the account
is locked. What an account has had of a quote's size is kept with its position, and the next quote brings new size.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from trading import accounting
from trading.accounting import ZERO
from trading.models import Fill, Instrument, Order, Position, Quote, Side


@dataclass(frozen=True, slots=True)
class Execution:
    """What the venue reports: so much of the order at this price, as taker or maker."""

    price: Decimal
    amount: Decimal
    taker_or_maker: str
    trade_id: str = ""  # the venue's; one is made up for paper trades
    quote_stamp: datetime | None = None  # of the quote whose size it uses up
    market_time: datetime | None = None  # of that quote, in the replayed market


def execution_now(order: Order, quote: Quote, position: Position) -> Execution | None:
    """Return what the fresh quote gives the order now: at most the quote's size, all or nothing if it is FOK."""
    if not crosses(order, quote):
        return None
    amount = min(
        order.remaining, accounting.whole_steps(_left(position, quote, order.side), order.instrument.step_size)
    )
    if order.reduce_only:
        amount = min(amount, closable(position, order.side))
    if amount <= ZERO or (order.time_in_force == Order.TimeInForce.FOK and amount < order.remaining):
        return None
    liquidity = Fill.Liquidity.MAKER if order.maker else Fill.Liquidity.TAKER
    return Execution(
        fill_price(order, quote),
        amount,
        liquidity,
        quote_stamp=quote.updated_at,
        market_time=quote.market_time,
    )


def crosses(order: Order, quote: Quote) -> bool:
    """Say whether the order meets the quote: a market order always, a limit order where its price reaches it."""
    if order.price is None:
        return True
    return order.price >= quote.ask if order.side == Side.BUY else order.price <= quote.bid


def quoted_price(instrument: Instrument, quote: Quote, side: str) -> Decimal:
    """Return what a taker of this side pays or gets, slippage included."""
    quoted = quote.ask if side == Side.BUY else quote.bid
    return accounting.taker_price(quoted, side, instrument.slippage_rate, instrument.tick_size)


def expected_price(order: Order, quote: Quote | None) -> Decimal | None:
    """Return the price to reckon with before a fill: the limit, or what a taker would pay at the trigger or now."""
    instrument = order.instrument
    if order.price is not None:
        return order.price
    if order.is_waiting and order.trigger_price is not None:
        return accounting.taker_price(order.trigger_price, order.side, instrument.slippage_rate, instrument.tick_size)
    return None if quote is None else quoted_price(instrument, quote, order.side)


def closable(position: Position, side: str) -> Decimal:
    """Return how much of the position an order of this side closes."""
    against = position.signed_amount > 0 if side == Side.SELL else position.signed_amount < 0
    return abs(position.signed_amount) if against else ZERO


def fill_price(order: Order, quote: Quote) -> Decimal:
    """Return the price of a fill: a maker's own; a taker's is the quote's with slippage, never beyond his limit."""
    if order.maker and order.price is not None:
        return order.price
    quoted = quoted_price(order.instrument, quote, order.side)
    if order.price is None:
        return quoted
    return min(quoted, order.price) if order.side == Side.BUY else max(quoted, order.price)


def _left(position: Position, quote: Quote, side: str) -> Decimal:
    size, had = quote.bid_size, position.sold_of_quote
    if side == Side.BUY:
        size, had = quote.ask_size, position.bought_of_quote
    return size - had if position.quote_stamp == quote.updated_at else size
