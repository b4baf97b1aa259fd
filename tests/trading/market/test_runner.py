import pytest
from django.db import OperationalError

from trading.market.market import AnotherMarket
from trading.market.runner import MarketRunner


class FakeMarket:
    """Ticks by doing the next of `events`: None, or an exception to raise."""

    instruments = quotes = {}
    now = "now"

    def __init__(self, *events):
        self.events = list(events)
        self.ticked = 0

    def tick(self):
        self.ticked += 1
        event = self.events.pop(0) if self.events else None
        if event is not None:
            raise event


class FakeStop:
    """Stops after so many waits, of which it keeps the lengths."""

    def __init__(self, waits):
        self.left = waits
        self.waits = []

    @property
    def stopped(self):
        return self.left == 0

    def wait(self, seconds):
        self.left -= 1
        self.waits.append(seconds)


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still unless moved."""
    times = {"now": 100.0}
    monkeypatch.setattr("trading.market.runner.monotonic", lambda: times["now"])
    monkeypatch.setattr("trading.market.runner.close_old_connections", lambda: None)
    return times


def test_it_ticks_every_interval_until_it_is_stopped(clock):
    market, stop = FakeMarket(), FakeStop(3)
    stop_wait = stop.wait

    def wait(seconds):
        stop_wait(seconds)
        clock["now"] += seconds

    stop.wait = wait
    MarketRunner(market, None, stop, interval=2).run()
    assert market.ticked == 3
    assert stop.waits == [2, 2, 2]


def test_it_ends_after_the_given_ticks(clock):
    market = FakeMarket()
    MarketRunner(market, None, FakeStop(100), ticks=2).run()
    assert market.ticked == 2


def test_a_tick_that_overruns_skips_the_ones_it_missed(clock):
    market, stop = FakeMarket(), FakeStop(1)
    market.tick = lambda: clock.update(now=103.25)
    MarketRunner(market, None, stop, interval=1).run()
    assert stop.waits == [0.75]


def test_a_database_outage_is_logged_once_and_survived(clock, caplog):
    caplog.set_level("INFO", "trading")
    market = FakeMarket(None, *(OperationalError("server closed the connection") for _ in range(3)), None)
    MarketRunner(market, None, FakeStop(6)).run()
    assert caplog.messages == [
        "The market stands still until the database answers: server closed the connection",
        "The market goes on from now.",
    ]


def test_it_waits_for_another_market(clock, caplog):
    caplog.set_level("INFO", "trading")
    market = FakeMarket(AnotherMarket("another"), AnotherMarket("another"))
    MarketRunner(market, None, FakeStop(4)).run()
    assert caplog.messages == ["The market waits. another"]  # where it goes on from, the market says itself
    assert market.ticked == 4


@pytest.mark.parametrize("trouble", [AnotherMarket("another"), OperationalError("gone"), ZeroDivisionError()])
def test_trouble_ends_a_run_of_counted_ticks(clock, trouble):
    with pytest.raises(type(trouble)):
        MarketRunner(FakeMarket(trouble), None, FakeStop(9), ticks=2).run()


def test_other_failures_are_logged_with_their_traceback_once_and_tried_again(clock, caplog):
    caplog.set_level("INFO", "trading")
    market = FakeMarket(ZeroDivisionError(), ZeroDivisionError())
    MarketRunner(market, None, FakeStop(3)).run()
    assert market.ticked == 3
    assert caplog.messages == ["The market could not do its tick and tries again.", "The market goes on from now."]
    assert "Traceback" in caplog.text


def test_a_new_kind_of_failure_is_logged_too(clock, caplog):
    market = FakeMarket(OperationalError("gone"), ZeroDivisionError())
    MarketRunner(market, None, FakeStop(2)).run()
    assert [record.levelname for record in caplog.records] == ["WARNING", "ERROR"]


def test_robots_act_after_the_tick(clock):
    acted = []

    class FakeRobots:
        def act(self, instruments, quotes):
            acted.append(market.ticked)

    market = FakeMarket()
    MarketRunner(market, FakeRobots(), FakeStop(9), ticks=2).run()
    assert acted == [1, 2]
