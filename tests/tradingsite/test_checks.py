"""What would be a mistake in production is named, with what to do about it."""

import re
from collections import Counter

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from pytest_django import Settings

from tests.architecture.sources import ROOT
from tradingsite.checks import check_debug, check_hosts, check_secret_key

RANDOM = "q8Jd0sKx2LmZp4Rt6Vw8Yb1Nc3Hf5Gj7A9"


def ids(messages: list) -> list[str]:
    return [message.id for message in messages]


@pytest.mark.parametrize(
    "key", ["short", "a" * 60, "insecure-key-for-DEBUG-only-and-long-enough", f"change-me-{RANDOM}"]
)
def test_a_key_that_can_be_guessed_is_an_error(settings: Settings, key: str) -> None:
    settings.DEBUG, settings.SECRET_KEY = False, key
    assert ids(check_secret_key(None)) == ["tradingsite.E001"]


def test_a_random_key_passes_and_development_needs_none(settings: Settings) -> None:
    settings.DEBUG, settings.SECRET_KEY = False, RANDOM
    assert check_secret_key(None) == []
    settings.DEBUG, settings.SECRET_KEY = True, "short"
    assert check_secret_key(None) == []


def test_debug_under_a_public_name_is_an_error(settings: Settings) -> None:
    settings.DEBUG, settings.ALLOWED_HOSTS = True, ["trading.example.com", "localhost"]
    (error,) = check_debug(None)
    assert (error.id, "trading.example.com" in error.msg) == ("tradingsite.E002", True)
    settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
    assert check_debug(None) == []


def test_any_host_and_no_tls_are_warned_of(settings: Settings) -> None:
    settings.ALLOWED_HOSTS, settings.SESSION_COOKIE_SECURE = ["*"], False
    assert ids(check_hosts(None)) == ["tradingsite.W001", "tradingsite.W002"]
    settings.ALLOWED_HOSTS, settings.SESSION_COOKIE_SECURE = ["trading.example.com"], True
    assert check_hosts(None) == []


def test_the_check_command_refuses_a_weak_key(settings: Settings) -> None:
    settings.DEBUG, settings.SECRET_KEY = False, "short"
    with pytest.raises(SystemCheckError, match=r"tradingsite.E001"):
        call_command("check")


def test_each_id_names_one_mistake() -> None:
    """Who silences one must not silence another, too."""
    modules = [ROOT / app / "checks.py" for app in ("consumers", "pushers", "trading", "tradingsite")]
    found = Counter(name for module in modules for name in re.findall(r'\bid="(\w+\.[EW]\d+)"', module.read_text()))
    assert len(found) > 10
    assert [name for name, times in found.items() if times > 1] == []
