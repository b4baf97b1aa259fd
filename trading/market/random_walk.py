"""The random walk: invented days that go on from the last recorded closes, for a market that never repeats."""

import random
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from math import exp

from trading.market.bars import Bar
from trading.market.source import TICK, Source

DAILY_SIGMA = 0.015  # a large stock's ordinary daily move
GAP_SIGMA = 0.004  # between yesterday's close and today's open
WICK_SIGMA = 0.006  # how far the extremes reach beyond open and close
VOLUME_SIGMA = 0.3
FLOOR = 100  # ticks: no price falls below a dollar, where a tick would be a whole percent
SATURDAY = 5


class RandomWalkSource(Source):
    """A seeded random walk without drift, on every weekday after the last recorded one, for ever."""

    name = "random-walk"

    def __init__(self, recorded: Mapping[str, Sequence[Bar]], seed: int = 1) -> None:
        super().__init__(recorded, seed)
        last_day = max(bars[-1].day for bars in recorded.values())
        self.first_day = self.next_day(last_day)
        self._days = [last_day]  # those walked so far: each starts from the close of the one before
        self._bars = {last_day: {symbol: bars[-1].on_tick(TICK) for symbol, bars in recorded.items()}}

    def next_day(self, day: date) -> date:
        following = day + timedelta(days=1)
        while following.weekday() >= SATURDAY:
            following += timedelta(days=1)
        return following

    def bar(self, symbol: str, day: date) -> Bar:
        self._walk_to(day)
        return self._bars[day][symbol]

    def previous_close(self, symbol: str, day: date) -> Decimal:
        self._walk_to(day)
        return self._bars[self._days[bisect_left(self._days, day) - 1]][symbol].close

    def trades_on(self, day: date) -> bool:
        return day >= self.first_day and day.weekday() < SATURDAY

    def _walk_to(self, day: date) -> None:
        while (last := self._days[-1]) < day:
            following = self.next_day(last)
            self._bars[following] = {
                symbol: _walked(previous, following, self.recorded[symbol][-1].volume, self.seed)
                for symbol, previous in self._bars[last].items()
            }
            self._days.append(following)


def _walked(previous: Bar, day: date, usual_volume: int, seed: int) -> Bar:
    """Return the bar of the day after `previous`'s."""
    generator = random.Random(f"{seed}/{previous.symbol}/{day.isoformat()}/bar")
    opened = _moved(int(previous.close / TICK), generator.gauss(0, GAP_SIGMA))
    close = _moved(opened, generator.gauss(0, DAILY_SIGMA))
    high = _moved(max(opened, close), abs(generator.gauss(0, WICK_SIGMA)))
    low = _moved(min(opened, close), -abs(generator.gauss(0, WICK_SIGMA)))
    volume = int(usual_volume * exp(generator.gauss(0, VOLUME_SIGMA)))
    return Bar(previous.symbol, day, opened * TICK, high * TICK, low * TICK, close * TICK, volume)


def _moved(ticks: int, log_return: float) -> int:
    return max(FLOOR, round(ticks * exp(log_return)))
