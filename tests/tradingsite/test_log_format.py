"""How lines of the log look, and that nobody can forge one."""

import json
import logging
import sys

import pytest

from pushers.trace import TRACE
from tradingsite.log_format import JsonFormatter, LineFormatter, on_one_line

FORGED = "alice\n12:00:00Z INFO    trading: admin signed in\r\x1b[2J\u2028"


def record(message: str, *args: object, **extra: object) -> logging.LogRecord:
    made = logging.LogRecord("trading", logging.INFO, __file__, 1, message, args, None)
    vars(made).update(extra)
    return made


def test_what_a_user_typed_begins_no_line() -> None:
    line = LineFormatter("%(levelname)-7s %(name)s: %(message)s").format(record("No user %s.", FORGED))
    assert line == "INFO    trading: No user alice\\n12:00:00Z INFO    trading: admin signed in\\r\\x1b[2J\\u2028."


def test_an_ordinary_line_is_left_alone() -> None:
    assert on_one_line("Pushing for 64 of 64 shards; Zürich, 東京.") == "Pushing for 64 of 64 shards; Zürich, 東京."


def test_json_is_one_line_that_gives_back_what_was_said() -> None:
    line = JsonFormatter().format(record("No user %s.", FORGED))
    assert "\n" not in line
    assert json.loads(line)["message"] == f"No user {FORGED}."


def test_json_names_its_fields() -> None:
    token = TRACE.set("request-1")
    try:
        entry = json.loads(JsonFormatter().format(record("Filled.", order=7, request=object())))
    finally:
        TRACE.reset(token)
    assert entry.keys() == {"ts", "level", "logger", "process", "message", "trace", "order"}
    assert (entry["level"], entry["logger"], entry["trace"], entry["order"]) == ("INFO", "trading", "request-1", 7)


@pytest.mark.parametrize("formatter", [JsonFormatter(), LineFormatter("%(message)s")])
def test_a_traceback_is_kept(formatter: logging.Formatter) -> None:
    made = record("It failed.")
    try:
        raise ZeroDivisionError("by nought")
    except ZeroDivisionError:
        made.exc_info = sys.exc_info()
    assert "ZeroDivisionError: by nought" in formatter.format(made)
