from datetime import UTC, datetime, timedelta
from decimal import Decimal as D

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.trading.rows import make_account
from trading.models import EquityPoint
from trading.selectors.equity_curve import equity_curve

pytestmark = pytest.mark.django_db
START = datetime(2026, 11, 19, 12, tzinfo=UTC)


@pytest.fixture
def curve(account):
    """Ten points of a minute each."""
    for account_, first in ((account, 1000), (make_account(), 5)):
        EquityPoint.objects.bulk_create(
            EquityPoint(account=account_, interval="1m", at=START + timedelta(minutes=number), equity=D(first) + number)
            for number in range(10)
        )
    return account


def equities(account, **conditions):
    return [int(point.equity) for point in equity_curve(account.pk, "1m", **conditions)]


def test_the_points_are_in_the_order_of_time(curve):
    assert equities(curve) == list(range(1000, 1010))


def test_the_newest_are_kept(curve):
    assert equities(curve, limit=3) == [1007, 1008, 1009]


def test_from_and_before(curve):
    after = {"since": START + timedelta(minutes=4)}
    assert equities(curve, **after) == list(range(1004, 1010))
    assert equities(curve, **after, until=START + timedelta(minutes=6)) == [1004, 1005]


def test_each_interval_is_a_series_of_its_own(curve):
    assert equity_curve(curve.pk, "1d") == []


def test_a_curve_costs_one_query(curve):
    with CaptureQueriesContext(connection) as captured:
        equity_curve(curve.pk, "1m")
    assert len(captured) == 1
