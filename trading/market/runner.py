"""The market process: a tick every interval, through database outages, until it is told to stop."""

import logging
from dataclasses import dataclass, field
from time import monotonic
from typing import Protocol

from django.db import InterfaceError, OperationalError, close_old_connections

from trading.market.market import AnotherMarket, Market
from trading.market.robots import Robots

logger = logging.getLogger(__name__)


class Stop(Protocol):
    """Says when to stop, and waits no longer than until then."""

    stopped: bool

    def wait(self, seconds: float) -> None: ...


@dataclass
class MarketRunner:
    """Ticks a market every `interval` seconds. A tick that overruns skips those that it has missed.

    With `ticks`, it ends after so many, and then a problem ends it too: OperationalError, AnotherMarket.
    """

    market: Market
    robots: Robots | None
    stop: Stop
    interval: float = 1.0
    ticks: int | None = None
    _trouble: str = field(default="", init=False)

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
        """Do one tick; log the first of a row of failures, and that they are over."""
        close_old_connections()  # a connection that died since the last tick is noticed here, not in a query
        try:
            self.market.tick()
            if self.robots is not None:
                self.robots.act(self.market.instruments, self.market.quotes)
        except (OperationalError, InterfaceError, AnotherMarket) as error:
            if self.ticks is not None:
                raise
            self._report(error)
        else:
            if self._trouble:
                logger.info("The market goes on from %s.", self.market.now)
            self._trouble = ""
        finally:
            close_old_connections()

    def _report(self, error: Exception) -> None:
        trouble = type(error).__name__
        if trouble != self._trouble:
            what = "waits" if isinstance(error, AnotherMarket) else "stands still until the database answers"
            logger.warning("The market %s: %s", what, str(error).strip())
        self._trouble = trouble
