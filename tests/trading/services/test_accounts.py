from datetime import date, timedelta
from decimal import Decimal as D

import pytest
from django.utils import timezone

from tests.trading.rows import make_account, make_user, set_quote
from trading.errors import TradingError
from trading.models import Account
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
    tomorrow = timezone.now().date() + timedelta(days=1)
    assert accounts_roll_day(today=tomorrow) == 1
    account.refresh_from_db()
    assert account.day_started == tomorrow
    assert account.day_equity == account.total + D(100)


def test_a_day_is_started_once():
    account = make_account(day_started=date(2026, 1, 1), day_equity=D(5))
    assert accounts_roll_day(today=date(2026, 1, 2)) == 1
    Account.objects.filter(pk=account.pk).update(day_equity=D(7))
    assert accounts_roll_day(today=date(2026, 1, 2)) == 0
    assert Account.objects.get(pk=account.pk).day_equity == D(7)
