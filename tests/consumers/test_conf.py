"""settings.CONSUMERS: unusable values are named at start, and the defaults hold without it."""

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from consumers.checks import check_settings
from consumers.conf import ConsumerSettings, consumer_settings


def test_the_defaults_hold_without_the_setting(settings: Settings) -> None:
    del settings.CONSUMERS
    assert consumer_settings() == ConsumerSettings()


def test_an_unknown_name_is_refused(settings: Settings) -> None:
    settings.CONSUMERS = {"SOCKETS": 5}
    with pytest.raises(ImproperlyConfigured, match=r"CONSUMERS\['SOCKETS'\] is unknown; expected one of ACCESS_SEC"):
        consumer_settings()


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("HEARTBEAT_SECONDS", 0, "a number above 0"),
        ("ACCESS_SECONDS", float("inf"), "a number above 0"),
        ("SLOW_SECONDS", "30", "a number above 0"),
        ("FRAMES_PER_SECOND", True, "a number above 0"),
        ("SOCKETS_PER_USER", 1.5, "a whole number above 0"),
        ("FRAME_BYTES", -1, "a whole number above 0"),
        ("TOKEN_AUTHENTICATOR", None, "the dotted path of a function"),
    ],
)
def test_an_unusable_value_fails_at_start(settings: Settings, name: str, value: Any, expected: str) -> None:
    settings.CONSUMERS = {name: value}
    (error,) = check_settings(None)
    assert (error.id, error.msg) == ("consumers.E001", f"CONSUMERS[{name!r}] takes {expected}; found {value!r}.")


@pytest.mark.parametrize("name", ["TOKEN_AUTHENTICATOR", "TOKEN_BATCH_AUTHENTICATOR"])
def test_an_authenticator_that_is_not_there_fails_at_start(settings: Settings, name: str) -> None:
    settings.CONSUMERS = {name: "tests.consumers.nowhere"}
    (error,) = check_settings(None)
    assert error.id == "consumers.E002"
    assert name in error.msg
