from datetime import UTC, datetime, timedelta
from decimal import Decimal as D

import pytest

from tests.trading.rows import bulk_accounts, bulk_trades, make_instrument, set_quote
from trading.market.equity_curve import EquityCurve, start
from trading.models import Account, EquityPoint
from trading.models.fields import LARGEST
from trading.selectors.equity_points import current_equities
from trading.services import order_place

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 1, 12, 0, 20, tzinfo=UTC)
MINUTE, QUARTER, DAY = EquityPoint.Interval


def minutes(number):
    return timedelta(minutes=number)


def buy(account, amount):
    order_place(account=account, symbol="AAPL", side="buy", type="market", amount=D(amount))


def test_an_account_gets_a_point_of_each_interval_that_has_begun(account):
    curve = EquityCurve()
    assert curve.record(NOON) == 3
    assert curve.record(NOON + timedelta(seconds=30)) == 0
    points = EquityPoint.objects.values_list("interval", "at", "equity")
    at = NOON.replace(second=0)
    assert set(points) == {(interval, at, D(100000)) for interval in (MINUTE, QUARTER, DAY)}


def test_an_account_that_stays_the_same_gets_no_further_points(account):
    curve = EquityCurve()
    curve.record(NOON)
    assert curve.record(NOON + minutes(1)) == 0
    Account.objects.update(total=7)
    assert curve.record(NOON + minutes(2)) == 1
    assert curve.record(NOON + minutes(15)) == 1  # of the quarter of an hour: its last point is older
    points = EquityPoint.objects.filter(interval=MINUTE).order_by("at")
    assert list(points.values_list("equity", flat=True)) == [D(100000), D(7)]


def test_equity_follows_the_mark(account, instrument):
    buy(account, 10)
    before = current_equities()[account.pk]
    set_quote(instrument, "109", "111")
    assert current_equities()[account.pk] == before + 100


def test_a_restart_goes_on_with_what_was_recorded(account):
    EquityCurve().record(NOON)
    assert EquityCurve().record(NOON + timedelta(seconds=30)) == 0
    assert EquityCurve().record(NOON + minutes(1)) == 1
    assert EquityPoint.objects.filter(interval=DAY).count() == 1


def test_old_points_are_forgotten_but_for_the_days(account):
    curve = EquityCurve()
    for number, days in enumerate((0, 1, 30)):
        Account.objects.update(total=number)
        curve.record(NOON + timedelta(days=days))
    assert EquityPoint.objects.filter(interval=MINUTE).count() == 1
    assert EquityPoint.objects.filter(interval=QUARTER).count() == 1
    assert EquityPoint.objects.filter(interval=DAY).count() == 3


def test_an_equity_that_no_column_can_hold_costs_the_others_nothing(account, instrument):
    [other] = bulk_accounts(1)
    buy(account, 10)
    Account.objects.filter(pk=account.pk).update(total=LARGEST)
    set_quote(instrument, "109", "111")
    EquityCurve().record(NOON)
    assert set(EquityPoint.objects.values_list("account", flat=True)) == {other.pk}


def test_the_cost_does_not_grow_with_the_accounts(django_assert_num_queries):
    set_quote(make_instrument(), "9", "11")
    curve = EquityCurve()
    bulk_trades(bulk_accounts(3), make_instrument("TSLA"))
    curve.record(NOON)
    bulk_trades(bulk_accounts(30), make_instrument("MSFT"))
    Account.objects.update(total=3)
    with django_assert_num_queries(4):  # totals, positions, the points, what is too old
        curve.record(NOON + minutes(1))
    with django_assert_num_queries(0):
        curve.record(NOON + minutes(1))


def test_intervals_begin_at_their_multiples():
    assert start(datetime(2026, 3, 1, 12, 44, 59, 7, UTC), minutes(15)) == datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
    assert start(datetime(2026, 3, 1, 23, 59, 59, 7, UTC), timedelta(days=1)) == datetime(2026, 3, 1, tzinfo=UTC)


def test_points_have_readable_names(account):
    EquityCurve().record(NOON)
    assert "12:00" in str(EquityPoint.objects.first())
