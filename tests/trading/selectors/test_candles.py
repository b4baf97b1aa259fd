from datetime import UTC, datetime, timedelta

import pytest

from trading.models import Candle
from trading.selectors.candles import candles

pytestmark = pytest.mark.django_db
START = datetime(2008, 10, 6, 13, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def minutes(instrument):
    """Ten candles of a minute each; their volumes count them."""
    prices = dict.fromkeys(("open", "high", "low", "close"), 100)
    Candle.objects.bulk_create(
        Candle(instrument=instrument, interval="1m", start=START + timedelta(minutes=number), volume=number, **prices)
        for number in range(10)
    )


def volumes(**conditions):
    return [int(candle.volume) for candle in candles("AAPL", "1m", **conditions)]


def test_the_newest_come_in_the_order_of_time():
    assert volumes() == list(range(10))
    assert volumes(limit=3) == [7, 8, 9]


def test_since_gives_the_first_from_there_on():
    assert volumes(since=START + timedelta(minutes=2), limit=3) == [2, 3, 4]


def test_until_gives_the_newest_before_it():
    assert volumes(until=START + timedelta(minutes=8), limit=3) == [5, 6, 7]


def test_another_symbol_or_interval_has_none():
    assert candles("NONE", "1m") == candles("AAPL", "1d") == []
