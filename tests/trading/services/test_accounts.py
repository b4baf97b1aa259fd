from datetime import UTC, date, datetime, timedelta
from decimal import Decimal as D

import pytest
from django.utils import timezone

from tests.trading.rows import make_account, make_user, set_quote
from trading.errors import TradingError
from trading.models import Account, User
from trading.services import account_open, accounts_roll_day, order_place

pytestmark = pytest.mark.django_db


def test_a_new_account_holds_its_deposit_and_the_ledger_says_why():
    account = account_open(user=make_user(), name="second", deposit=D("250.5"), leverage=2)
    entry = account.ledger.get()
    assert (account.total, account.used, account.free, account.day_equity) == (D("250.5"), 0, D("250.5"), D("250.5"))
    assert (entry.kind, entry.amount, entry.balance_after) == ("deposit", D("250.5"), D("250.5"))
    assert (account.leverage, account.venue, account.currency) == (2, "paper", "USD")


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"name": "paper"}, "duplicate_account"),
        ({"name": "a.b/c"}, "invalid_account_name"),
        ({"name": ""}, "invalid_account_name"),
        ({"name": "b", "deposit": D(-1)}, "invalid_deposit"),
        ({"name": "b", "leverage": 0}, "invalid_leverage"),
    ],
)
def test_a_refused_account_leaves_nothing_behind(wrong, code):
    user = make_user()
    with pytest.raises(TradingError) as caught:
        account_open(user=user, **wrong)
    assert caught.value.code == code
    assert user.accounts.count() == 1


def test_a_new_day_starts_from_the_equity_of_now(account, instrument):
    order_place(account=account, symbol="AAPL", side="buy", type="market", amount=D(10))
    set_quote(instrument, "110", "112")  # bought at 101, marked at 111
    tomorrow = timezone.now() + timedelta(days=1)
    assert accounts_roll_day(now=tomorrow) == 1
    account.refresh_from_db()
    assert account.day_started == tomorrow.date()
    assert account.day_equity == account.total + D(100)


def test_a_day_is_started_once():
    account = make_account(day_started=date(2026, 1, 1), day_equity=D(5))
    assert accounts_roll_day(now=datetime(2026, 1, 2, tzinfo=UTC)) == 1
    Account.objects.filter(pk=account.pk).update(day_equity=D(7))
    assert accounts_roll_day(now=datetime(2026, 1, 2, 23, 59, tzinfo=UTC)) == 0
    assert Account.objects.get(pk=account.pk).day_equity == D(7)


def test_a_day_begins_at_midnight_in_the_traders_time_zone():
    there = User.objects.create_user("kiri", time_zone="Pacific/Auckland")  # 13 hours ahead in January
    here = make_account(day_started=date(2026, 1, 1))
    account = there.accounts.get()
    Account.objects.filter(pk=account.pk).update(day_started=date(2026, 1, 1))
    assert accounts_roll_day(now=datetime(2026, 1, 1, 10, 59, tzinfo=UTC)) == 0
    assert accounts_roll_day(now=datetime(2026, 1, 1, 11, 0, tzinfo=UTC)) == 1
    account.refresh_from_db()
    here.refresh_from_db()
    assert (account.day_started, here.day_started) == (date(2026, 1, 2), date(2026, 1, 1))


def test_a_new_account_begins_on_its_traders_day(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: datetime(2026, 1, 1, 12, tzinfo=UTC))
    trader = User.objects.create_user("kiri", time_zone="Pacific/Auckland")
    assert trader.accounts.get().day_started == date(2026, 1, 2)
