import logging

import pytest

from tradingsite.log_filters import REPEAT_SECONDS, OncePerOutage, RefusalsInOneLine


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


def test_a_refusal_is_one_line_and_a_failure_keeps_its_traceback():
    refused, failed = record(PermissionError("no")), record(ZeroDivisionError())
    refused.levelno = logging.WARNING
    assert RefusalsInOneLine().filter(refused)
    assert refused.exc_info is None
    assert RefusalsInOneLine().filter(failed)
    assert failed.exc_info is not None


@pytest.mark.django_db
def test_a_forbidden_admin_page_logs_one_line(client, django_user_model, caplog):
    user = django_user_model(username="staff", is_staff=True)
    user.save()
    client.force_login(user)
    assert client.get("/admin/trading/user/").status_code == 403
    assert client.get("/no-such-page/").status_code == 404
    refusals = [found for found in caplog.records if found.name == "django.request"]
    assert len(refusals) == 2
    assert not any(found.exc_info for found in refusals)
