"""Give resting orders what a new quote has for them: the work of the market process.

One query finds the orders and positions that the newest quotes concern, each kind by an index of its own, so that a
tick costs what crosses and not what rests. Each account is then one transaction under its lock, in which everything is
read anew: a process that dies in between has done whole accounts or nothing, and the next tick finds the others.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import NamedTuple

from django.db.models import CharField, F, Q, QuerySet, Value
from django.utils import timezone

from trading.accounting import ZERO
from trading.conf import stale_market_after
from trading.models import Account, Order, OrderStatus, Position, Quote, Side
from trading.models.order import AT_WORK, OPEN, WAITING
from trading.services.accounts import account_work
from trading.services.order_checks import is_fresh, is_triggered
from trading.services.order_execution import order_continue
from trading.services.protection import protection_carry_out, protection_reached
from trading.services.reservations import closings_share, order_end

ORDER, POSITION = "order", "position"
DAY = timedelta(days=1)


class Due(NamedTuple):
    """A row that the newest quotes concern."""

    account_id: int
    kind: str
    id: int


def orders_match() -> int:
    """Work off what the newest quotes concern, in all instruments, and return the number of fills.

    Expires DAY orders whose market day is over, closes positions at their take profit or stop loss, triggers stop
    orders at the mark, and fills market orders and those limit orders that the quote reaches. Halted instruments and
    stale quotes do nothing. One query when there is nothing to do.
    """
    by_account: dict[int, list[Due]] = defaultdict(list)
    for row in due_rows():
        by_account[row.account_id].append(row)
    return sum(_match_account(account_id, rows) for account_id, rows in sorted(by_account.items()))


def due_rows() -> list[Due]:
    """Return what the newest quotes concern, in one query."""
    first, *others = [_columns(queryset, kind) for kind, queryset in (*_due_orders(), *_due_positions())]
    return [Due._make(row) for row in first.union(*others)]


def _due_orders() -> Iterable[tuple[str, QuerySet]]:
    quote = "instrument__quote__"
    for condition in (
        AT_WORK & Q(side=Side.BUY, price__gte=F(f"{quote}ask")),
        AT_WORK & Q(side=Side.SELL, price__lte=F(f"{quote}bid")),
        AT_WORK & Q(price__isnull=True),
        WAITING & Q(side=Side.BUY, trigger_price__lte=F(f"{quote}mark")),
        WAITING & Q(side=Side.SELL, trigger_price__gte=F(f"{quote}mark")),
        OPEN & Q(expires_at__lte=F(f"{quote}market_time")),
        OPEN & Q(expires_at__gt=F(f"{quote}market_time") + DAY),  # the market has started over
    ):
        yield ORDER, Order.objects.filter(condition)


def _due_positions() -> Iterable[tuple[str, QuerySet]]:
    mark = F("instrument__quote__mark")
    for condition in (
        Q(signed_amount__gt=0, take_profit__gt=0, take_profit__lte=mark),
        Q(signed_amount__gt=0, stop_loss__gt=0, stop_loss__gte=mark),
        Q(signed_amount__lt=0, take_profit__gt=0, take_profit__gte=mark),
        Q(signed_amount__lt=0, stop_loss__gt=0, stop_loss__lte=mark),
    ):
        yield POSITION, Position.objects.filter(condition)


def _columns(rows: QuerySet, kind: str) -> QuerySet:
    fresh = rows.filter(
        instrument__halted=False, instrument__quote__updated_at__gte=timezone.now() - stale_market_after()
    )
    return fresh.order_by().values_list("account_id", Value(kind, output_field=CharField()), "id")


def _match_account(account_id: int, rows: list[Due]) -> int:
    order_ids = [row.id for row in rows if row.kind == ORDER]
    position_ids = [row.id for row in rows if row.kind == POSITION]
    with account_work(account_id) as account:
        fills = sum(_protect(account, pk) for pk in sorted(position_ids))
        orders = Order.objects.filter(OPEN, account=account, pk__in=order_ids).only(*PRIORITY_COLUMNS)
        return fills + sum(_work(account, order.pk) for order in sorted(orders, key=_priority))


PRIORITY_COLUMNS = ("side", "price", "trigger_price", "triggered_at", "status", "queued_at")


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
    if _is_over(order, quote):
        order_end(account, order, OrderStatus.EXPIRED)
        closings_share(account, order.instrument)
        return 0
    if order.is_waiting:
        if not is_triggered(order, quote.mark):
            return 0
        order.triggered_at = timezone.now()
        order.save()
    return order_continue(account, order, quote)


def _is_over(order: Order, quote: Quote) -> bool:
    return order.expires_at is not None and not quote.market_time < order.expires_at <= quote.market_time + DAY


def _protect(account: Account, position_id: int) -> int:
    position = Position.objects.select_related("instrument__quote").get(pk=position_id)
    quote = position.instrument.quote
    if not position.signed_amount or position.instrument.halted or not is_fresh(quote):
        return 0
    origin = protection_reached(position, quote.mark)
    if origin is None:
        return 0
    return 1 if protection_carry_out(account, position, quote, origin).filled else 0
