"""The pages of the accounts, and their reset."""

from decimal import Decimal

from django.test import Client

from tests.trading.pages.conftest import JSON, said
from trading.models import Account, AccountReset, Instrument, User
from trading.services import account_reset, order_place


def test_the_accounts_are_listed(trader: Client, account: Account) -> None:
    page = trader.get("/accounts/").content.decode()
    assert 'href="/accounts/paper/"' in page
    assert ">100,000.00<" in page


def test_nobody_elses_account_is_listed(trader: Client, alice: User) -> None:
    User.objects.create_user("bob").accounts.update(total=Decimal(4321))
    assert "4,321.00" not in trader.get("/accounts/").content.decode()


def test_an_accounts_page_shows_what_moved_its_money(trader: Client, account: Account, aapl: Instrument) -> None:
    order_place(account=account, symbol="AAPL", side="buy", type="market", amount=Decimal(10))
    page = trader.get("/accounts/paper/").content.decode()
    assert [text for text in (">Deposit<", ">+100,000.00<", ">Fee<", ">99,999.69<") if text not in page] == []


def test_a_reset_asks_for_the_accounts_name(trader: Client, account: Account) -> None:
    path = "/accounts/paper/reset/"
    assert "Reset the account paper?" in trader.get(path).content.decode()
    for name in ("", "Paper", "other"):
        answer = trader.post(path, {"name": name, "deposit": "5000"}, **JSON).json()
        assert (answer["ok"], answer["code"]) == (False, "invalid_name")
    assert not AccountReset.objects.exists()


def test_a_reset_starts_anew_and_keeps_the_history(trader: Client, account: Account, aapl: Instrument) -> None:
    order_place(account=account, symbol="AAPL", side="buy", type="market", amount=Decimal(10))
    response = trader.post("/accounts/paper/reset/", {"name": "paper", "deposit": "5000"})
    assert (response["Location"], said(response)) == (
        "/accounts/paper/",
        [("success", "The account paper starts anew.")],
    )
    account.refresh_from_db()
    assert account.total == Decimal(5000)
    page = trader.get("/accounts/paper/").content.decode()
    assert "Resets" in page
    assert "before reset" in page
    assert "before reset" in trader.get("/history/orders/").content.decode()


def test_a_wrong_deposit_is_refused(trader: Client, account: Account) -> None:
    answer = trader.post("/accounts/paper/reset/", {"name": "paper", "deposit": "-1"}, **JSON).json()
    assert answer["code"] == "invalid_deposit"


def test_a_long_ledger_goes_on(trader: Client, account: Account) -> None:
    for _ in range(30):
        account_reset(account=account)
    page = trader.get("/accounts/paper/").content.decode()
    assert "Older" in page
    before = page.split('href="?before=')[1].split('"')[0]
    assert "Newest" in trader.get(f"/accounts/paper/?before={before}").content.decode()
