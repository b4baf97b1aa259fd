"""System checks: what would fail later in silence fails at start."""

import pytest
from channels_redis.core import RedisChannelLayer

from pushers.checks import check_channel_layer, check_settings


def ids(messages: list) -> list[str]:
    return [message.id for message in messages]


def test_the_site_passes() -> None:
    assert check_channel_layer(None) + check_settings(None) == []


@pytest.mark.parametrize("layers", [{}, {"other": {"BACKEND": "x"}}, {"default": {}}])
def test_no_layer_is_an_error(settings, layers: dict) -> None:
    settings.CHANNEL_LAYERS = layers
    assert ids(check_channel_layer(None)) == ["pushers.E001"]


class OurCoreLayer(RedisChannelLayer):
    """What a project may have made of it."""


@pytest.mark.parametrize("backend", ["channels_redis.core.RedisChannelLayer", "tests.pushers.test_checks.OurCoreLayer"])
def test_the_layer_that_drops_in_silence_is_refused_with_the_remedy(settings, backend: str) -> None:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": backend}}
    (error,) = check_channel_layer(None)
    assert error.id == "pushers.E002"
    assert "pushers.redis_layer.RedisLayer" in error.hint


def test_an_interval_of_an_unknown_feed_is_named(settings) -> None:
    settings.PUSHERS = {"INTERVALS": {"balances": 5}}
    (error,) = check_settings(None)
    assert error.id == "pushers.E004"
    assert "'balances'" in error.msg
    assert "balance" in error.hint


def test_unusable_settings_are_an_error_and_no_exception(settings) -> None:
    settings.PUSHERS = {"BATCH": -1}
    assert ids(check_settings(None)) == ["pushers.E003"]
