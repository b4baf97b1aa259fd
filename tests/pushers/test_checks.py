"""System checks: what would fail later in silence fails at start."""

import pytest
from channels_redis.core import RedisChannelLayer
from django.conf import settings as django_settings

from pushers.checks import (
    check_channel_layer,
    check_connections,
    check_intervals,
    check_metrics,
    check_processes,
    check_redis,
    check_settings,
)


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


# Metrics, and what only a deployment asks


def test_the_site_passes_what_a_deployment_asks() -> None:
    found = [check_metrics, check_redis, check_processes, check_intervals, check_connections]
    assert [message for check in found for message in check(None)] == []


@pytest.mark.parametrize(
    ("metrics", "expected"),
    [
        ({"PORT": -1}, ["pushers.E005"]),
        ({"PORT": 9100, "HOST": "0.0.0.0"}, ["pushers.W001"]),
        ({"PORT": 9100}, []),
        ({"HOST": "0.0.0.0"}, []),
        ({"TOKEN": "short"}, ["pushers.W002"]),
    ],
)
def test_metrics_that_others_can_read_are_named(settings, metrics: dict, expected: list) -> None:
    settings.METRICS = metrics
    assert ids(check_metrics(None)) == expected


@pytest.mark.parametrize("backend", ["channels_redis.pubsub.RedisPubSubChannelLayer", "pushers.redis_layer.RedisLayer"])
@pytest.mark.parametrize(
    ("version", "host", "expected"),
    [
        ("8.1.0", "redis://127.0.0.1", ["pushers.W003"]),
        ("8.1.0", {"address": "redis://127.0.0.1", "socket_timeout": None}, []),
        ("7.4.1", "redis://127.0.0.1", []),
    ],
)
def test_a_redis_client_that_cuts_idle_subscriptions_is_named(
    settings, monkeypatch: pytest.MonkeyPatch, backend: str, version: str, host: object, expected: list
) -> None:
    monkeypatch.setattr("pushers.checks.metadata.version", lambda name: version)
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": backend, "CONFIG": {"hosts": [host]}}}
    assert ids(check_redis(None)) == expected


def test_a_layer_that_reaches_one_process_is_named(settings) -> None:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    assert ids(check_processes(None)) == ["pushers.W004"]


@pytest.mark.parametrize("seconds", [0.01, 3600])
def test_an_interval_beyond_reason_is_named(settings, seconds: float) -> None:
    settings.PUSHERS = {"INTERVALS": {"pnl": seconds}}
    (warning,) = check_intervals(None)
    assert (warning.id, "pnl" in warning.msg) == ("pushers.W005", True)


@pytest.mark.parametrize(
    ("database", "expected"),
    [
        ({"CONN_MAX_AGE": None}, ["pushers.W006", "pushers.W007"]),
        ({"OPTIONS": {"pool": True, "options": "-c statement_timeout=1"}}, ["pushers.W006"]),
        ({"CONN_HEALTH_CHECKS": True, "CONN_MAX_AGE": 9, "OPTIONS": {"options": "-c statement_timeout=1"}}, []),
    ],
)
def test_connections_that_nobody_looks_at_are_named(
    monkeypatch: pytest.MonkeyPatch, database: dict, expected: list
) -> None:
    # Not the fixture `settings`, which warns of a change that the connections do not follow.
    databases = {"default": {"ENGINE": "django.db.backends.postgresql", **database}}
    monkeypatch.setattr(django_settings, "DATABASES", databases)
    assert ids(check_connections(None)) == expected
