"""An order as it would be, before it is written: built from a request and checked against market and position."""

from decimal import Decimal

from django.utils.translation import gettext as _

from trading import accounting
from trading.accounting import ZERO
from trading.errors import TradingError
from trading.exchange import session_close
from trading.models import Account, Instrument, Order, Quote, Side
from trading.services.executions import closable, crosses, expected_price, quoted_price
from trading.services.order_checks import check_protection, check_rules, check_trigger
from trading.services.order_requests import OrderRequest
from trading.services.positions import position_of
from trading.services.reservations import NOTHING_TO_REDUCE


def order_draft(account: Account, request: OrderRequest, instrument: Instrument, quote: Quote) -> Order:
    """Return an unsaved order of the request; an amount in the quote currency becomes whole steps, rounded down.

    Raises TradingError `below_minimum_notional` where that leaves nothing.
    """
    order = Order(
        account=account,
        instrument=instrument,
        side=request.side,
        type=request.type,
        time_in_force=request.time_in_force,
        price=request.price,
        trigger_price=request.trigger_price,
        post_only=request.post_only,
        reduce_only=request.reduce_only,
        take_profit=request.take_profit,
        stop_loss=request.stop_loss,
    )
    order.amount = request.amount or _amount_for(request.quote_amount or ZERO, order, quote)
    if order.time_in_force == Order.TimeInForce.DAY:
        order.expires_at = session_close(quote.market_time)
    return order


def _amount_for(quote_amount: Decimal, order: Order, quote: Quote) -> Decimal:
    price = expected_price(order, quote) or quoted_price(order.instrument, quote, order.side)
    amount = accounting.whole_steps(quote_amount / price, order.instrument.step_size)
    if amount <= ZERO:
        message = _("%(money)s buys less than one step of %(symbol)s.")
        words = {"money": quote_amount, "symbol": order.instrument.symbol}
        raise TradingError("below_minimum_notional", message, words)
    return amount


def check_order(account: Account, order: Order, quote: Quote) -> None:
    """Raise TradingError for an order that rules, market or position refuse; cut one that only reduces to its size."""
    price = expected_price(order, quote) or quoted_price(order.instrument, quote, order.side)
    check_rules(order, price)
    if order.is_waiting:
        check_trigger(order, quote.mark)
    check_protection(
        long=order.side == Side.BUY,
        reference=quote.mark if order.price is None and order.trigger_price is None else price,
        take_profit=order.take_profit,
        stop_loss=order.stop_loss,
    )
    if order.post_only and crosses(order, quote):
        raise TradingError("post_only_would_take", _("The price meets the quote: a post-only order does not take."))
    if order.reduce_only:
        held = closable(position_of(account, order.instrument), order.side)
        if held == ZERO:
            message = _("There is no position in %(symbol)s that this order would reduce.")
            raise TradingError(NOTHING_TO_REDUCE, message % {"symbol": order.instrument.symbol})
        order.amount = order.filled + min(order.remaining, held)
