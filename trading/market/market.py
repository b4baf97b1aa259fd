"""The market: takes a source's prices from one market time to the next and writes them for everybody to read."""

import logging
from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from trading.market.candles import (
    delete_candles_from,
    history_candles,
    prune_minutes,
    save_candles,
    session_candles,
)
from trading.market.equity_curve import EquityCurve
from trading.market.listing import list_instruments
from trading.market.quotes import save_quotes
from trading.market.session import MarketTime
from trading.market.source import Source, SourceQuote
from trading.metrics import MARKET_TICKED, market_part
from trading.models import Instrument, Quote
from trading.services import accounts_liquidate, accounts_roll_day, orders_match

logger = logging.getLogger(__name__)

SILENCE_SECONDS = 3.0  # a market that has not written for this long is gone: it writes every second
PRUNE_TICKS = 300  # candles of a minute grow slowly and are looked at together


class AnotherMarket(Exception):
    """Somebody else has written quotes just now; two markets would fight over every price."""


class Market:
    """Writes quotes and candles of one source, tick by tick, and has the resting orders matched.

    It goes on from the market time of the stored quotes. The quotes' time stamp, read under their lock in every
    tick, tells whether somebody else wrote them: then it raises AnotherMarket until the other has been silent for
    `silence` seconds, and goes on from what the other left.
    """

    def __init__(self, source: Source, *, step: float, silence: float = SILENCE_SECONDS) -> None:
        self.source = source
        self.step = step  # market seconds per tick
        self.silence = silence
        self.instruments: dict[str, Instrument] = {}
        self.quotes: Mapping[str, SourceQuote] = {}
        self.now: MarketTime | None = None
        self._stamp: datetime | None = None
        self._ticks = 0
        self._day_rolled: datetime | None = None
        self._equity_curve = EquityCurve()

    def tick(self) -> None:
        """Take the market one step further: quotes and candles in one transaction, then the orders they cross."""
        with market_part("quotes"):
            self.write()
        MARKET_TICKED.set_to_current_time()
        with market_part("matching"):
            orders_match()
        with market_part("liquidation"):
            accounts_liquidate()
        self._roll_day()
        self._equity_curve.record(timezone.now())
        self._ticks += 1
        if self._ticks % PRUNE_TICKS == 0:
            prune_minutes(self.instruments.values())

    def write(self) -> None:
        """Write the next quotes and candles: three queries, however many users there are."""
        stamp = timezone.now()
        with transaction.atomic():
            before = self._hold(stamp)
            now = self._after(before)
            if before is None or now < before:
                self._start_over(now)
            since = before.seconds if before is not None and before.day == now.day else 0.0
            quotes = self.source.quotes(now)
            save_quotes(quotes, self.instruments, market_time=now.instant, stamp=stamp, source=self.source.name)
            save_candles(session_candles(self.source, self.instruments, since, now))
        self.now, self.quotes, self._stamp = now, quotes, stamp

    def _hold(self, stamp: datetime) -> MarketTime | None:
        """Lock the quotes, make sure that nobody else writes them, and return the market time that they are of."""
        stored = Quote.objects.select_for_update().order_by("pk")
        newest = max(stored.values_list("updated_at", "market_time", "source"), default=None)
        if newest is not None and newest[0] == self._stamp:
            return self.now
        if newest is not None and abs((stamp - newest[0]).total_seconds()) < self.silence:
            raise AnotherMarket(
                f"Quotes were written at {newest[0]:%H:%M:%S} UTC (source {newest[2]}), and only one market may run: "
                f"expected none for {self.silence:g} s."
            )
        self.instruments = list_instruments(self.source.symbols)
        moment = self._resumed(newest[1]) if newest is not None and newest[2] == self.source.name else None
        if moment is not None:
            logger.info("The market goes on from %s.", moment)
        return moment

    def _resumed(self, market_time: datetime) -> MarketTime | None:
        moment = MarketTime.from_instant(market_time)
        return moment if self.source.trades_on(moment.day) else None

    def _after(self, moment: MarketTime | None) -> MarketTime:
        """Return the next moment: the close is never skipped, and the next session starts at its opening."""
        if moment is None:
            return MarketTime(self.source.first_day)
        if moment.closed:
            return MarketTime(self.source.next_day(moment.day))
        return moment.later(self.step)

    def _start_over(self, now: MarketTime) -> None:
        logger.info(
            "The market (%s) starts at its first day, %s: it is new, or its last day is over.",
            self.source.name,
            now.day,
        )
        delete_candles_from(now.day, self.instruments.values())
        save_candles(history_candles(self.source, self.instruments))

    def _roll_day(self) -> None:
        minute = timezone.now().replace(second=0, microsecond=0)  # a day begins somewhere every quarter of an hour
        if minute != self._day_rolled:
            accounts_roll_day(now=minute)
            self._day_rolled = minute
