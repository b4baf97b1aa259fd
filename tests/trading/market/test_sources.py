from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest

from trading.market.bars import BarError, load_bars
from trading.market.random_walk import RandomWalkSource
from trading.market.replay import ReplaySource
from trading.market.session import SESSION_SECONDS, MarketTime

RECORDED = load_bars()
SOURCES = [ReplaySource, RandomWalkSource]


def moments(source, days=3):
    day = source.first_day
    for _ in range(days):
        yield from (MarketTime(day, seconds) for seconds in (0, 1234, 12_000, SESSION_SECONDS))
        day = source.next_day(day)


@pytest.mark.parametrize("source_class", SOURCES)
def test_the_same_seed_gives_the_same_quotes_and_another_seed_others(source_class):
    quotes = [
        [source_class(RECORDED, seed).quotes(now) for now in moments(source_class(RECORDED))] for seed in (1, 1, 2)
    ]
    assert quotes[0] == quotes[1]
    assert quotes[0] != quotes[2]


@pytest.mark.parametrize("source_class", SOURCES)
def test_the_last_price_lies_in_a_spread_of_whole_ticks(source_class):
    source = source_class(RECORDED)
    for now in moments(source):
        for quote in source.quotes(now).values():
            assert 0 < quote.bid <= quote.last <= quote.ask
            assert (quote.ask - quote.bid) % Decimal("0.01") == 0
            assert Decimal("0.01") <= quote.ask - quote.bid <= quote.last * Decimal("0.001")
            assert min(quote.bid_size, quote.ask_size) > 0
            assert quote.low <= quote.last <= quote.high


def test_the_replay_starts_on_the_first_day_of_all_symbols_and_starts_again_after_the_last():
    source = ReplaySource(RECORDED)
    assert source.symbols == ("AAPL", "FB", "GOOG", "IBM", "MSFT")
    assert (source.first_day, source.days[-1], len(source.days)) == (date(2012, 5, 18), date(2013, 3, 1), 196)
    assert source.next_day(date(2012, 5, 18)) == date(2012, 5, 21)
    assert source.next_day(date(2012, 5, 19)) == date(2012, 5, 21)
    assert source.next_day(date(2013, 3, 1)) == date(2012, 5, 18)


def test_a_replayed_day_ends_as_it_is_recorded():
    quote = ReplaySource(RECORDED).quotes(MarketTime(date(2013, 3, 1), SESSION_SECONDS))["IBM"]
    assert (quote.open, quote.high, quote.low, quote.last) == (
        Decimal("200.65"),
        Decimal("202.94"),
        Decimal("199.36"),
        Decimal("202.91"),
    )
    assert quote.volume == 3_308_300
    assert quote.previous_close == RECORDED["IBM"][-2].on_tick(Decimal("0.01")).close


def test_a_symbols_first_day_has_its_open_for_the_close_before():
    source = ReplaySource(RECORDED)
    assert source.quotes(MarketTime(source.first_day))["FB"].previous_close == Decimal("42.05")


def test_history_ends_before_the_first_day():
    history = ReplaySource(RECORDED).history("IBM", 120)
    assert len(history) == 120
    assert history[-1].day == date(2012, 5, 17)
    assert ReplaySource(RECORDED).history("FB", 120) == []


def test_symbols_without_a_common_day_are_refused():
    with pytest.raises(BarError, match="No day has a bar of every symbol"):
        ReplaySource({"FB": RECORDED["FB"], "IBM": RECORDED["IBM"][:10]})


def test_the_walk_goes_on_from_the_last_close_on_weekdays():
    source = RandomWalkSource(RECORDED)
    assert source.first_day == date(2013, 3, 4)
    assert source.previous_close("FB", source.first_day) == Decimal("27.78")
    assert source.next_day(date(2013, 3, 8)) == date(2013, 3, 11)
    assert not source.trades_on(date(2013, 3, 9))
    assert source.previous_close("FB", date(2013, 3, 11)) == source.bar("FB", date(2013, 3, 8)).close


def test_the_walk_is_the_same_wherever_it_is_entered():
    far = date(2013, 12, 2)
    walked = RandomWalkSource(RECORDED)
    for day in (date(2013, 3, 4), date(2013, 6, 3)):
        walked.bar("IBM", day)
    assert walked.bar("IBM", far) == RandomWalkSource(RECORDED).bar("IBM", far)


def test_the_walk_stays_sensible_for_years():
    source = RandomWalkSource(RECORDED)
    source.bar("IBM", date(2020, 1, 1))
    closes = [bars["IBM"].close for bars in source._bars.values()]
    assert min(closes) >= 1
    assert all(abs(later / earlier - 1) < Decimal("0.1") for earlier, later in pairwise(closes))
