from datetime import UTC, date, datetime, timedelta

from trading.market.session import MarketTime, session_open


def test_the_exchange_opens_at_half_past_nine_in_new_york_in_summer_and_winter():
    assert session_open(date(2012, 5, 18)) == datetime(2012, 5, 18, 13, 30, tzinfo=UTC)
    assert session_open(date(2013, 1, 18)) == datetime(2013, 1, 18, 14, 30, tzinfo=UTC)


def test_a_moment_survives_the_way_through_an_instant():
    moment = MarketTime(date(2012, 5, 18), 90.5)
    assert MarketTime.from_instant(moment.instant) == moment


def test_an_instant_outside_the_hours_becomes_the_nearest_moment_of_its_day():
    opening = session_open(date(2012, 5, 18))
    assert MarketTime.from_instant(opening - timedelta(hours=1)) == MarketTime(date(2012, 5, 18), 0)
    assert MarketTime.from_instant(opening + timedelta(hours=7)).closed


def test_time_stops_at_the_close():
    assert MarketTime(date(2012, 5, 18), 23_399).later(60) == MarketTime(date(2012, 5, 18), 23_400)
    assert not MarketTime(date(2012, 5, 18), 0).later(60).closed
