from datetime import UTC, datetime, timedelta
from decimal import Decimal as D

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.trading.rows import make_account, make_instrument
from tests.trading.selectors.traded import NOW, add_fill
from trading.models import AccountReset
from trading.selectors.summaries import PERIODS, period_starts, summaries, summaries_by_symbol

pytestmark = pytest.mark.django_db


def summary(account, period="all", now=NOW, time_zone="UTC"):
    return summaries([account.pk], now=now, time_zone=time_zone)[period]


def test_without_fills_there_is_nothing_to_average(account):
    found = summary(account)
    assert (found.fills, found.trades, found.net_pnl, found.fees) == (0, 0, 0, 0)
    assert [found.win_rate, found.average_win, found.average_loss, found.best, found.worst] == [None] * 5


def test_the_figures(account, instrument):
    for realized, fee in [("0", "0.1"), ("30", "1"), ("10", "2"), ("-8", "0.5"), ("1", "1")]:
        add_fill(account, instrument, realized, fee)
    found = summary(account)
    assert (found.fills, found.trades, found.wins, found.losses) == (5, 4, 2, 1)
    assert (found.realized_pnl, found.fees, found.net_pnl) == (D("33"), D("4.6"), D("28.4"))
    assert (found.win_rate, found.average_win, found.average_loss) == (D(50), D("18.5"), D("-8.5"))
    assert (found.best, found.worst, found.volume) == (D(29), D("-8.5"), D(500))


def test_a_close_without_gain_is_a_trade_that_lost_its_fee(account, instrument):
    add_fill(account, instrument, "0", "0.25", closed="1")
    found = summary(account)
    assert (found.trades, found.losses, found.average_loss) == (1, 1, D("-0.25"))


def test_sums_are_exact_where_floats_are_not(account, instrument):
    for _ in range(10):
        add_fill(account, instrument, "9999999.00000001", "0.1")
    found = summary(account)
    assert found.realized_pnl == D("99999990.0000001")
    assert found.net_pnl == D("99999989.0000001")
    assert found.average_win == D("9999998.90000001")


def test_an_average_is_rounded_to_8_places(account, instrument):
    for realized in ("1", "1", "2"):
        add_fill(account, instrument, realized, "0")
    assert summary(account).average_win == D("1.33333333")


@pytest.mark.parametrize(
    ("period", "inside", "outside"),
    [
        ("today", datetime(2026, 11, 19, 0, tzinfo=UTC), datetime(2026, 11, 18, 23, 59, 59, 999999, tzinfo=UTC)),
        ("week", datetime(2026, 11, 16, 0, tzinfo=UTC), datetime(2026, 11, 15, 23, 59, tzinfo=UTC)),
        ("month", datetime(2026, 11, 1, 0, tzinfo=UTC), datetime(2026, 10, 31, 23, 59, tzinfo=UTC)),
        ("year", datetime(2026, 1, 1, 0, tzinfo=UTC), datetime(2025, 12, 31, 23, 59, tzinfo=UTC)),
    ],
)
def test_a_period_begins_at_its_midnight(account, instrument, period, inside, outside):
    add_fill(account, instrument, "5", at=inside)
    add_fill(account, instrument, "7", at=outside)
    assert summary(account, period).realized_pnl == 5
    assert summary(account, "all").realized_pnl == 12


def test_a_week_may_begin_before_its_month_and_its_year(account, instrument):
    now = datetime(2027, 1, 1, 12, tzinfo=UTC)  # a Friday
    for day, realized in (
        (datetime(2026, 12, 30, tzinfo=UTC), "5"),
        (now, "7"),
        (datetime(2026, 12, 1, tzinfo=UTC), "9"),
    ):
        add_fill(account, instrument, realized, "0", at=day)
    found = summaries([account.pk], now=now, time_zone="UTC")
    assert {period: int(found[period].net_pnl) for period in PERIODS} == {
        "today": 7,
        "week": 12,
        "month": 7,
        "year": 7,
        "all": 21,
    }
    assert (found["week"].best, found["week"].worst, found["all"].best, found["all"].average_win) == (7, 5, 9, 7)


def test_the_traders_zone_decides_what_a_day_is(account, instrument):
    add_fill(account, instrument, "5", at=datetime(2026, 11, 19, 3, tzinfo=UTC))
    assert summary(account, "today", time_zone="UTC").trades == 1
    assert summary(account, "today", time_zone="America/New_York").trades == 0  # 22:00 on the 18th there
    assert summary(account, "today", time_zone="Asia/Tokyo").trades == 1


def test_a_day_of_23_hours_begins_at_its_own_midnight():
    starts = period_starts(datetime(2026, 3, 29, 12, tzinfo=UTC), "Europe/Vienna")  # clocks go forward at 02:00
    assert starts["today"] == datetime(2026, 3, 28, 23, tzinfo=UTC)
    starts = period_starts(datetime(2026, 3, 30, 12, tzinfo=UTC), "Europe/Vienna")
    assert starts["today"] - datetime(2026, 3, 28, 23, tzinfo=UTC) == timedelta(hours=23)
    assert tuple(starts) == PERIODS


def test_another_account_is_not_counted(account, instrument):
    add_fill(make_account(), instrument, "5")
    assert summary(account).fills == 0


def test_by_symbol(account, instrument):
    add_fill(account, instrument, "5")
    add_fill(account, make_instrument("MSFT"), "-3", at=NOW - timedelta(days=1))
    found = summaries_by_symbol([account.pk])
    assert {symbol: row.net_pnl for symbol, row in found.items()} == {"AAPL": 4, "MSFT": -4}
    assert list(summaries_by_symbol([account.pk], since=NOW)) == ["AAPL"]
    assert list(summaries_by_symbol([account.pk], until=NOW)) == ["MSFT"]


@pytest.mark.parametrize("number", [1, 40])
def test_all_periods_cost_one_query_however_many_fills(account, instrument, number):
    for _ in range(number):
        add_fill(account, instrument, "5")
    for read in (lambda: summary(account), lambda: summaries_by_symbol([account.pk])):
        with CaptureQueriesContext(connection) as captured:
            read()
        assert len(captured) == 1


def test_what_was_before_a_reset_is_not_counted(account, instrument):
    last = add_fill(account, instrument, "5")
    AccountReset.objects.create(account=account, total_before=D(1), deposit=D(1), last_fill_id=last.pk)
    add_fill(account, instrument, "7")
    assert summary(account).realized_pnl == 7
    assert summaries_by_symbol([account.pk])["AAPL"].realized_pnl == 7
