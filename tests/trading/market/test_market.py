from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import psycopg
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from trading.market.bars import load_bars
from trading.market.market import AnotherMarket, Market
from trading.market.random_walk import RandomWalkSource
from trading.market.replay import ReplaySource
from trading.market.runner import MarketRunner
from trading.market.session import SESSION_SECONDS, MarketTime
from trading.models import Candle, Instrument, Quote, User

RECORDED = load_bars()
FIRST_DAY = date(2012, 5, 18)


def market(source_class=ReplaySource, step=60.0):
    return Market(source_class(RECORDED), step=step)


def written(ticks, **options):
    made = market(**options)
    for _ in range(ticks):
        made.write()
    return made


def silence():
    """Let the last writer be gone for long enough."""
    Quote.objects.update(updated_at=timezone.now() - timedelta(minutes=1))


@pytest.mark.django_db
def test_the_first_tick_lists_the_instruments_with_their_history():
    written(1)
    apple = Instrument.objects.get(symbol="AAPL")
    assert (apple.name, apple.tick_size, apple.step_size, apple.maximum_leverage) == (
        "Apple Inc.",
        Decimal("0.01"),
        1,
        5,
    )
    assert (apple.maker_fee_rate, apple.taker_fee_rate) == (Decimal("0.0005"), Decimal("0.001"))
    days = Candle.objects.filter(interval="1d")
    assert days.filter(instrument=apple, start__lt=datetime(2012, 5, 18, tzinfo=UTC)).count() == 120
    assert days.filter(instrument__symbol="FB").count() == 1


@pytest.mark.django_db
def test_existing_instruments_stay_as_they_are():
    written(1)
    Instrument.objects.filter(symbol="AAPL").update(halted=True, maximum_leverage=2)
    silence()
    written(1)
    apple = Instrument.objects.get(symbol="AAPL")
    assert apple.halted
    assert apple.maximum_leverage == 2


@pytest.mark.django_db
def test_stored_quotes_are_the_sources():
    made = written(3)
    expected = ReplaySource(RECORDED).quotes(MarketTime(FIRST_DAY, 120))
    stored = {quote.instrument.symbol: quote for quote in Quote.objects.select_related("instrument")}
    assert set(stored) == {"AAPL", "FB", "GOOG", "IBM", "MSFT"}
    for symbol, quote in stored.items():
        assert (quote.bid, quote.ask, quote.last) == (expected[symbol].bid, expected[symbol].ask, expected[symbol].last)
        assert quote.volume == expected[symbol].volume
        assert quote.source == "replay"
        assert quote.market_time == made.now.instant == datetime(2012, 5, 18, 13, 32, tzinfo=UTC)
        assert timezone.now() - quote.updated_at < timedelta(seconds=10)


@pytest.mark.django_db
def test_a_restarted_market_goes_on_where_it_was(caplog):
    caplog.set_level("INFO", "trading")
    first = written(5)
    silence()
    second = written(1)
    assert second.now == first.now.later(60)
    assert [message for message in caplog.messages if "goes on" in message] == [f"The market goes on from {first.now}."]
    continued = list(Candle.objects.order_by("instrument__symbol", "interval", "start").values_list("close", "volume"))
    Quote.objects.all().delete()
    Candle.objects.all().delete()
    written(6)
    assert continued == list(
        Candle.objects.order_by("instrument__symbol", "interval", "start").values_list("close", "volume")
    )


@pytest.mark.django_db
def test_minutes_together_are_the_day_so_far():
    written(20, step=90)
    for instrument in Instrument.objects.all():
        minutes = list(Candle.objects.filter(instrument=instrument, interval="1m").order_by("start"))
        day = Candle.objects.get(instrument=instrument, interval="1d", start=datetime(2012, 5, 18, tzinfo=UTC))
        assert len(minutes) == 29
        assert (day.open, day.close) == (minutes[0].open, minutes[-1].close)
        assert day.high == max(minute.high for minute in minutes)
        assert day.low == min(minute.low for minute in minutes)
        assert day.volume == sum(minute.volume for minute in minutes)
        assert day.close == instrument.quote.last


