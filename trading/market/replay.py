"""The replay: the recorded days, one after the other, from the first day on which all symbols trade."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from trading.market.bars import Bar, BarError
from trading.market.source import TICK, Source


class ReplaySource(Source):
    """Real days in their order; after the last one the first comes again.

    It starts where the youngest symbol does (FB, 2012-05-18), after every split in the record.
    """

    name = "replay"

    def __init__(self, recorded: Mapping[str, Sequence[Bar]], seed: int = 1) -> None:
        super().__init__(recorded, seed)
        self.first_day = max(bars[0].day for bars in recorded.values())
        self._bars = {symbol: {bar.day: bar for bar in bars} for symbol, bars in recorded.items()}
        self._closes = {symbol: _previous_closes(bars) for symbol, bars in recorded.items()}
        common = set.intersection(*(set(bars) for bars in self._bars.values()))
        self.days = sorted(day for day in common if day >= self.first_day)
        if not self.days:
            raise BarError(f"No day has a bar of every symbol ({', '.join(self.symbols)}).")
        self.first_day = self.days[0]

    def next_day(self, day: date) -> date:
        following = bisect_left(self.days, day) + (1 if self.trades_on(day) else 0)
        return self.days[following % len(self.days)]

    def bar(self, symbol: str, day: date) -> Bar:
        return self._bars[symbol][day]

    def previous_close(self, symbol: str, day: date) -> Decimal:
        return self._closes[symbol][day]

    def trades_on(self, day: date) -> bool:
        index = bisect_left(self.days, day)
        return index < len(self.days) and self.days[index] == day


def _previous_closes(bars: Sequence[Bar]) -> dict[date, Decimal]:
    closes: dict[date, Decimal] = {}
    previous: Bar | None = None
    for bar in bars:
        closes[bar.day] = previous.on_tick(TICK).close if previous else bar.on_tick(TICK).open
        previous = bar
    return closes
