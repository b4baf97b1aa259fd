import pytest

from trading.models import Account
from trading.services import account_open

pytestmark = pytest.mark.django_db


@pytest.fixture
def second(user):
    return account_open(user=user, name="second", deposit=50, leverage=3)


def test_accounts_with_their_terms_and_money(reader, account, second):
    Account.objects.filter(pk=account.pk).update(total="100000.5", used="0.1")
    first, other = reader.get("/accounts")["items"]
    expected = {"account": "paper", "venue": "paper", "currency": "USD", "leverage": 1}
    assert {**expected, "total": "100000.5", "used": "0.1", "free": "100000.4"}.items() <= first.items()
    assert (other["account"], other["leverage"], other["total"]) == ("second", 3, "50")
    assert reader.get("/accounts/second") == other


def test_balances(reader, second):
    paper = {"account": "paper", "currency": "USD", "total": "100000", "used": "0", "free": "100000"}
    other = {"account": "second", "currency": "USD", "total": "50", "used": "0", "free": "50"}
    assert reader.get("/balance") == {"items": [paper, other]}
    assert reader.get("/balance", account="second") == {"items": [other]}


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/accounts/second", {}),
        ("/balance", {"account": "second"}),
        ("/fills", {"account": "second"}),
        ("/orders", {"account": "second"}),
        ("/positions", {"account": "second"}),
        ("/pnl", {"account": "second"}),
        ("/history/orders", {"account": "second"}),
        ("/history/pnl", {"account": "second"}),
        ("/history/ledger", {"account": "second"}),
        ("/summary", {"account": "second"}),
        ("/stats", {"account": "second"}),
        ("/equity", {"account": "second"}),
    ],
)
def test_another_users_account_does_not_exist(reader, stranger, second, path, query):
    assert reader.call("GET", path, **query)[0] == 200
    assert stranger.code("GET", path, **query) == (404, "not_found")


def test_a_name_that_cannot_be_one_is_not_found(reader):
    assert reader.code("GET", "/accounts/%00") == (404, "not_found")
    assert reader.code("GET", "/accounts/a b") == (404, "not_found")
