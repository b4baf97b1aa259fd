"""How a line of the log looks: for people while developing, JSON for machines in production.

What a user typed can't begin a line of its own in either: control characters are written as what they are.
"""

import json
import logging
import re
from datetime import UTC, datetime

from pushers.trace import TRACE

CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
FIELDS = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}  # of every record
REQUEST = "request"  # what Django's records carry beside their text: the request object


def on_one_line(text: str) -> str:
    """Return `text` with its control characters as escapes."""
    return CONTROL.sub(lambda found: found.group().encode("unicode_escape").decode(), text)


class LineFormatter(logging.Formatter):
    """Today's console lines, each message on one line; only a traceback takes more."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        record.message = on_one_line(record.message)
        return super().formatMessage(record)


class JsonFormatter(logging.Formatter):
    """One JSON object a line: ts (UTC), level, logger, message, trace, error, and what `extra` gave it."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, object] = {
            "ts": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "process": record.process,
            "message": record.getMessage(),
        }
        if trace := TRACE.get():
            entry["trace"] = trace
        entry |= {name: value for name, value in vars(record).items() if name not in FIELDS and name != REQUEST}
        if record.exc_info:
            entry["error"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=True, default=str)
