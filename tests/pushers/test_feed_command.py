"""`manage.py feed NAME USERNAME`, over the site's own feeds."""

import json

import pytest
from django.core.management import CommandError, call_command

from pushers import FeedStale, registry
from tests.pushers.fakes import FakeFeed
from tests.trading.rows import make_user

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


@pytest.mark.parametrize("name", ["nope", "ticker"])
def test_an_unknown_feed_is_answered_with_those_there_are(name: str) -> None:
    with pytest.raises(CommandError, match=f"There is no feed named '{name}'; there are .*balance"):
        call_command("feed", name, "ann")


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
