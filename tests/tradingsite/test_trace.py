"""A request has one name, from the proxy's log to the push that it causes."""

import logging

import pytest
from django.test import AsyncClient, Client

from pushers import courier, nudge
from pushers.trace import TRACE
from tests.pushers.fake_courier import FakeCourier

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_proxys_name_is_kept_and_answered(client: Client) -> None:
    assert client.get("/login/", headers={"X-Request-ID": "proxy-12345678"})["X-Request-ID"] == "proxy-12345678"


@pytest.mark.parametrize("given", ["", "short", "x" * 65, "with blank 123", "line\nbreak1"])
def test_what_is_no_name_is_replaced(client: Client, given: str) -> None:
    answered = client.get("/login/", headers={"X-Request-ID": given})["X-Request-ID"]
    assert answered != given
    assert len(answered) == 16


async def test_an_asynchronous_request_has_one_too(async_client: AsyncClient) -> None:
    response = await async_client.get("/healthz", headers={"X-Request-ID": "proxy-12345678"})
    assert response["X-Request-ID"] == "proxy-12345678"
    assert TRACE.get() == ""


def test_the_end_of_a_request_is_logged_without_its_query(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "tradingsite.request"):
        client.get("/login/?next=/secret-token/")
        client.get("/healthz")
    (line,) = [record.getMessage() for record in caplog.records if record.name == "tradingsite.request"]
    assert line.startswith("GET /login/: 200, ")
    assert "secret-token" not in line


def test_a_nudge_carries_what_caused_it(monkeypatch: pytest.MonkeyPatch) -> None:
    posted = FakeCourier()
    monkeypatch.setattr(courier, "_courier", posted)
    token = TRACE.set("request-1")
    nudge([7], feeds=["pnl"])
    TRACE.reset(token)
    nudge([7], feeds=["pnl"])
    (first, _), (second, _) = posted.letters
    assert dict(first.fields)["trace"] == "request-1"
    assert "trace" not in dict(second.fields)
