"""Apply a fill: the position, the account, the ledger and the order move together, or not at all."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import uuid4

from django.utils import timezone
from django.utils.translation import gettext as _

from trading import accounting
from trading.accounting import AppliedFill, PositionState
from trading.errors import TradingError
from trading.models import Account, Fill, Instrument, LedgerEntry, Order, OrderStatus, Position
from trading.models.fields import LARGEST
from trading.services.accounts import money_move
from trading.wire import decimal_text


@dataclass(frozen=True, slots=True)
class Execution:
    """What the venue reports: so much of the order at this price, as taker or maker."""

    price: Decimal
    amount: Decimal
    taker_or_maker: str
    trade_id: str = ""  # the venue's; one is made up for paper trades


def position_of(account: Account, instrument: Instrument) -> Position:
    """Return the account's position in the instrument, or an unsaved flat one."""
    found = Position.objects.filter(account=account, instrument=instrument).first()
    return found or Position(account=account, instrument=instrument, leverage=opening_leverage(account, instrument))


def opening_leverage(account: Account, instrument: Instrument) -> int:
    """Return the leverage of a position that the account opens now."""
    return min(account.leverage, instrument.maximum_leverage)


def fill_record(*, account: Account, order: Order, execution: Execution) -> Fill:
    """Write one execution of an unsaved or open order; `account` is locked and saved here.

    Raises TradingError, before anything is written, where the fill opens more than the account's free money can carry
    (`insufficient_margin`) or a column can hold (`amount_too_large`); a fill that only reduces is always taken.
    """
    instrument = order.instrument
    cost = accounting.notional(execution.price, execution.amount)
    maker = execution.taker_or_maker == Fill.Liquidity.MAKER
    fee = accounting.fee(cost, instrument.maker_fee_rate if maker else instrument.taker_fee_rate)
    position = position_of(account, instrument)
    applied = accounting.apply_fill(
        PositionState(position.signed_amount, position.open_cost, position.realized_pnl, position.fees),
        side=order.side,
        amount=execution.amount,
        price=execution.price,
        fee=fee,
    )
    margin_before, released = position.margin, _release(order, execution.amount)
    _apply(position, applied, opening_leverage(account, instrument))
    used = account.used + position.margin - margin_before - released
    _check_margin(account, applied, account.total + applied.realized_pnl - fee - used)
    account.used = used
    _advance(order, execution.amount, cost, released)
    position.save()
    fill = Fill.objects.create(
        order=order,
        account=account,
        instrument=instrument,
        trade_id=execution.trade_id or f"paper-{uuid4().hex}",
        side=order.side,
        price=execution.price,
        amount=execution.amount,
        closed_amount=applied.closed_amount,
        cost=cost,
        fee=fee,
        realized_pnl=applied.realized_pnl,
        taker_or_maker=execution.taker_or_maker,
    )
    kinds = LedgerEntry.Kind
    money_move(
        account,
        [
            LedgerEntry(kind=kinds.REALIZED_PNL, amount=applied.realized_pnl, fill=fill),
            LedgerEntry(kind=kinds.FEE, amount=-fee, fill=fill),
        ],
    )
    account.save(update_fields=["total", "used"])
    return fill


def _release(order: Order, amount: Decimal) -> Decimal:
    """Return the share of the order's reservation that `amount` frees; the last fill frees all that is left."""
    if amount == order.remaining:
        return order.reserved
    return accounting.share(order.reserved, amount, order.remaining)


def _apply(position: Position, applied: AppliedFill, leverage: int) -> None:
    before, after = position.signed_amount, applied.state.signed_amount
    if after and before * after <= 0:  # opened, or turned to the other side
        position.leverage, position.opened_at = leverage, timezone.now()
        position.take_profit = position.stop_loss = None
    elif not after:
        position.opened_at = position.take_profit = position.stop_loss = None
    position.signed_amount, position.open_cost = after, applied.state.open_cost
    position.realized_pnl, position.fees = applied.state.realized_pnl, applied.state.fees
    position.margin = accounting.margin(position.open_cost, position.leverage)


def _check_margin(account: Account, applied: AppliedFill, free: Decimal) -> None:
    if max(applied.state.open_cost, abs(applied.state.signed_amount)) > LARGEST:
        message = _("A position must cost at most %(largest)s.")
        raise TradingError("amount_too_large", message % {"largest": decimal_text(LARGEST)})
    if applied.opened_amount and free < 0:
        message = _("The order needs %(needed)s %(currency)s of free money; found %(free)s.")
        words = {"needed": decimal_text(account.free - free), "currency": account.currency}
        raise TradingError("insufficient_margin", message % {**words, "free": decimal_text(account.free)})


def _advance(order: Order, amount: Decimal, cost: Decimal, released: Decimal) -> None:
    order.filled += amount
    order.cost += cost
    order.reserved -= released
    order.status = OrderStatus.PARTIALLY_FILLED if order.remaining else OrderStatus.FILLED
    order.save()
