"""Let an order have what the quote gives it, and then rest, or end."""

import logging

from trading.errors import TradingError
from trading.metrics import ORDERS, count_after_commit
from trading.models import Account, Order, OrderStatus, Quote
from trading.services.executions import crosses, execution_now
from trading.services.fills import fill_record
from trading.services.order_requests import RESTING
from trading.services.positions import position_of
from trading.services.reservations import closings_share, order_end, order_rest

logger = logging.getLogger(__name__)


def order_start(account: Account, order: Order, quote: Quote) -> None:
    """Put a new or amended order, which reserves nothing yet, to work; raise TradingError where the money is short.

    A stop order waits; any other takes what the quote gives it. What is left rests, or ends if its time is over.
    """
    if order.pk is None:
        count_after_commit(ORDERS.labels(order.origin))
    if not order.is_waiting:
        execution = execution_now(order, quote, position_of(account, order.instrument))
        if execution is not None:
            fill_record(account=account, order=order, execution=execution)
            closings_share(account, order.instrument, without=order)
    if not order.is_open:
        return
    if order.is_waiting or order.time_in_force in RESTING:
        order.maker = _rests_away(order, quote)
        order_rest(account, order)
    else:
        order_end(account, order, OrderStatus.EXPIRED)


def order_continue(account: Account, order: Order, quote: Quote) -> int:
    """Give an order that is at work what the quote has for it, and return the number of fills.

    One that the account cannot carry any more does not rest for ever: it is rejected if it was triggered just now,
    canceled otherwise, with the reason.
    """
    execution = execution_now(order, quote, position_of(account, order.instrument))
    if execution is not None:
        try:
            fill_record(account=account, order=order, execution=execution)
        except TradingError as error:
            _give_up(account, order, error)
            return 0
    if order.is_open and order.time_in_force not in RESTING:
        order_end(account, order, OrderStatus.EXPIRED)
    elif order.is_open and not order.maker and _rests_away(order, quote):
        order.maker = True
        order.save()
    closings_share(account, order.instrument)
    return 0 if execution is None else 1


def _rests_away(order: Order, quote: Quote) -> bool:
    return not order.is_waiting and order.price is not None and not crosses(order, quote)


def _give_up(account: Account, order: Order, error: TradingError) -> None:
    logger.info("Order %s is given up: %s", order.pk, error.code)  # its message has the account's figures
    current = Order.objects.select_related("instrument__quote").get(pk=order.pk)  # as it was before the fill failed
    triggered = current.triggered_at is not None and not current.filled
    order_end(account, current, OrderStatus.REJECTED if triggered else OrderStatus.CANCELED, error.code)
    closings_share(account, order.instrument)
