"""The calendar: what each day has earned, in the trader's own days."""

from datetime import UTC, datetime

import pytest
from django.test import Client

from tests.trading.selectors.traded import add_fill
from trading.models import Account, Instrument, User


@pytest.fixture
def march(account: Account, aapl: Instrument) -> Account:
    """Two trades late on 9 March 2026 (UTC), and a losing one on the 20th."""
    add_fill(account, aapl, "11", at=datetime(2026, 3, 9, 21, 0, tzinfo=UTC))
    add_fill(account, aapl, "101.5", at=datetime(2026, 3, 9, 23, 30, tzinfo=UTC))
    add_fill(account, aapl, "-4", at=datetime(2026, 3, 20, 12, 0, tzinfo=UTC))
    return account


def earned(client: Client, query: str) -> dict[int, tuple[str, int]]:
    """Net PnL and trades by the day of the month."""
    days = client.get(f"/history/calendar/?{query}").context["days"]
    return {day["date"].day: (day["row"]["netPnl"], day["trades"]) for day in days if day.get("row")}


def test_each_day_says_what_it_earned(trader: Client, march: Account) -> None:
    assert earned(trader, "month=2026-03") == {9: ("110.5", 2), 20: ("-5", 1)}
    total = trader.get("/history/calendar/?month=2026-03").context["total"]
    assert total == {"netPnl": "105.5", "trades": "3", "gains": "1", "losses": "1"}


def test_a_day_begins_at_the_traders_midnight(trader: Client, march: Account) -> None:
    User.objects.update(time_zone="Asia/Shanghai")
    assert earned(trader, "month=2026-03") == {10: ("110.5", 2), 20: ("-5", 1)}
    User.objects.update(time_zone="Europe/Vienna")  # 23:30 UTC is 00:30 of the next day there
    assert earned(trader, "month=2026-03") == {9: ("10", 1), 10: ("100.5", 1), 20: ("-5", 1)}


def test_a_day_leads_to_its_fills(trader: Client, march: Account) -> None:
    User.objects.update(time_zone="Asia/Shanghai")
    days = trader.get("/history/calendar/?month=2026-03&account=paper").context["days"]
    assert days[9]["address"] == "/history/fills/?account=paper&since=2026-03-10&until=2026-03-10"
    assert trader.get(days[9]["address"]).content.decode().count('data-field="netPnl"') == 2


def test_the_months_lead_to_each_other_and_not_beyond_this_one(trader: Client, march: Account) -> None:
    page = trader.get("/history/calendar/?month=2026-01&account=paper")
    assert page.context["earlier"] == "account=paper&month=2025-12"
    assert page.context["later"] == "account=paper&month=2026-02"
    assert trader.get("/history/calendar/").context["later"] == ""
    assert trader.get("/history/calendar/?month=1970-01").context["earlier"] == ""


@pytest.mark.parametrize("month", ["2024-02", "9998-12", "1970-01"])
def test_every_month_that_may_be_asked_for_is_shown(trader: Client, account: Account, month: str) -> None:
    page = trader.get(f"/history/calendar/?month={month}")
    assert len(page.context["days"]) == {"2024-02": 29}.get(month, 31)
    assert "Nothing was traded." in page.content.decode()


@pytest.mark.parametrize("query", ["month=never", "month=2026-13", "month=9999-12", "account=nobodys"])
def test_a_wrong_choice_is_said(trader: Client, march: Account, query: str) -> None:
    page = trader.get(f"/history/calendar/?{query}")
    assert page.status_code == 200
    assert page.context["form"].errors


def test_nobody_sees_anothers_days(stranger: Client, march: Account) -> None:
    assert earned(stranger, "month=2026-03") == {}
