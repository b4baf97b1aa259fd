"""Give resting orders what a new quote has for them: the work of the market process.

One query asks for each instrument how near the nearest order and position of each kind is, one look into an index each,
so a tick costs what crosses and not what rests. Each account is then one transaction under its lock, in which
everything is read anew: a process that dies in between has done whole accounts or nothing, and the next tick finds the
others.
"""

from collections import defaultdict
from decimal import Decimal
from typing import NamedTuple

from django.utils import timezone

from trading.accounting import ZERO
from trading.models import Account, Order, OrderStatus, Position, Side
from trading.models.order import OPEN
from trading.selectors.due import due_rows
from trading.services.account_rounds import account_round
from trading.services.accounts import account_work
from trading.services.order_checks import is_fresh, is_over, is_triggered
from trading.services.order_execution import order_continue
from trading.services.protection import protection_carry_out, protection_reached
from trading.services.reservations import closings_share, order_end

MOST_ORDERS = 200  # of an account in a transaction, about a second: longer than that nobody waits who wants to cancel
PRIORITY_COLUMNS = ("side", "price", "trigger_price", "triggered_at", "status", "queued_at")


class Due(NamedTuple):
    """What is to be looked at for one account."""

    orders: set[int]
    positions: set[int]


def orders_match() -> int:
    """Work off what the newest quotes concern, in all instruments, and return the number of fills.

    Expires DAY orders whose market day is over, closes positions at their take profit or stop loss, triggers stop
    orders at the mark, and fills market orders and those limit orders that the quote reaches. Halted instruments and
    stale quotes do nothing. One query when there is nothing to do.
    """
    by_account: dict[int, Due] = defaultdict(lambda: Due(set(), set()))
    for rows in due_rows():
        for account_id, row_id in rows.values_list("account_id", "id"):
            due = by_account[account_id]
            (due.orders if rows.model is Order else due.positions).add(row_id)
    return account_round(sorted(by_account), lambda account_id: _match_account(account_id, by_account[account_id]))


def _match_account(account_id: int, due: Due) -> int:
    with account_work(account_id) as account:
        fills = sum(_protect(account, pk) for pk in sorted(due.positions))
        orders = Order.objects.filter(OPEN, account=account, pk__in=due.orders).only(*PRIORITY_COLUMNS)
        return fills + sum(_work(account, order.pk) for order in sorted(orders, key=_priority)[:MOST_ORDERS])


def _priority(order: Order) -> tuple:
    """Order by price, then by time: who offers more goes first; stop orders go when those at work have been served."""
    price = order.price or ZERO
    keenness: Decimal = -price if order.side == Side.BUY else price
    return order.is_waiting, order.price is not None, keenness, order.queued_at, order.pk


def _work(account: Account, order_id: int) -> int:
    order = Order.objects.select_related("instrument__quote").get(pk=order_id)
    quote = order.instrument.quote
    if not order.is_open or order.instrument.halted or not is_fresh(quote):
        return 0  # closed since it was read, by another order's fill, say
    if is_over(order, quote):
        order_end(account, order, OrderStatus.EXPIRED)
        closings_share(account, order.instrument)
        return 0
    if order.is_waiting:
        if not is_triggered(order, quote.mark):
            return 0
        order.triggered_at = timezone.now()
        order.save()
    return order_continue(account, order, quote)


def _protect(account: Account, position_id: int) -> int:
    position = Position.objects.select_related("instrument__quote").get(pk=position_id)
    quote = position.instrument.quote
    if not position.signed_amount or position.instrument.halted or not is_fresh(quote):
        return 0
    origin = protection_reached(position, quote.mark)
    if origin is None:
        return 0
    return 1 if protection_carry_out(account, position, quote, origin).filled else 0
