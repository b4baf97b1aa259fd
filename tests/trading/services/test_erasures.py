from decimal import Decimal as D

import pytest

from tests.trading.rows import make_account, make_user
from trading.errors import TradingError
from trading.models import Account, AccountErasure, Fill, LedgerEntry, Order, Position
from trading.services import account_erase, order_place

pytestmark = pytest.mark.django_db


def test_an_erased_account_goes_with_its_books_and_its_record_stays(account, instrument):
    other = make_account()
    order_place(account=account, symbol="AAPL", side="buy", type="market", amount=D(10))
    account.refresh_from_db()
    admin, id_before = make_user(), account.pk
    account_erase(account=account, reason="asked to be forgotten", by=admin)
    assert not any(model.objects.exists() for model in (Order, Fill, Position))
    assert set(LedgerEntry.objects.values_list("account__user", flat=True)) == {other.user_id, admin.pk}
    record = AccountErasure.objects.get()
    assert (record.account_id, record.username, record.name) == (id_before, account.user.username, "paper")
    assert (record.total, record.reason, record.by) == (D("99998.99"), "asked to be forgotten", admin)
    assert account.user.username in str(record)


def test_a_user_whose_accounts_are_erased_can_be_deleted(account):
    account_erase(account=account, reason="gone")
    account.user.delete()
    assert not Account.objects.exists()


def test_an_erasure_needs_a_reason(account):
    with pytest.raises(TradingError) as refused:
        account_erase(account=account, reason=" ")
    assert refused.value.code == "reason_required"
    assert Account.objects.exists()
