"""What an order must satisfy before it is looked at together with the account's money."""

from dataclasses import dataclass
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

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
        message = _("Side must be one of %(sides)s; found %(side)s.")
        raise TradingError("invalid_side", message % {"sides": ", ".join(Side.values), "side": repr(side)})
    if type not in Order.Type.values:
        message = _("Type must be one of %(types)s; found %(type)s.")
        raise TradingError("invalid_type", message % {"types": ", ".join(Order.Type.values), "type": repr(type)})
    if type == Order.Type.MARKET and price is not None:
        message = _("A market order takes no price; found %(price)s.")
        raise TradingError("price_not_allowed", message % {"price": decimal_text(price)})
    if type == Order.Type.LIMIT and price is None:
        raise TradingError("price_required", _("A limit order needs a price; found none."))
    _check_client_order_id(client_order_id)
    checked_price = None if price is None else _positive("price", _("Price"), price)
    return OrderRequest(symbol, side, type, _positive("amount", _("Amount"), amount), checked_price, client_order_id)


def _check_client_order_id(given: str | None) -> None:
    if given is None or (0 < len(given) <= CLIENT_ORDER_ID_LENGTH and given.isprintable()):
        return
    message = _("A client order id has 1 to %(most)s printable characters; found %(found)s.")
    words = {"most": CLIENT_ORDER_ID_LENGTH, "found": f"{given!r:.80}"}
    raise TradingError("invalid_client_order_id", message % words)


def _positive(name: str, label: str, value: Decimal) -> Decimal:
    try:
        number = exact(value)
    except ValidationError as error:
        raise TradingError(f"invalid_{name}", f"{label}: {' '.join(error.messages)}") from error
    if number <= 0:
        message = _("%(field)s must be above 0; found %(number)s.")
        raise TradingError(f"invalid_{name}", message % {"field": label, "number": decimal_text(number)})
    return number


def tradable_instrument(symbol: str) -> Instrument:
    """Return the instrument with its quote; raise TradingError `unknown_symbol` or `halted`."""
    instrument = None
    if symbol.isprintable():  # a NUL or half a character would be an error of the database
        instrument = Instrument.objects.select_related("quote").filter(symbol=symbol).first()
    if instrument is None:
        raise TradingError("unknown_symbol", _("There is no instrument %(symbol)s.") % {"symbol": f"{symbol!r:.80}"})
    if instrument.halted:
        raise TradingError("halted", _("Trading in %(symbol)s is halted.") % {"symbol": symbol})
    return instrument


def fresh_quote(instrument: Instrument) -> Quote:
    """Return the instrument's quote; raise TradingError `stale_market` where it is missing or too old."""
    quote: Quote | None = getattr(instrument, "quote", None)
    if quote is None:
        message = _("%(symbol)s has no quote yet; try again once the market is open.")
        raise TradingError("stale_market", message % {"symbol": instrument.symbol})
    age = timezone.now() - quote.updated_at
    if age > stale_market_after():
        message = _("The quote of %(symbol)s must not be older than %(limit)s s; found %(age)s s.")
        limit = f"{stale_market_after().total_seconds():g}"
        words = {"symbol": instrument.symbol, "limit": limit, "age": f"{age.total_seconds():.0f}"}
        raise TradingError("stale_market", message % words)
    return quote


def check_rules(request: OrderRequest, instrument: Instrument, price: Decimal) -> None:
    """Raise TradingError unless price and amount lie on their grids and their product is large enough."""
    if request.price is not None and not accounting.is_multiple(request.price, instrument.tick_size):
        message = _("The price must be a multiple of %(tick)s; found %(price)s.")
        words = {"tick": decimal_text(instrument.tick_size), "price": decimal_text(request.price)}
        raise TradingError("price_off_tick", message % words)
    if not accounting.is_multiple(request.amount, instrument.step_size):
        message = _("The amount must be a multiple of %(step)s; found %(amount)s.")
        words = {"step": decimal_text(instrument.step_size), "amount": decimal_text(request.amount)}
        raise TradingError("amount_off_step", message % words)
    value = accounting.notional(price, request.amount)
    if value < instrument.minimum_notional:
        message = _("Price times amount must be at least %(least)s; found %(value)s.")
        words = {"least": decimal_text(instrument.minimum_notional), "value": decimal_text(value)}
        raise TradingError("below_minimum_notional", message % words)
    if value > LARGEST:
        message = _("Price times amount must be at most %(largest)s; found %(value)s.")
        words = {"largest": decimal_text(LARGEST), "value": decimal_text(value)}
        raise TradingError("amount_too_large", message % words)
