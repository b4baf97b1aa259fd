"""Move money into and out of an account, and correct it: always by a new ledger entry."""

from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from pushers import nudge
from trading.accounting import ZERO
from trading.errors import TradingError
from trading.models import Account, LedgerEntry, User
from trading.models.fields import LARGEST, exact
from trading.selectors.pnl import account_equity
from trading.services.accounts import ACCOUNT_FEEDS, account_lock, money_move

Kind = LedgerEntry.Kind


def account_deposit(*, account: Account, amount: Decimal, note: str = "", by: User | None = None) -> LedgerEntry:
    """Pay `amount`, above 0, into an account; raise TradingError `invalid_amount`."""
    return _book(account, LedgerEntry(kind=Kind.DEPOSIT, amount=_positive(amount), note=note, by=by))


def account_withdraw(*, account: Account, amount: Decimal, note: str = "", by: User | None = None) -> LedgerEntry:
    """Pay `amount`, above 0, out of an account.

    At most what is free, less what its positions have lost by now. Raises TradingError `invalid_amount` or
    `insufficient_funds`.
    """
    return _book(account, LedgerEntry(kind=Kind.WITHDRAWAL, amount=-_positive(amount), note=note, by=by))


def account_adjust(*, account: Account, amount: Decimal, reason: str, by: User | None = None) -> LedgerEntry:
    """Correct an account's total by `amount`, which is signed, whatever is free then: a correction must be possible.

    Raises TradingError `invalid_amount` or `reason_required`.
    """
    if not reason.strip():
        raise TradingError("reason_required", _("Say why the account is adjusted; found no reason."))
    return _book(account, LedgerEntry(kind=Kind.ADJUSTMENT, amount=_exact(amount), note=reason, by=by))


def _book(account: Account, entry: LedgerEntry) -> LedgerEntry:
    with transaction.atomic():
        locked = account_lock(account.pk)
        if entry.kind == Kind.WITHDRAWAL:
            _check_withdrawal(locked, -entry.amount)
        if abs(locked.total + entry.amount) > LARGEST or abs(locked.day_equity + entry.amount) > LARGEST:
            message = _("An account holds at most %(largest)s; found %(total)s.")
            words = {"largest": LARGEST, "total": locked.total + entry.amount}
            raise TradingError("invalid_amount", message, words)
        money_move(locked, [entry])
        locked.day_equity += entry.amount  # money that comes or goes is no gain of the day
        locked.save(update_fields=["total", "day_equity"])
        nudge([locked.user_id], ACCOUNT_FEEDS)
    return entry


def _check_withdrawal(account: Account, amount: Decimal) -> None:
    available = max(min(account.total, account_equity(account)) - account.used, ZERO)
    if amount > available:
        message = _("At most %(available)s %(currency)s can be withdrawn; found %(amount)s.")
        words = {"available": available, "currency": account.currency, "amount": amount}
        raise TradingError("insufficient_funds", message, words)


def _positive(amount: Decimal) -> Decimal:
    number = _exact(amount)
    if number < 0:
        message = _("The amount must be above 0; found %(amount)s.")
        raise TradingError("invalid_amount", message, {"amount": number})
    return number


def _exact(amount: Decimal) -> Decimal:
    try:
        number = exact(amount)
    except ValidationError as error:
        raise TradingError("invalid_amount", " ".join(error.messages)) from error
    if number == ZERO:
        raise TradingError("invalid_amount", _("The amount must not be 0."))
    return number
