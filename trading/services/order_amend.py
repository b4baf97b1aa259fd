"""Amend an open order: another price, amount or trigger; what it has filled stays."""

from decimal import Decimal

from django.utils import timezone
from django.utils.translation import gettext as _

from trading.accounting import ZERO
from trading.errors import TradingError
from trading.models import Account, Order
from trading.services.accounts import account_work
from trading.services.freezes import check_not_frozen
from trading.services.order_cancel import open_order
from trading.services.order_checks import check_not_halted, fresh_quote, is_over
from trading.services.order_drafts import check_order
from trading.services.order_execution import order_start
from trading.services.order_requests import positive
from trading.services.reservations import closings_share


def order_amend(
    *, order: Order, price: Decimal | None = None, amount: Decimal | None = None, trigger_price: Decimal | None = None
) -> Order:
    """Give an open order what is not None; `amount` is the whole amount, with what is filled.

    It goes to the end of the queue where its price changes or its amount grows, and takes at once where its new price
    meets the quote. Raises TradingError `not_open`, `nothing_to_amend`, `amount_below_filled`, `price_not_allowed`,
    `trigger_price_not_allowed`, and what order_place raises; the order stays as it was then. One
    whose market day is over is not open, even before the market has expired it.
    """
    numbers = {
        name: value
        for name, given in (("price", price), ("amount", amount), ("trigger_price", trigger_price))
        if (value := positive(name, given)) is not None
    }
    if not numbers:
        raise TradingError("nothing_to_amend", _("Give another price, amount or trigger price."))
    with account_work(order.account_id) as account:
        current = open_order(order.pk)
        _check_change(current, numbers)
        _amend(account, current, numbers)
        return current


def _check_change(order: Order, numbers: dict[str, Decimal]) -> None:
    if "price" in numbers and order.price is None:
        raise TradingError("price_not_allowed", _("A market order has no price to amend."))
    if "trigger_price" in numbers and not order.is_waiting:
        raise TradingError("trigger_price_not_allowed", _("Only a stop order that waits has a trigger to amend."))
    if numbers.get("amount", order.amount) <= order.filled:
        message = _("The amount must be above what is filled, %(filled)s; found %(amount)s.")
        raise TradingError("amount_below_filled", message, {"filled": order.filled, "amount": numbers["amount"]})


def _amend(account: Account, order: Order, numbers: dict[str, Decimal]) -> None:
    check_not_halted(order.instrument)
    quote = fresh_quote(order.instrument)
    if is_over(order, quote):  # the market is about to expire it: nothing may fill it before
        message = _("The market day that order %(id)s was good for is over.")
        raise TradingError("not_open", message % {"id": order.pk})
    before = order.price, order.trigger_price
    grows = numbers.get("amount", ZERO) > order.amount
    if grows or not numbers.keys() <= {"amount"}:
        check_not_frozen(account, order)  # what is frozen may only become smaller
    for name, value in numbers.items():
        setattr(order, name, value)
    if grows or before != (order.price, order.trigger_price):
        order.queued_at = timezone.now()
    check_order(account, order, quote)
    account.used -= order.reserved
    order.reserved = order.closing = ZERO
    order.maker = False  # until it rests again
    order_start(account, order, quote)
    closings_share(account, order.instrument)
    order.refresh_from_db()
