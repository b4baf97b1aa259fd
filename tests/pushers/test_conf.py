"""settings.PUSHERS: unusable values are named, and the defaults hold without it."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from pushers.conf import PusherSettings, pusher_settings


def test_the_defaults_hold_without_the_setting(settings) -> None:
    del settings.PUSHERS
    assert pusher_settings() == PusherSettings()


def test_what_is_given_wins(settings) -> None:
    settings.PUSHERS = {"LEASE_SECONDS": 2, "INTERVALS": {"pnl": 0.5}}
    assert pusher_settings() == PusherSettings(LEASE_SECONDS=2, INTERVALS={"pnl": 0.5})


def test_an_unknown_name_is_refused(settings) -> None:
    settings.PUSHERS = {"INTERVAL": {}}
    with pytest.raises(ImproperlyConfigured, match=r"PUSHERS\['INTERVAL'\] is unknown; expected one of BATCH, INTER"):
        pusher_settings()


@pytest.mark.parametrize(
    "given",
    [
        {"LEASE_SECONDS": 0},
        {"LEASE_SECONDS": "4"},
        {"LEASE_SECONDS": True},
        {"LEASE_SECONDS": float("nan")},
        {"QUERY_SECONDS": float("inf")},
        {"INTERVALS": {"pnl": -1}},
        {"INTERVALS": {"pnl": float("nan")}},
        {"INTERVALS": {"pnl": None}},
        {"INTERVALS": 5},
        {"BATCH": 0.5},
        {"REFRESH_THREADS": 1.5},
    ],
)
def test_an_unusable_value_is_refused_by_its_name(settings, given: dict) -> None:
    settings.PUSHERS = given
    with pytest.raises(ImproperlyConfigured, match=rf"PUSHERS\['{next(iter(given))}'\] takes "):
        pusher_settings()


def test_a_lease_longer_than_a_minute_is_refused(settings) -> None:
    settings.PUSHERS = {"LEASE_SECONDS": 61}
    with pytest.raises(ImproperlyConfigured, match="takes at most 60 seconds; found 61"):
        pusher_settings()
