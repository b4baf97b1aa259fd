"""What a project that has not configured logging sees of `runpushers`."""

import logging
import subprocess
import sys

import pytest

from pushers.console_log import REPEAT_SECONDS, OncePerOutage
from tests.pushers.foreign_process import ROOT


def record(error: Exception | None, message: str = "receiving failed") -> logging.LogRecord:
    exc_info = (type(error), error, None) if error else None
    return logging.LogRecord("library", logging.ERROR, __file__, 1, message, (), exc_info)


def test_the_first_error_is_one_line_without_a_traceback():
    found = record(ConnectionError("refused"), "receiving failed:")
    assert OncePerOutage().filter(found)
    assert found.getMessage() == "receiving failed: ConnectionError: refused"
    assert found.exc_info is None


def test_its_repetition_is_dropped_until_half_a_minute_has_passed(monkeypatch):
    now = 100.0
    monkeypatch.setattr("pushers.console_log.time.monotonic", lambda: now)
    outage = OncePerOutage()
    assert outage.filter(record(ConnectionError("refused")))
    assert not outage.filter(record(ConnectionError("refused")))
    now += REPEAT_SECONDS
    assert outage.filter(record(ConnectionError("refused")))


def test_another_error_is_logged_at_once():
    outage = OncePerOutage()
    assert outage.filter(record(ConnectionError("refused")))
    assert outage.filter(record(ConnectionError("reset")))


def test_what_is_no_error_passes_as_it_is():
    found = record(None, "reconnected")
    assert OncePerOutage().filter(found)
    assert found.getMessage() == "reconnected"


def said(verbosity: int, configuration: str = "") -> list[str]:
    """Return what reaches stderr in a process of its own, where no test runner listens to the loggers."""
    script = f"""
import logging
from pushers.console_log import console_log
pushers = logging.getLogger("pushers")
{configuration}
with console_log({verbosity}):
    child = logging.getLogger("pushers.runner")
    child.warning("warning")
    child.info("info")
    child.debug("debug")
pushers.info("afterwards")
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stderr.splitlines()


@pytest.mark.parametrize(
    ("verbosity", "levels"), [(0, ["WARNING"]), (1, ["WARNING", "INFO"]), (3, ["WARNING", "INFO", "DEBUG"])]
)
def test_verbosity_decides_how_much_is_said(verbosity: int, levels: list[str]) -> None:
    lines = [line.split() for line in said(verbosity)]
    assert [level for _, _, level, _ in lines] == levels
    assert [text for _, _, _, text in lines] == [level.lower() for level in levels]


@pytest.mark.parametrize(
    ("configuration", "expected"),
    [
        ("logging.basicConfig(format='own %(message)s')", ["own warning"]),
        ("pushers.addHandler(logging.StreamHandler()); pushers.setLevel('INFO')", ["warning", "info", "afterwards"]),
        ("pushers.setLevel('CRITICAL')", []),
    ],
)
def test_a_projects_own_configuration_wins(configuration: str, expected: list[str]) -> None:
    assert said(2, configuration) == expected
