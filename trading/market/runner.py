"""The market process: a tick every interval, through database outages, until it is told to stop."""

import logging
from dataclasses import dataclass, field
from time import monotonic
from typing import Protocol

from django.db import InterfaceError, OperationalError, close_old_connections
from django.utils.crypto import get_random_string

from pushers.trace import TRACE
from trading.market.market import AnotherMarket, Market
from trading.market.robots import Robots
from trading.metrics import MARKET_FAILURES

logger = logging.getLogger(__name__)


class Stop(Protocol):
    """Says when to stop, and waits no longer than until then."""

    stopped: bool

    def wait(self, seconds: float) -> None: ...


@dataclass
class MarketRunner:
    """Ticks a market every `interval` seconds. A tick that overruns skips those that it has missed.

    A failed tick is logged, once for a row of like failures, and the next one tries again. With `ticks`, it ends after
    so many, and a failure ends it too.
    """

    market: Market
    robots: Robots | None
    stop: Stop
    interval: float = 1.0
    ticks: int | None = None
    _trouble: type[Exception] | None = field(default=None, init=False)

    def run(self) -> None:
        """Tick until stopped, or `ticks` times."""
        done, due = 0, monotonic()
        while not self.stop.stopped:
            self.iterate()
            done += 1
            if done == self.ticks:
                break
            due += self.interval
            if (late := monotonic() - due) > 0:
                due += self.interval * (1 + late // self.interval)
            self.stop.wait(due - monotonic())

    def iterate(self) -> None:
        """Do one tick; log the first of a row of failures, and when they are over."""
        token = TRACE.set(get_random_string(16))
        close_old_connections()  # a connection that died since the last tick is noticed here, not in a query
        try:
            self.market.tick()
            if self.robots is not None:
                self.robots.act(self.market.instruments, self.market.quotes)
        except Exception as error:
            MARKET_FAILURES.inc()
            if self.ticks is not None:
                raise
            if type(error) is not self._trouble:
                _report(error)
            self._trouble = type(error)
        else:
            if self._trouble not in (None, AnotherMarket):  # the market itself says where it takes over from another
                logger.info("The market goes on from %s.", self.market.now)
            self._trouble = None
        finally:
            close_old_connections()
            TRACE.reset(token)


def _report(error: Exception) -> None:
    """Log a failure: what has its reason in the surroundings in a line, and a mistake of ours with its traceback."""
    if isinstance(error, AnotherMarket):
        logger.info("The market waits. %s", error)
    elif isinstance(error, OperationalError | InterfaceError):
        logger.warning("The market stands still until the database answers: %s", str(error).strip())
    else:
        logger.error("The market could not do its tick and tries again.", exc_info=error)
