"""What open orders hold back of an account's money, and which of them close its positions.

An order holds the margin of what it would open and the fee on all of it. What closes needs no margin, and a position
can be closed only once: each open order has its own part of it, `closing`, the oldest orders first. An order that only
reduces may have all of the position, whatever others have: it never opens anything.
"""

from decimal import Decimal

from django.db.models import F, QuerySet, Sum
from django.utils.translation import gettext as _

from trading import accounting
from trading.accounting import ZERO
from trading.errors import TradingError
from trading.models import Account, Instrument, Order, OrderOrigin, OrderStatus, Position, Side
from trading.models.order import OPEN
from trading.services.executions import closable, expected_price
from trading.services.positions import position_leverage, position_of

INSUFFICIENT_MARGIN = "insufficient_margin"
NOTHING_TO_REDUCE = "nothing_to_reduce"
BATCH = 20  # orders read at once while the position still has something to share: mostly one takes all of it


def order_rest(account: Account, order: Order) -> None:
    """Reserve for what is left of the order and save it; raise TradingError `insufficient_margin`.

    The order reserves nothing yet. The account is locked, and saved by the caller.
    """
    position = position_of(account, order.instrument)
    order.closing = free_to_close(position, order)
    order.reserved = required(order, position)
    if order.reserved > max(account.free, ZERO):
        message = _("The order reserves %(reserved)s %(currency)s; found %(free)s free.")
        words = {"reserved": order.reserved, "currency": account.currency, "free": account.free}
        raise TradingError(INSUFFICIENT_MARGIN, message, words)
    account.used += order.reserved
    order.save()


def order_end(account: Account, order: Order, status: OrderStatus, reason: str = "") -> None:
    """Close an open order with what it has filled, and release what it reserves; the caller saves the account."""
    account.used -= order.reserved
    order.reserved = order.closing = ZERO
    order.reject_reason = reason
    order.move(status)
    order.save()


def required(order: Order, position: Position) -> Decimal:
    """Return what the rest of the order holds back, given the part of it that closes."""
    if order.origin != OrderOrigin.USER:
        return ZERO  # it closes only: its fee comes out of the margin that it frees
    price = expected_price(order, getattr(order.instrument, "quote", None))
    if price is None:
        return order.reserved
    cost = accounting.notional(price, order.remaining)
    opened = accounting.notional(price, order.remaining - order.closing)
    rate = max(order.instrument.maker_fee_rate, order.instrument.taker_fee_rate)  # it may be filled as either
    return accounting.reservation(cost, opened, position_leverage(position, order), rate)


def closings_share(account: Account, instrument: Instrument, *, without: Order | None = None) -> None:
    """Share the position among the open orders that close it, after it or they have changed.

    Orders that only reduce shrink with it, and are canceled with it. Where the money no longer suffices for what the
    others hold back then, the newest are canceled until it does. `without` is an order in the middle of being placed.
    """
    position = position_of(account, instrument)
    orders = Order.objects.filter(OPEN, account=account, instrument=instrument)
    orders = orders.select_related("instrument__quote").order_by("id")
    if without is not None:
        orders = orders.exclude(pk=without.pk)
    spare = abs(position.signed_amount)
    for order in orders.filter(closing__gt=0):
        if order.reduce_only:
            _shrink(account, order, position)
        else:
            closing = min(order.closing, spare, closable(position, order.side))
            spare -= closing
            _hold(account, order, position, closing)
    side = Side.SELL if position.signed_amount > 0 else Side.BUY
    opening = orders.filter(side=side, reduce_only=False, closing__lt=F("amount") - F("filled"))
    for order, extra in _takers(opening, spare):
        _hold(account, order, position, order.closing + extra)
    _shed(account)


def _takers(opening: QuerySet[Order], spare: Decimal) -> list[tuple[Order, Decimal]]:
    """Return the orders that get what is left to close, with how much: no more rows are read than get something."""
    takers: list[tuple[Order, Decimal]] = []
    while spare > ZERO and (batch := list(opening[len(takers) : len(takers) + BATCH])):
        for order in batch:
            extra = min(spare, order.remaining - order.closing)
            spare -= extra
            takers.append((order, extra))
            if spare == ZERO:
                break
    return takers


def free_to_close(position: Position, order: Order) -> Decimal:
    """Return how much of the position is left for the order to close; one that only reduces is cut to its size."""
    held = closable(position, order.side)
    if order.reduce_only:
        return min(order.remaining, held)
    if held == ZERO:
        return ZERO
    others = Order.objects.filter(
        OPEN, account=position.account, instrument=order.instrument, side=order.side, reduce_only=False, closing__gt=0
    ).exclude(pk=order.pk)
    taken = others.aggregate(sum=Sum("closing"))["sum"] or ZERO
    return min(order.remaining, max(held - taken, ZERO))


def _shrink(account: Account, order: Order, position: Position) -> None:
    closing = min(order.remaining, closable(position, order.side))
    if closing == ZERO:
        order_end(account, order, OrderStatus.CANCELED, NOTHING_TO_REDUCE)
    elif closing < order.remaining:
        order.amount = order.filled + closing
        _hold(account, order, position, closing)


def _hold(account: Account, order: Order, position: Position, closing: Decimal) -> None:
    before, order.closing = (order.reserved, order.closing), closing
    order.reserved = required(order, position)
    if before != (order.reserved, order.closing):
        account.used += order.reserved - before[0]
        order.save()


def _shed(account: Account) -> None:
    """Cancel the newest orders that would open something while free money is missing."""
    if account.free >= ZERO:
        return
    opening = Order.objects.filter(OPEN, account=account, reserved__gt=0, closing__lt=F("amount") - F("filled"))
    for order in opening.order_by("-id"):
        if account.free < ZERO:
            order_end(account, order, OrderStatus.CANCELED, INSUFFICIENT_MARGIN)
