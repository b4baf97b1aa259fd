import logging

from tradingsite.log_filters import REPEAT_SECONDS, OncePerOutage


def record(error: Exception | None, message: str = "receiving failed") -> logging.LogRecord:
    exc_info = (type(error), error, None) if error else None
    return logging.LogRecord("library", logging.ERROR, __file__, 1, message, (), exc_info)


def test_the_first_error_is_one_line_without_a_traceback():
    found = record(ConnectionError("refused"))
    assert OncePerOutage().filter(found)
    assert found.getMessage() == "receiving failed: ConnectionError: refused"
    assert found.exc_info is None


def test_its_repetition_is_dropped_until_half_a_minute_has_passed(monkeypatch):
    now = 100.0
    monkeypatch.setattr("tradingsite.log_filters.time.monotonic", lambda: now)
    outage = OncePerOutage()
    assert outage.filter(record(ConnectionError("refused")))
    assert not outage.filter(record(ConnectionError("refused")))
    now += REPEAT_SECONDS
    assert outage.filter(record(ConnectionError("refused")))


def test_another_error_is_logged_at_once():
    outage = OncePerOutage()
    assert outage.filter(record(ConnectionError("refused")))
    assert outage.filter(record(ConnectionError("reset")))


def test_what_is_no_error_passes_as_it_is():
    found = record(None, "reconnected")
    assert OncePerOutage().filter(found)
    assert found.getMessage() == "reconnected"
