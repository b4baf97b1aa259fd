"""What a source of prices is: the days it trades, a bar for each, and from those a quote for any market time."""

import random
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import ClassVar

from trading.market.bars import Bar
from trading.market.intrabar import IntradayPath
from trading.market.session import MarketTime

TICK = Decimal("0.01")
SPREAD = 0.0001  # of the price; liquid stocks are quoted about a basis point wide
LOT = 100  # sizes are shown in hundreds of shares, as exchanges do


@dataclass(frozen=True, slots=True)
class SourceQuote:
    """One symbol's market at one moment: prices and the day so far, sizes and volume in shares.

    bid <= last <= ask, all on the tick. `mark`, which values open positions, is the last price.
    """

    bid: Decimal
    ask: Decimal
    last: Decimal
    mark: Decimal
    bid_size: Decimal
    ask_size: Decimal
    open: Decimal
    high: Decimal
    low: Decimal
    previous_close: Decimal
    volume: Decimal


class Source(ABC):
    """Prices for some symbols; the same source gives the same quote for the same market time, always.

    A subclass sets `name` and `first_day` and writes the four abstract methods. `recorded` holds the real bars.
    """

    name: ClassVar[str]
    first_day: date

    def __init__(self, recorded: Mapping[str, Sequence[Bar]], seed: int) -> None:
        self.recorded = recorded
        self.symbols = tuple(sorted(recorded))
        self.seed = seed
        self._paths: dict[str, IntradayPath] = {}
        self._paths_day: date | None = None

    @abstractmethod
    def next_day(self, day: date) -> date:
        """Return the trading day after `day`; the first day again where the source has come to its end."""

    @abstractmethod
    def bar(self, symbol: str, day: date) -> Bar:
        """Return a symbol's bar of a trading day; raise KeyError for a day without trading."""

    @abstractmethod
    def previous_close(self, symbol: str, day: date) -> Decimal:
        """Return the close before `day`; where there is none, on a symbol's first day, that day's open."""

    @abstractmethod
    def trades_on(self, day: date) -> bool:
        """Say whether `day` is a trading day of the source."""

    def history(self, symbol: str, count: int) -> list[Bar]:
        """Return the last `count` recorded bars before the source's first day, oldest first."""
        return [bar for bar in self.recorded[symbol] if bar.day < self.first_day][-count:]

    def path(self, symbol: str, day: date) -> IntradayPath:
        """Return a symbol's path of a trading day."""
        if self._paths_day != day:
            self._paths_day = day
            self._paths = {name: IntradayPath(self.bar(name, day), TICK, str(self.seed)) for name in self.symbols}
        return self._paths[symbol]

    def quotes(self, now: MarketTime) -> dict[str, SourceQuote]:
        """Return every symbol's quote at a market time."""
        return {symbol: self._quote(symbol, now) for symbol in self.symbols}

    def _quote(self, symbol: str, now: MarketTime) -> SourceQuote:
        path = self.path(symbol, now.day)
        index = path.index(now.seconds)
        day = path.stretch(0, index)
        generator = random.Random(f"{self.seed}/{symbol}/{now.day.isoformat()}/{index}")
        spread = max(1, round(path.prices[index] * SPREAD)) + generator.randint(0, 1)
        # The last trade was somewhere in the spread; the bid must stay a price.
        bid = max(1, path.prices[index] - generator.randint(0, spread))
        return SourceQuote(
            bid=bid * TICK,
            ask=(bid + spread) * TICK,
            last=day.close,
            mark=day.close,
            bid_size=Decimal(LOT * generator.randint(1, 40)),
            ask_size=Decimal(LOT * generator.randint(1, 40)),
            open=day.open,
            high=day.high,
            low=day.low,
            previous_close=self.previous_close(symbol, now.day),
            volume=Decimal(day.volume),
        )
