"""The summary, by the days of the trader's time zone."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from tests.trading.rows import set_quote
from trading.models import Account, Fill, Instrument, User
from trading.pages.summary import summary_row
from trading.selectors.summaries import summaries
from trading.services import account_reset, order_place


@pytest.fixture
def won(account: Account, aapl: Instrument) -> Account:
    """Bought 10 at 61.5, sold them at 71.5: 100 less the fees of 0.3075 and 0.3575."""
    order_place(account=account, symbol="AAPL", side="buy", type="market", amount=Decimal(10))
    set_quote(aapl, "71.5", "71.5")
    order_place(account=account, symbol="AAPL", side="sell", type="market", amount=Decimal(10))
    return account


def test_the_periods_and_symbols_are_summed_up(trader: Client, won: Account) -> None:
    page = trader.get("/summary/").content.decode()
    assert [name for name in ("Today", "This week", "This month", "This year", "All") if name not in page] == []
    assert page.count('title="99.335">+99.34<') == 6  # five periods and one symbol
    assert page.count(">100.00%<") == 6


def test_what_was_before_a_reset_does_not_count_and_the_page_says_so(trader: Client, won: Account) -> None:
    account_reset(account=won)
    page = trader.get("/summary/").content.decode()
    assert "99.335" not in page
    assert "What was before an account's last reset does not count." in page


def test_a_period_without_trades_shows_dashes(trader: Client, alice: User) -> None:
    row = summary_row(summaries([0], now=timezone.now(), time_zone="UTC")["all"])
    assert (row["trades"], row["netPnl"]) == ("0", "0")
    assert "winRate" not in row
    assert "Nothing was traded." in trader.get("/summary/?period=today").content.decode()


def test_one_account_is_chosen_and_nobody_elses(trader: Client, won: Account, alice: User) -> None:
    Account.objects.create(user=alice, name="second", day_started="2026-01-01")
    assert "99.335" not in trader.get("/summary/?account=second").content.decode()
    bob = User.objects.create_user("bob")
    Account.objects.create(user=bob, name="bobs", day_started="2026-01-01")
    assert "Select a valid choice." in trader.get("/summary/?account=bobs").content.decode()


def test_a_stranger_sees_none_of_it(stranger: Client, won: Account) -> None:
    assert "99.335" not in stranger.get("/summary/").content.decode()


def test_the_symbols_are_those_of_the_chosen_period(trader: Client, won: Account) -> None:
    assert ">AAPL<" in trader.get("/summary/?period=today").content.decode()
    assert "By symbol: Today" in trader.get("/summary/?period=today").content.decode()


def test_the_day_begins_at_the_traders_midnight(trader: Client, alice: User) -> None:
    User.objects.update(time_zone="Asia/Tokyo")
    today = timezone.now() + timedelta(hours=9)
    midnight = datetime(today.year, today.month, today.day, tzinfo=UTC) - timedelta(hours=9)
    assert midnight.strftime('title="%Y-%m-%dT%H:%M:00.000Z"') in trader.get("/summary/").content.decode()


def test_fills_before_a_period_do_not_count_in_it(trader: Client, won: Account) -> None:
    assert Fill.objects.count() == 2
    row = summaries([won.pk], now=timezone.now() + timedelta(days=2), time_zone="UTC")["today"]
    assert summary_row(row)["trades"] == "0"
