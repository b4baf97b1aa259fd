"""`manage.py feed NAME USERNAME`, over the site's own feeds."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from pushers import FeedStale, registry
from tests.pushers.fakes import FakeFeed
from tests.trading.rows import make_instrument, make_user, set_quote

pytestmark = pytest.mark.django_db


def test_it_prints_the_document_as_fetch_builds_it_now(capsys: pytest.CaptureFixture[str]) -> None:
    make_user(username="ann")
    call_command("feed", "balance", "ann")
    document = json.loads(capsys.readouterr().out)
    assert document["paper"]["currency"] == "USD"
    assert document["paper"]["total"] == document["paper"]["free"]
    assert document["paper"]["used"] == "0"


@pytest.mark.parametrize("name", ["positions", "orders", "fills"])
def test_what_is_empty_is_an_empty_object(capsys: pytest.CaptureFixture[str], name: str) -> None:
    make_user(username="ann")
    call_command("feed", name, "ann")
    assert json.loads(capsys.readouterr().out) == {}


def test_an_unknown_feed_is_answered_with_those_there_are() -> None:
    with pytest.raises(CommandError, match=r"There is no feed named 'nope'; there are .*balance.*ticker"):
        call_command("feed", "nope", "ann")


def test_the_symbol_feed_takes_a_symbol(capsys: pytest.CaptureFixture[str]) -> None:
    quote = set_quote(make_instrument("AAPL"), "9.99", "10.01")
    call_command("feed", "ticker", "AAPL")
    row = json.loads(capsys.readouterr().out)
    assert row["symbol"] == "AAPL"
    assert Decimal(row["bid"]) == quote.bid


def test_the_symbol_feed_says_that_it_is_not_per_user() -> None:
    with pytest.raises(CommandError, match=r"ticker is a feed per symbol, not per user, .* no symbol 'ann'"):
        call_command("feed", "ticker", "ann")


def test_a_stale_row_is_an_error() -> None:
    set_quote(make_instrument("AAPL"), "9.99", "10.01", updated_at=timezone.now() - timedelta(hours=1))
    with pytest.raises(CommandError, match="ticker is stale for AAPL: market_stale"):
        call_command("feed", "ticker", "AAPL")


def test_an_unknown_user_is_named() -> None:
    with pytest.raises(CommandError, match="There is no user named 'nobody'"):
        call_command("feed", "balance", "nobody")


@pytest.mark.parametrize(
    ("result", "message"),
    [(ValueError("a poisoned row"), "fetch_failed.*a poisoned row"), (FeedStale("market_stale"), "market_stale")],
)
def test_a_stale_document_is_an_error_with_its_cause(monkeypatch, result: Exception, message: str) -> None:
    user = make_user(username="ann")
    monkeypatch.setattr(registry, "_feeds", {"balance": FakeFeed("balance", {user.pk: result})})
    with pytest.raises(CommandError, match=f"balance is stale for ann: {message}"):
        call_command("feed", "balance", "ann")