@pytest.mark.django_db
def test_a_finished_day_is_the_recorded_bar_and_the_next_one_opens():
    made = written(3, step=SESSION_SECONDS / 2)
    recorded = RECORDED["MSFT"][-196]
    day = Candle.objects.get(instrument__symbol="MSFT", interval="1d", start=datetime(2012, 5, 18, tzinfo=UTC))
    assert (day.open, day.high, day.low, day.close) == (recorded.open, recorded.high, recorded.low, recorded.close)
    assert day.volume == recorded.volume
    made.write()
    assert made.now == MarketTime(date(2012, 5, 21), 0)
    assert Quote.objects.get(instrument__symbol="MSFT").previous_close == recorded.close


@pytest.mark.django_db
def test_after_the_last_day_it_starts_again_without_candles_of_its_future(caplog):
    written(1)
    Quote.objects.update(market_time=MarketTime(date(2013, 3, 1), 0).instant)
    silence()
    made = written(1, step=SESSION_SECONDS)
    assert made.now == MarketTime(date(2013, 3, 1), SESSION_SECONDS)
    caplog.clear()
    caplog.set_level("INFO", "trading")
    made.write()
    assert made.now == MarketTime(FIRST_DAY, 0)
    assert "The market (replay) starts at its first day, 2012-05-18" in caplog.text
    assert Candle.objects.filter(start__gt=datetime(2012, 5, 19, tzinfo=UTC)).count() == 0


@pytest.mark.django_db
def test_another_source_starts_at_its_own_first_day():
    written(2)
    silence()
    walk = written(2, source_class=RandomWalkSource)
    assert walk.now == MarketTime(date(2013, 3, 4), 60)
    silence()
    assert written(1).now == MarketTime(FIRST_DAY, 0)
    assert Candle.objects.filter(start__gt=datetime(2012, 5, 19, tzinfo=UTC)).count() == 0


@pytest.mark.django_db
def test_two_markets_do_not_fight():
    first = written(1)
    second = market()
    with pytest.raises(AnotherMarket, match=r"written at .* UTC .source replay., and only one market may run"):
        second.write()
    first.write()
    silence()
    second.write()
    assert second.now == first.now.later(60)
    with pytest.raises(AnotherMarket):
        first.write()
    silence()
    first.write()
    assert first.now == second.now.later(60)


@pytest.mark.django_db
@pytest.mark.parametrize("users", [1, 20])
def test_a_tick_costs_the_same_queries_however_many_users_there_are(users):
    made = written(1)
    for number in range(users):
        User.objects.create(username=f"user{number}")
    made.tick()  # the first tick of a day also rolls the accounts' day
    with CaptureQueriesContext(
        connection,
    ) as queries:
        made.write()
    statements = [query["sql"] for query in queries if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))]
    assert len(statements) == 3
    with CaptureQueriesContext(connection) as queries:
        made.tick()
    assert len(queries) <= 20


@pytest.mark.django_db
def test_old_minutes_are_pruned(monkeypatch):
    monkeypatch.setattr("trading.market.candles.MINUTES_KEPT", 10)
    monkeypatch.setattr("trading.market.market.PRUNE_TICKS", 2)
    made = market(step=900)
    made.tick()
    made.tick()
    made.tick()
    made.tick()
    for instrument in Instrument.objects.all():
        minutes = Candle.objects.filter(instrument=instrument, interval="1m").order_by("start")
        assert minutes.count() == 10
        assert minutes.last().start == datetime(2012, 5, 18, 14, 15, tzinfo=UTC)
    assert Candle.objects.filter(interval="1d").count() == 4 * 120 + 5


@pytest.mark.django_db(transaction=True)
def test_it_survives_the_end_of_its_database_connections(caplog):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no connection that a server could end")
    connection.close()
    connection.close_pool()  # those that other tests left idle would be killed too, and each costs a wait that doubles
    made = market()
    stop = ConnectionKiller(waits=4)
    MarketRunner(made, None, stop, interval=0.01).run()
    assert stop.killed == 1
    assert made.now >= MarketTime(FIRST_DAY, 120)
    assert len([message for message in caplog.messages if "database" in message]) <= 1


class ConnectionKiller:
    """Stops a runner after so many waits; in the second it ends every connection to the database."""

    def __init__(self, waits):
        self.left = waits
        self.killed = 0

    @property
    def stopped(self):
        return self.left == 0

    def wait(self, seconds):
        self.left -= 1
        if self.left == 2:
            with psycopg.connect(**psycopg_parameters()) as killer:
                killer.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            self.killed += 1


def psycopg_parameters():
    parameters = connection.get_connection_params()
    return {name: parameters[name] for name in ("dbname", "user", "password", "host", "port") if name in parameters}
