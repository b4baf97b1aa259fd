"""Apply a fill: the position, the account, the ledger and the order move together, or not at all."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import uuid4

from django.utils import timezone
from django.utils.translation import gettext as _

from trading import accounting
from trading.accounting import ZERO, AppliedFill, PositionState
from trading.errors import TradingError
from trading.metrics import FILLS, count_after_commit
from trading.models import Account, Fill, LedgerEntry, Order, OrderStatus, Position, Side
from trading.models.fields import LARGEST
from trading.services.accounts import money_move
from trading.services.executions import Execution
from trading.services.positions import opening_leverage, position_of
from trading.services.reservations import INSUFFICIENT_MARGIN, required


@dataclass(frozen=True, slots=True)
class _Booking:
    """What a fill comes to: its cost and fee, and what it does to the position."""

    cost: Decimal
    fee: Decimal
    applied: AppliedFill


def fill_record(*, account: Account, order: Order, execution: Execution) -> Fill:
    """Write one execution of an unsaved or open order; `account` is locked and saved here.

    Raises TradingError, before anything is written: `not_open` or `duplicate_trade` for an execution that cannot be
    this order's next, and where the fill opens more than the account's free money can carry (`insufficient_margin`) or
    a column can hold (`amount_too_large`). A fill that only reduces is always taken.
    """
    _check_next(order, execution)
    position = position_of(account, order.instrument)
    booking = _book(order, execution, position)
    used_before = position.margin + order.reserved
    _apply(position, booking.applied, order)
    _advance(order, execution.amount, booking, position)
    used = account.used + position.margin + order.reserved - used_before
    _check_margin(account, booking.applied, account.total + booking.applied.realized_pnl - booking.fee - used)
    account.used = used
    _use_up(position, order.side, execution)
    order.save()
    position.save()
    fill = _write(account, order, execution, booking)
    account.save(update_fields=["total", "used"])
    count_after_commit(FILLS)
    return fill


def _check_next(order: Order, execution: Execution) -> None:
    if not order.is_open or execution.amount > order.remaining:
        message = _("Order %(id)s is %(status)s and has %(remaining)s left; found a fill of %(amount)s.")
        words = {"id": order.pk, "status": order.status, "remaining": order.remaining, "amount": execution.amount}
        raise TradingError("not_open", message, words)
    if execution.trade_id and Fill.objects.filter(trade_id=execution.trade_id).exists():
        message = _("Each trade is applied once; trade %(id)s was before.")
        raise TradingError("duplicate_trade", message % {"id": repr(execution.trade_id)})


def _book(order: Order, execution: Execution, position: Position) -> _Booking:
    instrument = order.instrument
    cost = accounting.notional(execution.price, execution.amount)
    maker = execution.taker_or_maker == Fill.Liquidity.MAKER
    fee = accounting.fee(cost, instrument.maker_fee_rate if maker else instrument.taker_fee_rate)
    applied = accounting.apply_fill(
        PositionState(position.signed_amount, position.open_cost, position.realized_pnl, position.fees),
        side=order.side,
        amount=execution.amount,
        price=execution.price,
        fee=fee,
    )
    return _Booking(cost, fee, applied)


def _apply(position: Position, applied: AppliedFill, order: Order) -> None:
    before, after = position.signed_amount, applied.state.signed_amount
    if before * after <= 0:  # opened, closed, or turned to the other side
        position.leverage = opening_leverage(position, order.instrument)
        position.opened_at = timezone.now() if after else None
        position.take_profit = position.stop_loss = None
    if applied.opened_amount:
        position.take_profit = order.take_profit or position.take_profit
        position.stop_loss = order.stop_loss or position.stop_loss
    position.signed_amount, position.open_cost = after, applied.state.open_cost
    position.realized_pnl, position.fees = applied.state.realized_pnl, applied.state.fees
    position.margin = accounting.margin(position.open_cost, position.leverage)


def _advance(order: Order, amount: Decimal, booking: _Booking, position: Position) -> None:
    """Take the fill into the order; what it holds back from now on is for the rest alone, so the parts sum exactly."""
    order.filled += amount
    order.cost += booking.cost
    order.closing = min(max(order.closing - booking.applied.closed_amount, ZERO), order.remaining)
    if order.reserved:
        order.reserved = required(order, position) if order.remaining else ZERO
    order.move(OrderStatus.PARTIALLY_FILLED if order.remaining else OrderStatus.FILLED)


def _check_margin(account: Account, applied: AppliedFill, free: Decimal) -> None:
    if max(applied.state.open_cost, abs(applied.state.signed_amount)) > LARGEST:
        message = _("A position must cost at most %(largest)s.")
        raise TradingError("amount_too_large", message, {"largest": LARGEST})
    if applied.opened_amount and free < 0:
        message = _("The order needs %(needed)s %(currency)s of free money; found %(free)s.")
        words = {"needed": account.free - free, "currency": account.currency, "free": account.free}
        raise TradingError(INSUFFICIENT_MARGIN, message, words)


def _use_up(position: Position, side: str, execution: Execution) -> None:
    """Note how much of the quote's size the account has had."""
    if execution.quote_stamp is None:
        return
    if position.quote_stamp != execution.quote_stamp:
        position.quote_stamp = execution.quote_stamp
        position.bought_of_quote = position.sold_of_quote = ZERO
    if side == Side.BUY:
        position.bought_of_quote += execution.amount
    else:
        position.sold_of_quote += execution.amount


def _write(account: Account, order: Order, execution: Execution, booking: _Booking) -> Fill:
    fill = Fill.objects.create(
        order=order,
        account=account,
        instrument=order.instrument,
        trade_id=execution.trade_id or f"paper-{uuid4().hex}",
        side=order.side,
        price=execution.price,
        amount=execution.amount,
        closed_amount=booking.applied.closed_amount,
        cost=booking.cost,
        fee=booking.fee,
        realized_pnl=booking.applied.realized_pnl,
        taker_or_maker=execution.taker_or_maker,
        market_time=execution.market_time,
    )
    kinds = LedgerEntry.Kind
    money_move(
        account,
        [
            LedgerEntry(kind=kinds.REALIZED_PNL, amount=booking.applied.realized_pnl, fill=fill),
            LedgerEntry(kind=kinds.FEE, amount=-booking.fee, fill=fill),
        ],
    )
    return fill
