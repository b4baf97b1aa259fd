"""What an order must satisfy before it is looked at together with the account's money."""

from dataclasses import dataclass
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.utils import timezone

from trading import accounting
from trading.conf import stale_market_after
from trading.errors import TradingError
from trading.models import Instrument, Order, Quote, Side
from trading.models.fields import LARGEST, exact
from trading.wire import decimal_text

CLIENT_ORDER_ID_LENGTH = 64


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """What a trader asks for, checked for form."""

    symbol: str
    side: str
    type: str
    amount: Decimal
    price: Decimal | None
    client_order_id: str | None

    def same_as(self, order: Order) -> bool:
        """Say whether `order` was made from a request with this body."""
        return (
            self.symbol == order.instrument.symbol
            and (self.side, self.type) == (order.side, order.type)
            and (self.amount, self.price) == (order.amount, order.price)
        )


def order_request(
    *, symbol: str, side: str, type: str, amount: Decimal, price: Decimal | None, client_order_id: str | None
) -> OrderRequest:
    """Return the request with exact numbers; raise TradingError for whatever has not the right form."""
    if side not in Side.values:
        raise TradingError("invalid_side", f"Side must be one of {', '.join(Side.values)}; found {side!r}.")
    if type not in Order.Type.values:
        raise TradingError("invalid_type", f"Type must be one of {', '.join(Order.Type.values)}; found {type!r}.")
    if type == Order.Type.MARKET and price is not None:
        raise TradingError("price_not_allowed", f"A market order takes no price; found {decimal_text(price)}.")
    if type == Order.Type.LIMIT and price is None:
        raise TradingError("price_required", "A limit order needs a price; found none.")
    if client_order_id is not None and not (
        0 < len(client_order_id) <= CLIENT_ORDER_ID_LENGTH and client_order_id.isprintable()
    ):
        raise TradingError(
            "invalid_client_order_id",
            f"A client order id has 1 to {CLIENT_ORDER_ID_LENGTH} printable characters; found {client_order_id!r:.80}.",
        )
    checked_price = None if price is None else _positive("price", price)
    return OrderRequest(symbol, side, type, _positive("amount", amount), checked_price, client_order_id)


def _positive(name: str, value: Decimal) -> Decimal:
    try:
        number = exact(value)
    except ValidationError as error:
        raise TradingError(f"invalid_{name}", f"{name.capitalize()}: {' '.join(error.messages)}") from error
    if number <= 0:
        raise TradingError(f"invalid_{name}", f"{name.capitalize()} must be above 0; found {decimal_text(number)}.")
    return number


def tradable_instrument(symbol: str) -> Instrument:
    """Return the instrument with its quote; raise TradingError `unknown_symbol` or `halted`."""
    instrument = None
    if symbol.isprintable():  # a NUL or half a character would be an error of the database
        instrument = Instrument.objects.select_related("quote").filter(symbol=symbol).first()
    if instrument is None:
        raise TradingError("unknown_symbol", f"There is no instrument {symbol!r:.80}.")
    if instrument.halted:
        raise TradingError("halted", f"Trading in {symbol} is halted.")
    return instrument


def fresh_quote(instrument: Instrument) -> Quote:
    """Return the instrument's quote; raise TradingError `stale_market` where it is missing or too old."""
    quote: Quote | None = getattr(instrument, "quote", None)
    if quote is None:
        raise TradingError("stale_market", f"{instrument.symbol} has no quote yet; try again once the market is open.")
    age = timezone.now() - quote.updated_at
    if age > stale_market_after():
        limit = stale_market_after().total_seconds()
        raise TradingError(
            "stale_market",
            f"The quote of {instrument.symbol} must not be older than {limit:g} s; found {age.total_seconds():.0f} s.",
        )
    return quote


def check_rules(request: OrderRequest, instrument: Instrument, price: Decimal) -> None:
    """Raise TradingError unless price and amount lie on their grids and their product is large enough."""
    if request.price is not None and not accounting.is_multiple(request.price, instrument.tick_size):
        raise TradingError(
            "price_off_tick",
            f"The price must be a multiple of {decimal_text(instrument.tick_size)}; "
            f"found {decimal_text(request.price)}.",
        )
    if not accounting.is_multiple(request.amount, instrument.step_size):
        raise TradingError(
            "amount_off_step",
            f"The amount must be a multiple of {decimal_text(instrument.step_size)}; "
            f"found {decimal_text(request.amount)}.",
        )
    value = accounting.notional(price, request.amount)
    if value < instrument.minimum_notional:
        raise TradingError(
            "below_minimum_notional",
            f"Price times amount must be at least {decimal_text(instrument.minimum_notional)}; "
            f"found {decimal_text(value)}.",
        )
    if value > LARGEST:
        raise TradingError(
            "amount_too_large",
            f"Price times amount must be at most {decimal_text(LARGEST)}; found {decimal_text(value)}.",
        )
