"""What a subscription costs: nothing but memory, unless a rule or a symbol needs the database."""

from typing import Any, NoReturn

import pytest

from consumers import access
from pushers import registry
from tests.consumers.sockets import Orders, Prices, Secret


@pytest.fixture(autouse=True)
def feeds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_feeds", {"orders": Orders(), "secret": Secret()})
    monkeypatch.setattr(registry, "_symbol_feeds", {"ticker": Prices()})


def never(*args: Any) -> NoReturn:
    raise AssertionError(f"the database was to be asked about {args}")


async def test_what_everybody_may_watch_is_granted_without_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "_refusals", never)
    assert await access.allowed_feeds(None, ["orders", "nothing"]) == {"orders": "", "nothing": "unknown_feed"}


async def test_only_a_feed_with_a_rule_is_asked_about(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    async def refusals(feeds: list[Any], user: Any) -> dict[str, str]:
        asked.extend(feed.name for feed in feeds)
        return {feed.name: "forbidden" for feed in feeds}

    monkeypatch.setattr(access, "_refusals", refusals)
    assert await access.allowed_feeds(None, ["secret", "orders"]) == {"secret": "forbidden", "orders": ""}
    assert asked == ["secret"]


async def test_no_symbols_are_granted_without_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "_known_symbols", never)
    assert await access.allowed_symbols(None, []) == {}
