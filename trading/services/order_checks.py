"""What an order must satisfy before it is looked at together with the account's money."""

from decimal import Decimal

from django.utils import timezone
from django.utils.translation import gettext as _

from trading import accounting
from trading.conf import stale_market_after
from trading.errors import TradingError
from trading.models import Instrument, Order, Quote, Side
from trading.models.fields import LARGEST
from trading.selectors.due import DAY


def known_instrument(symbol: str) -> Instrument:
    """Return the instrument with its quote; raise TradingError `unknown_symbol`."""
    instrument = None
    if symbol.isprintable():  # a NUL or half a character would be an error of the database
        instrument = Instrument.objects.select_related("quote").filter(symbol=symbol).first()
    if instrument is None:
        raise TradingError("unknown_symbol", _("There is no instrument %(symbol)s.") % {"symbol": f"{symbol!r:.80}"})
    return instrument


def tradable_instrument(symbol: str) -> Instrument:
    """Return the instrument with its quote; raise TradingError `unknown_symbol` or `halted`."""
    instrument = known_instrument(symbol)
    check_not_halted(instrument)
    return instrument


def check_not_halted(instrument: Instrument) -> None:
    """Raise TradingError `halted` where nothing is traded for now."""
    if instrument.halted:
        raise TradingError("halted", _("Trading in %(symbol)s is halted.") % {"symbol": instrument.symbol})


def is_fresh(quote: Quote) -> bool:
    """Say whether the quote is young enough to be traded on."""
    return timezone.now() - quote.updated_at <= stale_market_after()


def is_over(order: Order, quote: Quote) -> bool:
    """Say whether the market day that the order is good for has ended; also where the market started over."""
    return order.expires_at is not None and not quote.market_time < order.expires_at <= quote.market_time + DAY


def fresh_quote(instrument: Instrument) -> Quote:
    """Return the instrument's quote; raise TradingError `stale_market` where it is missing or too old."""
    quote: Quote | None = getattr(instrument, "quote", None)
    if quote is None:
        message = _("%(symbol)s has no quote yet; try again once the market is open.")
        raise TradingError("stale_market", message % {"symbol": instrument.symbol})
    if not is_fresh(quote):
        message = _("The quote of %(symbol)s must not be older than %(limit)s s; found %(age)s s.")
        age = (timezone.now() - quote.updated_at).total_seconds()
        limit = f"{stale_market_after().total_seconds():g}"
        words = {"symbol": instrument.symbol, "limit": limit, "age": f"{age:.0f}"}
        raise TradingError("stale_market", message % words)
    return quote


def check_rules(order: Order, price: Decimal) -> None:
    """Raise TradingError unless the order is on the instrument's grids and its value at `price` is allowed."""
    check_tick(order.instrument, order.price, order.trigger_price, order.take_profit, order.stop_loss)
    if not accounting.is_multiple(order.amount, order.instrument.step_size):
        message = _("The amount must be a multiple of %(step)s; found %(amount)s.")
        raise TradingError("amount_off_step", message, {"step": order.instrument.step_size, "amount": order.amount})
    value, least = accounting.notional(price, order.amount), order.instrument.minimum_notional
    if value < least and not order.reduce_only:  # a small rest of a position must be closable
        message = _("Price times amount must be at least %(least)s; found %(value)s.")
        raise TradingError("below_minimum_notional", message, {"least": least, "value": value})
    if value > LARGEST:
        message = _("Price times amount must be at most %(largest)s; found %(value)s.")
        raise TradingError("amount_too_large", message, {"largest": LARGEST, "value": value})


def check_tick(instrument: Instrument, *prices: Decimal | None) -> None:
    """Raise TradingError `price_off_tick` for a price that is not a multiple of the tick size."""
    for price in prices:
        if price is not None and not accounting.is_multiple(price, instrument.tick_size):
            message = _("The price must be a multiple of %(tick)s; found %(price)s.")
            raise TradingError("price_off_tick", message, {"tick": instrument.tick_size, "price": price})


def check_trigger(order: Order, mark: Decimal) -> None:
    """Raise TradingError `would_trigger_now` for a stop order whose trigger the mark has reached already."""
    if is_triggered(order, mark):
        message = _(
            "The trigger of a stop order to buy is above the mark %(mark)s, to sell below it; found %(trigger)s."
        )
        raise TradingError(
            "would_trigger_now", message, {"mark": mark, "trigger": order.trigger_price or accounting.ZERO}
        )


def is_triggered(order: Order, mark: Decimal) -> bool:
    """Say whether the mark has reached a stop order's trigger: risen to it to buy, fallen to it to sell."""
    trigger = order.trigger_price or accounting.ZERO
    return mark >= trigger if order.side == Side.BUY else mark <= trigger


def check_protection(*, long: bool, reference: Decimal, take_profit: Decimal | None, stop_loss: Decimal | None) -> None:
    """Raise TradingError unless the take profit lies beyond `reference` on the winning side, the stop loss opposite."""
    for code, label, price, above in (
        ("invalid_take_profit", _("Take profit"), take_profit, long),
        ("invalid_stop_loss", _("Stop loss"), stop_loss, not long),
    ):
        if price is None or (price != reference and (price > reference) == above):
            continue
        message = _("%(label)s must be above %(reference)s; found %(price)s.")
        if not above:
            message = _("%(label)s must be below %(reference)s; found %(price)s.")
        raise TradingError(code, message, {"label": label, "reference": reference, "price": price})
