"""What the logs leave out."""

import logging
import time

REPEAT_SECONDS = 30.0


class RefusalsInOneLine(logging.Filter):
    """A request that is refused (403, 404) is a line; a traceback is for what broke here."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Take the traceback off what is less than an error; drop nothing."""
        if record.levelno < logging.ERROR:
            record.exc_info, record.exc_text = None, None
        return True


class OncePerOutage(logging.Filter):
    """One line for an error that a library logs with its traceback every second while a server is away.

    The same error is logged again after half a minute, so that a long outage stays visible.
    """

    def __init__(self) -> None:
        super().__init__()
        self._last: tuple[str, float] = ("", 0.0)

    def filter(self, record: logging.LogRecord) -> bool:
        """Drop a repetition; shorten the rest to the kind of the error and its text."""
        error = record.exc_info[1] if record.exc_info else None
        if error is None:
            return True
        text = f"{record.getMessage()}: {type(error).__name__}: {error}"
        said, when = self._last
        if text == said and time.monotonic() - when < REPEAT_SECONDS:
            return False
        self._last = (text, time.monotonic())
        record.msg, record.args, record.exc_info, record.exc_text = text, (), None, None
        return True
