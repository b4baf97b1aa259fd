import logging

import pytest

from tradingsite.log_filters import RefusalsInOneLine


def record(error: Exception | None, message: str = "receiving failed") -> logging.LogRecord:
    exc_info = (type(error), error, None) if error else None
    return logging.LogRecord("library", logging.ERROR, __file__, 1, message, (), exc_info)


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
