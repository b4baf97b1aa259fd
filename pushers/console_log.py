"""What `runpushers` says on the console of a project that has not configured logging for it."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

REPEAT_SECONDS = 30.0
LEVELS = (logging.WARNING, logging.INFO, logging.DEBUG)  # by verbosity
FORMAT = logging.Formatter("%(asctime)s %(levelname)-7s %(message)s", datefmt="%H:%M:%S %Z")


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
        text = f"{record.getMessage().rstrip(':')}: {type(error).__name__}: {error}"
        said, when = self._last
        if text == said and time.monotonic() - when < REPEAT_SECONDS:
            return False
        self._last = (text, time.monotonic())
        record.msg, record.args, record.exc_info, record.exc_text = text, (), None, None
        return True


@contextmanager
def console_log(verbosity: int) -> Iterator[None]:
    """Within the block, log to stderr from WARNING (verbosity 0), INFO (1) or DEBUG, which names each push (2 and 3).

    Where the project has given the logger `pushers` a handler, its own or the root's, or a level, that wins. An outage
    of Redis, which the channel layer logs with its traceback every second, is one line, unless the project filters it.
    """
    with _filtered(logging.getLogger("channels_redis.pubsub")), _handled(logging.getLogger("pushers"), verbosity):
        yield


def name_outages_once() -> None:
    """Have an outage of Redis named in one line for the rest of the process, unless the project filters it itself."""
    logger = logging.getLogger("channels_redis.pubsub")
    if not logger.filters:
        logger.addFilter(OncePerOutage())


@contextmanager
def _filtered(logger: logging.Logger) -> Iterator[None]:
    if logger.filters:
        yield
        return
    outage = OncePerOutage()
    logger.addFilter(outage)
    try:
        yield
    finally:
        logger.removeFilter(outage)


@contextmanager
def _handled(logger: logging.Logger, verbosity: int) -> Iterator[None]:
    if logger.hasHandlers() or logger.level != logging.NOTSET:
        yield
        return
    handler = logging.StreamHandler()
    handler.setFormatter(FORMAT)
    logger.addHandler(handler)
    logger.setLevel(LEVELS[min(verbosity, 2)])
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)
