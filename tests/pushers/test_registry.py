"""Registering feeds: what breaks the contract fails at import, by its name."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from pushers import Feed, SymbolFeed, registry
from pushers.registry import register


@pytest.fixture(autouse=True)
def empty_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_feeds", {})
    monkeypatch.setattr(registry, "_symbol_feeds", {})


def feed_class(base: type = Feed, **attributes: object) -> type:
    def read(self: object, asked: object) -> dict:
        return {}

    return type("Parcels", (base,), {"name": "parcels", "interval": 5, "fetch": read, "known": read, **attributes})


def test_a_registered_feed_is_found_by_its_name() -> None:
    parcels = register(feed_class())
    assert type(registry.feeds()["parcels"]) is parcels
    assert registry.symbol_feed() is None


def test_the_symbol_feed_is_apart_and_last() -> None:
    register(feed_class(SymbolFeed, name="ticker"))
    register(feed_class())
    assert [feed.name for feed in registry.everything()] == ["parcels", "ticker"]
    assert list(registry.feeds()) == ["parcels"]
    assert registry.symbol_feed() is registry.everything()[1]


def test_unregister_takes_either_kind_out() -> None:
    register(feed_class())
    register(feed_class(SymbolFeed, name="ticker"))
    registry.unregister("parcels")
    registry.unregister("ticker")
    registry.unregister("nothing")
    assert registry.everything() == []


@pytest.mark.parametrize("name", ["", "Parcels", "1st", "par.cels", "a" * 41, "par cels", None, 5, "parcels\n"])
def test_a_name_that_cannot_travel_is_refused(name: object) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"Parcels\.name must match"):
        register(feed_class(name=name))


@pytest.mark.parametrize("interval", [0, -1, None, "5", float("nan"), float("inf"), True])
def test_an_interval_that_is_no_time_is_refused(interval: object) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"Parcels\.interval must be a number of seconds above 0"):
        register(feed_class(interval=interval))


def test_a_class_that_is_no_feed_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match=r"must subclass pushers\.Feed"):
        register(feed_class(object))


@pytest.mark.parametrize(("base", "method"), [(Feed, "fetch"), (SymbolFeed, "fetch"), (SymbolFeed, "known")])
def test_a_feed_that_cannot_read_is_refused(base: type, method: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=rf"Parcels must define {method}\(\)"):
        register(feed_class(base, **{method: getattr(base, method)}))


def test_a_name_taken_names_who_has_it() -> None:
    register(feed_class())
    with pytest.raises(ImproperlyConfigured, match=r"'parcels' is taken by tests\.pushers\.test_registry\.Parcels"):
        register(feed_class(SymbolFeed))


def test_a_second_symbol_feed_is_refused() -> None:
    register(feed_class(SymbolFeed, name="ticker"))
    with pytest.raises(ImproperlyConfigured, match="one symbol feed already, ticker; found a second, quotes"):
        register(feed_class(SymbolFeed, name="quotes"))


def test_the_settings_interval_wins_over_the_feeds_own(settings) -> None:
    register(feed_class())
    register(feed_class(name="letters"))
    settings.PUSHERS = {"INTERVALS": {"parcels": 0.5}}
    assert registry.intervals() == {"parcels": 0.5, "letters": 5}
