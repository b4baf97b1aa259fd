from decimal import Decimal as D

import pytest

from tests.trading.rows import make_user, set_quote
from trading.audit import audit
from trading.errors import TradingError
from trading.models import LedgerEntry
from trading.models.fields import LARGEST
from trading.selectors.pnl import account_equity
from trading.services import account_adjust, account_deposit, account_withdraw, order_place

pytestmark = pytest.mark.django_db


def refused(code, service, **arguments):
    with pytest.raises(TradingError) as refusal:
        service(**arguments)
    assert refusal.value.code == code
    assert audit() == []


def test_money_paid_in_is_in_the_ledger_with_who_paid_it(account):
    admin = make_user()
    entry = account_deposit(account=account, amount=D("12.5"), note="by bank", by=admin)
    account.refresh_from_db()
    assert account.total == entry.balance_after == D("100012.5")
    stored = LedgerEntry.objects.get(pk=entry.pk)
    assert (stored.kind, stored.note, stored.by) == ("deposit", "by bank", admin)
    assert audit() == []


def test_money_that_comes_and_goes_is_no_gain_of_the_day(account):
    account_deposit(account=account, amount=D(50))
    account_withdraw(account=account, amount=D(80))
    account_adjust(account=account, amount=D(-1), reason="counted wrong")
    account.refresh_from_db()
    assert account.total == account.day_equity == D(99969)
    assert audit() == []


def test_no_more_is_withdrawn_than_is_free(account, instrument):
    order_place(account=account, symbol="AAPL", side="buy", type="limit", amount=D(100), price=D(90))
    account.refresh_from_db()
    refused("insufficient_funds", account_withdraw, account=account, amount=account.free + D("0.00000001"))
    account_withdraw(account=account, amount=account.free)
    account.refresh_from_db()
    assert account.free == 0
    assert audit() == []


def test_what_positions_have_lost_cannot_be_withdrawn(account, instrument):
    order_place(account=account, symbol="AAPL", side="buy", type="market", amount=D(100))
    set_quote(instrument, "89", "91")
    account.refresh_from_db()
    lost = account.total - account_equity(account)
    assert lost > 1000
    refused("insufficient_funds", account_withdraw, account=account, amount=account.free - lost + 1)
    account_withdraw(account=account, amount=account.free - lost)
    account.refresh_from_db()
    assert account_equity(account) == account.used


def test_a_correction_may_take_more_than_is_free(account):
    account_adjust(account=account, amount=D(-150_000), reason="was paid in twice")
    account.refresh_from_db()
    assert account.total == D(-50_000)
    assert audit() == []


@pytest.mark.parametrize("amount", [D(0), D(-1), D("0.000000001"), D("1e30"), D("NaN"), LARGEST])
def test_an_amount_must_be_one(account, amount):
    refused("invalid_amount", account_deposit, account=account, amount=amount)


def test_a_correction_needs_a_reason(account):
    refused("reason_required", account_adjust, account=account, amount=D(1), reason="  ")
