"""What became of an order, in words."""

from decimal import Decimal

from django.utils.translation import gettext as _

from trading.errors import TradingError
from trading.models import Order, OrderStatus, Side
from trading.pages.refusals import refusal_text
from trading.templatetags.figures import format_value


def outcome(order: Order) -> str:
    """Say what an order that was just placed has come to."""
    if order.filled:
        return _traded(order)
    if order.is_open:
        return _("Order %(id)s is open: %(order)s.") % {"id": order.pk, "order": described(order)}
    words = {"id": order.pk, "status": order.get_status_display(), "reason": refusal_text(order.reject_reason)}
    if order.reject_reason:
        return _("Order %(id)s: %(status)s. %(reason)s") % words
    return _("Order %(id)s: %(status)s.") % words


def described(order: Order) -> str:
    """Return an order in a few words: "buy 10 AAPL at 60.00"."""
    words = {
        "side": order.get_side_display().lower(),
        "amount": amount_text(order.amount),
        "symbol": order.instrument.symbol,
        "price": price_text(order.price),
        "trigger": price_text(order.trigger_price),
    }
    if order.trigger_price is not None and order.price is not None:
        return _("%(side)s %(amount)s %(symbol)s at %(price)s once the mark reaches %(trigger)s") % words
    if order.trigger_price is not None:
        return _("%(side)s %(amount)s %(symbol)s once the mark reaches %(trigger)s") % words
    if order.price is not None:
        return _("%(side)s %(amount)s %(symbol)s at %(price)s") % words
    return _("%(side)s %(amount)s %(symbol)s at the market's price") % words


def amount_text(amount: Decimal) -> str:
    """Return an amount as pages show it."""
    return format_value("amount", amount)


def error_text(error: TradingError) -> str:
    """Return what an error says, with its figures as pages show them."""
    return error.said(amount_text)


def price_text(price: Decimal | None) -> str:
    """Return a price as pages show it."""
    return format_value("price", price)


def _traded(order: Order) -> str:
    words = {
        "amount": amount_text(order.filled),
        "symbol": order.instrument.symbol,
        "price": price_text(order.average),
        "rest": amount_text(order.remaining),
        "status": order.get_status_display(),
    }
    bought = order.side == Side.BUY
    if order.status == OrderStatus.FILLED and bought:
        text = _("Bought %(amount)s %(symbol)s at %(price)s.")
    elif order.status == OrderStatus.FILLED:
        text = _("Sold %(amount)s %(symbol)s at %(price)s.")
    elif order.is_open and bought:
        text = _("Bought %(amount)s %(symbol)s at %(price)s; the order for the other %(rest)s is open.")
    elif order.is_open:
        text = _("Sold %(amount)s %(symbol)s at %(price)s; the order for the other %(rest)s is open.")
    elif bought:
        text = _("Bought %(amount)s %(symbol)s at %(price)s; the other %(rest)s: %(status)s.")
    else:
        text = _("Sold %(amount)s %(symbol)s at %(price)s; the other %(rest)s: %(status)s.")
    return text % words
