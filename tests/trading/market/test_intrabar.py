from datetime import date
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from trading.market.bars import Bar
from trading.market.intrabar import STEPS, IntradayPath

CENT = Decimal("0.01")


@st.composite
def bars(draw):
    low = draw(st.integers(1, 100_000))
    high = low + draw(st.integers(0, 5_000))
    opened, close = draw(st.integers(low, high)), draw(st.integers(low, high))
    volume = draw(st.integers(0, 10**9))
    return Bar("AAPL", date(2012, 5, 18), opened * CENT, high * CENT, low * CENT, close * CENT, volume)


@settings(max_examples=30, deadline=None)
@given(bars(), st.text(max_size=5))
def test_the_path_touches_open_high_low_and_close_and_never_leaves_the_range(bar, seed):
    path = IntradayPath(bar, CENT, seed)
    assert len(path.prices) == STEPS + 1
    assert path.price(0) == bar.open
    assert path.price(STEPS) == bar.close
    assert max(path.prices) * CENT == bar.high
    assert min(path.prices) * CENT == bar.low


@settings(max_examples=30, deadline=None)
@given(bars())
def test_volumes_grow_to_the_bars_volume(bar):
    volumes = IntradayPath(bar, CENT).volumes
    assert len(volumes) == STEPS + 1
    assert volumes == sorted(volumes)
    assert volumes[0] >= 0
    assert volumes[-1] == bar.volume


@settings(max_examples=20, deadline=None)
@given(bars(), st.integers(0, STEPS), st.integers(0, STEPS))
def test_minutes_together_are_the_day(bar, one, other):
    path = IntradayPath(bar, CENT)
    minutes = dict(path.minutes(0, STEPS))
    assert list(minutes) == list(range(390))
    assert sum(minute.volume for minute in minutes.values()) == bar.volume
    assert max(minute.high for minute in minutes.values()) == bar.high
    assert min(minute.low for minute in minutes.values()) == bar.low
    first, last = sorted((one, other))
    for number, minute in path.minutes(first, last):
        assert minute.low <= min(minute.open, minute.close) <= max(minute.open, minute.close) <= minute.high
        assert number == 389 or minute.volume <= minutes[number].volume


def test_the_same_bar_and_seed_give_the_same_path():
    bar = Bar("AAPL", date(2012, 5, 18), Decimal(530), Decimal(543), Decimal(522), Decimal(531), 1_000_000)
    assert IntradayPath(bar, CENT, "1").prices == IntradayPath(bar, CENT, "1").prices
    assert IntradayPath(bar, CENT, "1").volumes == IntradayPath(bar, CENT, "1").volumes
    assert IntradayPath(bar, CENT, "1").prices != IntradayPath(bar, CENT, "2").prices


def test_other_days_and_symbols_take_other_paths():
    prices = (Decimal(530), Decimal(543), Decimal(522), Decimal(531), 1_000_000)
    paths = {
        tuple(IntradayPath(Bar(symbol, date(2012, 5, day), *prices), CENT).prices)
        for symbol in ("AAPL", "IBM")
        for day in (18, 21)
    }
    assert len(paths) == 4


def test_a_day_that_rises_sees_its_low_first():
    rising = Bar("AAPL", date(2012, 5, 18), Decimal(10), Decimal(20), Decimal(5), Decimal(15), 100)
    falling = Bar("AAPL", date(2012, 5, 18), Decimal(15), Decimal(20), Decimal(5), Decimal(10), 100)
    for bar, low_first in ((rising, True), (falling, False)):
        prices = IntradayPath(bar, CENT).prices
        assert (prices.index(min(prices)) < prices.index(max(prices))) is low_first


def test_a_day_without_a_range_stays_at_its_price():
    bar = Bar("AAPL", date(2012, 5, 18), Decimal(5), Decimal(5), Decimal(5), Decimal(5), 0)
    assert set(IntradayPath(bar, CENT).prices) == {500}
