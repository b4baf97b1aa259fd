"""Start an account anew: everything is closed, the money is exchanged, and what was before stays and is marked."""

from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from trading import accounting
from trading.accounting import UNIT, ZERO
from trading.errors import TradingError
from trading.models import Account, AccountReset, Fill, LedgerEntry, Order, OrderOrigin, Position, Side, User
from trading.models.fields import LARGEST, exact
from trading.services.accounts import account_work, money_move
from trading.services.executions import Execution
from trading.services.fills import fill_record
from trading.services.order_cancel import cancel_open

DEPOSIT = Decimal(100_000)
LARGEST_DEPOSIT = Decimal(100_000_000)  # columns hold 100 times as much: room for leverage and for what is earned


def account_reset(
    *, account: Account, by: User | None = None, deposit: Decimal = DEPOSIT, note: str = ""
) -> AccountReset:
    """Cancel all orders, close all positions, pay out what is left and pay in `deposit`: all of it, or nothing.

    Positions are closed at the newest mark, however old it is and whether trading is halted or not, for the usual fee:
    so every earlier position has its end in the history. Realized PnL, fees and the day's PnL begin at 0 again; the
    leverages that were set stay. Raises TradingError `invalid_deposit`.
    """
    paid_in = _checked(deposit)
    with account_work(account.pk) as locked:
        cancel_open(locked, reason=OrderOrigin.RESET)
        for position in Position.objects.filter(account=locked).exclude(signed_amount=0).order_by("id"):
            _close(locked, position)
        total_before = locked.total
        # An account that owes money is paid up: a withdrawal only ever takes.
        kind = LedgerEntry.Kind.WITHDRAWAL if total_before > ZERO else LedgerEntry.Kind.ADJUSTMENT
        money_move(locked, [LedgerEntry(kind=kind, amount=-total_before, note=note, by=by)])
        reset = AccountReset.objects.create(
            account=locked,
            by=by,
            total_before=total_before,
            deposit=paid_in,
            note=note,
            last_order_id=_newest(locked.orders.all()),
            last_fill_id=_newest(locked.fills.all()),
            last_entry_id=_newest(locked.ledger.all()),
        )
        money_move(locked, [LedgerEntry(kind=LedgerEntry.Kind.DEPOSIT, amount=paid_in, note=note, by=by)])
        Position.objects.filter(account=locked).update(realized_pnl=ZERO, fees=ZERO)
        locked.day_equity = paid_in
        locked.save(update_fields=["day_equity"])
    return reset


def _checked(deposit: Decimal) -> Decimal:
    try:
        number = exact(deposit)
    except ValidationError as error:
        raise TradingError("invalid_deposit", " ".join(error.messages)) from error
    if number < ZERO:
        message = _("A deposit must not be negative; found %(deposit)s.")
        raise TradingError("invalid_deposit", message, {"deposit": number})
    if number > LARGEST_DEPOSIT:
        message = _("A deposit must be at most %(largest)s; found %(deposit)s.")
        words = {"largest": LARGEST_DEPOSIT, "deposit": number}
        raise TradingError("invalid_deposit", message, words)
    return number


def _close(account: Account, position: Position) -> None:
    order = Order(
        account=account,
        instrument=position.instrument,
        side=Side.SELL if position.signed_amount > 0 else Side.BUY,
        type=Order.Type.MARKET,
        amount=abs(position.signed_amount),
        reduce_only=True,
        origin=OrderOrigin.RESET,
    )
    fill_record(account=account, order=order, execution=Execution(_price(position), order.amount, Fill.Liquidity.TAKER))


def _price(position: Position) -> Decimal:
    """Return the newest mark; the entry price where there is none, or where no column could hold the proceeds."""
    quote = getattr(position.instrument, "quote", None)
    entry = accounting.entry_price(position.signed_amount, position.open_cost) or ZERO
    if quote is None or accounting.notional(quote.mark, abs(position.signed_amount)) > LARGEST:
        return max(entry, UNIT)
    return quote.mark


def _newest(rows: QuerySet[Any]) -> int:
    return rows.order_by("-id").values_list("id", flat=True).first() or 0
