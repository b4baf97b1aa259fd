import pytest

from tests.trading.rows import bulk_accounts, bulk_trades
from trading.models import Account, Fill, User
from trading.selectors.fills import newest_fills
from trading.services import account_open

pytestmark = pytest.mark.django_db


def ids(rows):
    return [row.id for row in rows]


@pytest.mark.parametrize("number", [0, 1, 49, 50, 51, 120])
def test_the_newest_50_come_first(instrument, number):
    (account,) = bulk_accounts(1)
    bulk_trades([account], instrument, fills_each=number)
    expected = list(Fill.objects.order_by("-id").values_list("id", flat=True)[:50])
    assert ids(newest_fills([account.user_id])) == expected


def test_every_user_has_his_own_50(instrument):
    accounts = bulk_accounts(3)
    bulk_trades(accounts, instrument, fills_each=60)
    rows = newest_fills([account.user_id for account in accounts[:2]])
    assert [sum(row.user_id == account.user_id for row in rows) for account in accounts] == [50, 50, 0]


def test_the_accounts_of_a_user_share_his_50(account, instrument):
    second = account_open(user=User.objects.get(pk=account.user_id), name="second")
    bulk_trades([account, second], instrument, fills_each=40)
    rows = newest_fills([account.user_id])
    assert [sum(row.account == name for row in rows) for name in ("paper", "second")] == [10, 40]
    assert ids(rows) == list(Fill.objects.order_by("-id").values_list("id", flat=True)[:50])
    assert Account.objects.filter(user_id=account.user_id).count() == 2
