"""Open accounts and start their days."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.core.validators import slug_re
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from pushers import nudge
from trading.accounting import ZERO
from trading.errors import TradingError
from trading.models import Account, LedgerEntry, User
from trading.selectors.pnl import account_equity

ACCOUNT_FEEDS = ("balance", "positions", "pnl", "orders", "fills")


def account_lock(account_id: int) -> Account:
    """Return the account's row, locked until the transaction ends: all money rows are written under this lock.

    PostgreSQL locks the row; on SQLite the transaction (IMMEDIATE) holds the only write lock from its start.
    """
    # The key of an account never changes, so rows that only refer to it, as its equity points, need not wait.
    return Account.objects.select_for_update(no_key=True).get(pk=account_id)


@contextmanager
def account_work(account_id: int) -> Iterator[Account]:
    """Hold one account's lock for one transaction; at its end save the sums that it changed and nudge the owner.

    Never more than one account at a time, and its row before any other of its rows: so nobody waits in a circle.
    """
    with transaction.atomic():
        account = account_lock(account_id)
        before = account.total, account.used
        yield account
        if before != (account.total, account.used):
            account.save(update_fields=["total", "used"])
        nudge([account.user_id], ACCOUNT_FEEDS)


def account_open(
    *,
    user: User,
    name: str = "paper",
    currency: str = "USD",
    deposit: Decimal = Decimal("100000"),
    leverage: int = 1,
    robot: bool = False,
) -> Account:
    """Open an account with a deposit.

    Raises TradingError `invalid_account_name`, `duplicate_account`, `invalid_deposit` or `invalid_leverage`.
    """
    _check_new(name, deposit, leverage)
    with transaction.atomic():
        account, made = Account.objects.get_or_create(
            user=user,
            name=name,
            defaults={
                "currency": currency,
                "total": deposit,
                "day_equity": deposit,
                "day_started": timezone.now().astimezone(ZoneInfo(user.time_zone)).date(),
                "leverage": leverage,
                "robot": robot,
            },
        )
        if not made:
            message = _("%(user)s has an account %(name)s already; choose another name.")
            raise TradingError("duplicate_account", message % {"user": user, "name": repr(name)})
        LedgerEntry.objects.create(
            account=account, kind=LedgerEntry.Kind.DEPOSIT, amount=deposit, balance_after=deposit
        )
        nudge([user.pk], ACCOUNT_FEEDS)
    return account


def _check_new(name: str, deposit: Decimal, leverage: int) -> None:
    if not slug_re.fullmatch(name):
        message = _("A name has letters, digits, - and _ only; found %(name)s.")
        raise TradingError("invalid_account_name", message % {"name": f"{name!r:.80}"})
    if deposit < 0:
        message = _("A deposit must not be negative; found %(deposit)s.")
        raise TradingError("invalid_deposit", message, {"deposit": deposit})
    if leverage < 1:
        message = _("Leverage must be at least 1; found %(leverage)s.")
        raise TradingError("invalid_leverage", message % {"leverage": leverage})


def accounts_roll_day(*, now: datetime) -> int:
    """Start the day in every account where it has begun, in its trader's time zone, and has not been started.

    The account's equity now is what dayPnl counts from; positions are valued at the newest mark, however old it is.
    Returns the number of accounts.
    """
    zones = Account.objects.order_by().values_list("user__time_zone", flat=True).distinct()
    return sum(_roll_day(zone, now.astimezone(ZoneInfo(zone)).date()) for zone in list(zones))


def _roll_day(time_zone: str, today: date) -> int:
    begun = Account.objects.filter(user__time_zone=time_zone, day_started__lt=today)
    behind = list(begun.values_list("pk", flat=True))
    for account_id in behind:
        with transaction.atomic():
            account = account_lock(account_id)
            if account.day_started >= today:
                continue  # another process was first: its figure stands
            account.day_equity = account_equity(account)
            account.day_started = today
            account.save(update_fields=["day_equity", "day_started"])
            nudge([account.user_id], ["pnl"])
    return len(behind)


def money_move(account: Account, entries: list[LedgerEntry]) -> None:
    """Change the locked account's total by `entries`, and write them with the balance after each, without zeros."""
    written = []
    for entry in entries:
        if entry.amount == ZERO:
            continue
        account.total += entry.amount
        entry.account, entry.balance_after = account, account.total
        written.append(entry)
    LedgerEntry.objects.bulk_create(written)
