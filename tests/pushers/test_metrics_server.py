"""The port that metrics are read at."""

import urllib.request

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError

from pushers.metrics_server import is_loopback, metrics_served, metrics_settings
from tradingsite.embedded_redis import free_port


def test_metrics_are_served_at_the_port_while_the_process_runs() -> None:
    with (
        metrics_served(free_port()) as port,
        urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as got,
    ):
        assert b"pushers_pushes_total" in got.read()


def test_without_a_port_nothing_is_served() -> None:
    with metrics_served(None) as port:
        assert port == 0


def test_a_port_that_is_taken_is_named() -> None:
    with (
        metrics_served(free_port()) as port,
        pytest.raises(CommandError, match=rf"127.0.0.1:{port}.*--metrics-port"),
        metrics_served(port),
    ):
        pass


@pytest.mark.parametrize(
    ("given", "message"),
    [({"POT": 1}, "unknown"), ({"PORT": "9"}, "takes int"), ({"PORT": 70_000}, "65535"), ({"TOKEN": 5}, "takes str")],
)
def test_unusable_settings_are_refused(settings, given: dict, message: str) -> None:
    settings.METRICS = given
    with pytest.raises(ImproperlyConfigured, match=message):
        metrics_settings()


@pytest.mark.parametrize(
    ("address", "own"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("10.1.2.3", False), ("", False)],
)
def test_loopback_is_this_machine(address: str, own: bool) -> None:
    assert is_loopback(address) is own
